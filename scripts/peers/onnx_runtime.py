"""ONNX Runtime, for inference, on the network that PyTorch exports."""

import tempfile

import onnxruntime

import measuring
import onnx_export


def main(options, network):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path, x, found = onnx_export.exported(options, network, folder)
        session = onnxruntime.InferenceSession(
            path, settings, providers=["CPUExecutionProvider"])
    feed = {"x": x}
    found["output_shape"] = onnx_export.shape_of(session.run(None, feed)[0])
    measuring.measure(options, found, lambda: session.run(None, feed))


if __name__ == "__main__":
    measuring.run(main)
