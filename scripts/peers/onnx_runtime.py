"""ONNX Runtime, for inference, on the network that PyTorch exports."""

import os
import sys
import tempfile

import onnxruntime
import torch

import measuring
import pytorch


def export(model, x, path):
    try:
        torch.onnx.export(
            model, (x,), path, dynamo=True, external_data=False, input_names=["x"], verbose=False)
    except Exception as error:  # The new exporter needs onnxscript, and knows less.
        print(f"exporting without dynamo: {error}", file=sys.stderr)
        torch.onnx.export(model, (x,), path, dynamo=False, input_names=["x"])


def main():
    options = measuring.arguments()
    if options.phase != "infer":
        sys.exit("ONNX Runtime is measured for inference only.")
    images, _ = measuring.examples(options)
    model, x = pytorch.build(options.model, images)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        # The exporter tells how it goes on standard output, which is for the result.
        with open(os.devnull, "w") as nothing:
            output, sys.stdout = sys.stdout, nothing
            try:
                export(model, x, path)
            finally:
                sys.stdout = output
        session = onnxruntime.InferenceSession(
            path, settings, providers=["CPUExecutionProvider"])
    feed = {"x": x.numpy()}
    measuring.measure(options, parameters, lambda: session.run(None, feed))


if __name__ == "__main__":
    main()
