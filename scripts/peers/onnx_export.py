"""The network that PyTorch exports, for the engines that run such networks."""

import os
import sys

import torch

import measuring
import pytorch


def exported(options, network, folder):
    """The path of the network's file in a folder, its input `x`, and what shows that it is the same."""
    if options.phase != "infer":
        sys.exit("Exported networks are measured for inference only.")
    torch.manual_seed(0)
    model, x = pytorch.build(network, measuring.images(options, network))
    found = pytorch.facts(model, x)
    path = os.path.join(folder, "model.onnx")
    # The exporter tells how it goes on standard output, which is for the result.
    with open(os.devnull, "w") as nothing:
        output, sys.stdout = sys.stdout, nothing
        try:
            export(model, x, path)
        finally:
            sys.stdout = output
    return path, x.numpy(), found


def export(model, x, path):
    try:
        torch.onnx.export(
            model, (x,), path, dynamo=True, external_data=False, input_names=["x"], verbose=False)
    except Exception as error:  # The new exporter needs onnxscript, and knows less.
        print(f"exporting without dynamo: {error}", file=sys.stderr)
        torch.onnx.export(model, (x,), path, dynamo=False, input_names=["x"])


def shape_of(result):
    """The shape of an example of PyTorch's, as the others tell it: channels last."""
    shape = list(result.shape[1:])
    return shape[1:] + shape[:1]
