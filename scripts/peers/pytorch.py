"""PyTorch, eager or compiled, in its own layout or with channels last.

Variants: words of `compile` and `channels-last`, joined by commas. Channels are the second extent
whatever the number of dimensions, as PyTorch has it; where numbers get another shape they stay in
PyTorch's order, as they would in a network that is written for it.
"""

import math

import numpy
import torch
from torch import nn
from torch.nn import functional

import layers
import measuring

FUNCTIONS = {
    "leakyReLU": nn.LeakyReLU, "elu": nn.ELU, "selu": nn.SELU, "gelu": nn.GELU,
    "geluTanh": lambda: nn.GELU(approximate="tanh"), "silu": nn.SiLU, "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh, "softplus": nn.Softplus, "softsign": nn.Softsign,
    "hardSigmoid": nn.Hardsigmoid, "hardSwish": nn.Hardswish, "mish": nn.Mish, "relu6": nn.ReLU6,
    "softmax": lambda: nn.Softmax(1), "logSoftmax": lambda: nn.LogSoftmax(1),
}
NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm1d, 3: nn.BatchNorm2d, 4: nn.BatchNorm3d}
# What relu may overwrite: nothing else reads it, and no gradient needs it.
OVERWRITTEN = (layers.Convolution, layers.Dense, layers.BatchNorm, layers.Residual)


def channels_second(shape):
    return (shape[-1], *shape[:-1])


class Residual(nn.Module):
    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class Reshape(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        return x.reshape(x.shape[0], *self.shape)


class Subsample(nn.Module):
    def __init__(self, strides):
        super().__init__()
        self.strides = strides

    def forward(self, x):
        return x[:, :, ::self.strides[0], ::self.strides[1]]


class Pad(nn.Module):
    """`sides` begin at the last extent, as `functional.pad` takes them."""

    def __init__(self, sides, value=0.0):
        super().__init__()
        self.sides, self.value = sides, value

    def forward(self, x):
        return functional.pad(x, self.sides, value=self.value)


class Scale(nn.Module):
    """`x · scale + offset`, by constants that are one number, or have the shape of an example."""

    def __init__(self, scale, offset=None):
        super().__init__()
        self.register_buffer("scale", scale)
        self.register_buffer("offset", offset)

    def forward(self, x):
        return x * self.scale if self.offset is None else x * self.scale + self.offset


def padded(window, value=0.0):
    """The modules that pad, and the padding that is left for the window itself."""
    top, left, bottom, right = window.padding
    limits = window.size if isinstance(window, layers.Convolution) else (
        size // 2 for size in window.size)
    fits = isinstance(window, layers.Convolution) or all(
        side <= limit for side, limit in zip((top, left), limits))
    if window.is_symmetric and fits:
        return [], (top, left)
    return [Pad((left, right, top, bottom), value)], (0, 0)


def average_pool(layer):
    modules, padding = padded(layer)
    modules.append(
        nn.AvgPool2d(layer.size, layer.strides, padding, count_include_pad=False))
    if len(modules) > 1:
        # The padding was averaged, too.
        seen = torch.from_numpy(numpy.outer(*layer.counts).astype(numpy.float32))
        modules.append(Scale(math.prod(layer.size) / seen))
    return modules


def per_channel(numbers, rank):
    return torch.tensor(numbers).reshape(-1, *[1] * (rank - 1))


def modules_of(layer, previous):
    """The modules that compute a layer behind `previous`."""
    rank = len(layer.input)
    match layer:
        case layers.Convolution():
            modules, padding = padded(layer)
            return modules + [nn.Conv2d(
                layer.input[-1], layer.output[-1], layer.size, layer.strides, padding,
                layer.dilations, layer.groups, layer.bias)]
        case layers.Dense():
            return [nn.Linear(layer.input[0], layer.output[0], layer.bias)]
        case layers.BatchNorm():
            if rank not in NORMS:
                raise measuring.Unable(f"PyTorch normalises no examples of {rank} dimensions")
            return [NORMS[rank](layer.input[-1], layer.epsilon, 1 - layer.momentum)]
        case layers.MaxPool():
            modules, padding = padded(layer, -math.inf)
            return modules + [nn.MaxPool2d(layer.size, layer.strides, padding)]
        case layers.AveragePool():
            return average_pool(layer)
        case layers.GlobalAveragePool():
            return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        case layers.Reshape():
            shape = layer.output
            return [nn.Flatten() if len(shape) == 1 else Reshape(channels_second(shape))]
        case layers.Activation(function="relu"):
            return [nn.ReLU(inplace=isinstance(previous, OVERWRITTEN))]
        case layers.Activation():
            parameters = [] if layer.parameter is None else [layer.parameter]
            return [FUNCTIONS[layer.function](*parameters)]
        case layers.Dropout():
            return [nn.Dropout(layer.rate)]
        case layers.Rescale():
            return [Scale(per_channel(layer.scale, rank), per_channel(layer.offset, rank))]
        case layers.Subsample():
            return [Subsample(layer.strides)]
        case layers.PadChannels():
            return [Pad([0, 0] * (rank - 1) + [layer.before, layer.after])]
        case layers.Residual():
            return [Residual(sequence(layer.body), sequence(layer.shortcut))]
    raise measuring.Unable(f"PyTorch's side has no {type(layer).__name__}")


def sequence(listed):
    modules = []
    for layer, previous in zip(listed, [None, *listed]):
        modules += modules_of(layer, previous)
    return nn.Sequential(*modules)


def build(network, images):
    """The network and its input, images first brought to PyTorch's order of axes."""
    x = torch.from_numpy(images).movedim(-1, 1).contiguous()
    return sequence(network.layers).eval(), x


def facts(model, x):
    """What shows that the network is the same."""
    with torch.no_grad():
        shape = list(model(x[:1].clone()).shape[1:])
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "output_shape": shape[1:] + shape[:1],
    }


def main(options, network):
    torch.set_num_threads(options.threads)
    # On one batch the loss goes to nothing, and its gradients with it.
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    model, x = build(network, measuring.images(options, network))
    found = facts(model, x)
    if "channels-last" in options.variant:
        if not any(parameter.dim() == 4 for parameter in model.parameters()):
            raise measuring.Unable("without convolutions channels last change nothing")
        model = model.to(memory_format=torch.channels_last)
        if x.dim() == 4:
            x = x.contiguous(memory_format=torch.channels_last)
    compiles = "compile" in options.variant

    if options.phase == "train":
        y = torch.from_numpy(measuring.targets(options, network))
        if y.is_floating_point():
            y = y.movedim(-1, 1).contiguous()
        model.train()
        loss = nn.CrossEntropyLoss() if network.has_logits else nn.MSELoss()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

        def forward(x, y):
            return loss(model(x), y)

        if compiles:
            forward = torch.compile(forward)

        def step():
            optimizer.zero_grad(set_to_none=True)
            forward(x, y).backward()
            optimizer.step()

        # A ValueError: batch normalisation of one number a channel.
        measuring.measure(options, found, step, refusals=(ValueError,))
        return

    if compiles:
        from torch._inductor import config

        config.freezing = True  # Weights are constants: normalisation is folded into them.
        model = torch.compile(model)
    with torch.inference_mode():
        measuring.measure(options, found, lambda: model(x))


if __name__ == "__main__":
    measuring.run(main)
