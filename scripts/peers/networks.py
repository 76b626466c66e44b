"""A network as the peers build it: its layers, with every shape, padding and default worked out.

`network(name)` takes a preset or the path of a network file (docs/network-files.md). Shapes are those
of one example, channels last. Needletail itself checks files strictly, and is run first; what is
checked here is what the peers rely on.
"""

import json
import math
from dataclasses import dataclass

from description import Arguments, NetworkError, checked, layer_entries
from layers import (
    Activation, AveragePool, BatchNorm, Convolution, Dense, Dropout, GlobalAveragePool, MaxPool,
    PadChannels, Rescale, Residual, Reshape, Subsample, same_padding)
from presets import PRESETS

# What `classes` stands for, as in `needletail bench`.
CLASSES = 10


@dataclass(frozen=True)
class Network:
    """The layers behind `rescaling`, which brings raw pixels to what the layers take.

    Peers are fed rescaled pixels: what a network begins with only needletail computes.
    """

    input: tuple
    rescaling: list
    layers: list

    @property
    def output(self):
        return self.layers[-1].output if self.layers else self.input

    @property
    def has_logits(self):
        """Whether the result is logits of classes, as `needletail bench train` sees it."""
        last = self.layers[-1] if self.layers else None
        is_softmax = isinstance(last, Activation) and last.function in ("softmax", "logSoftmax")
        return len(self.output) == 1 and self.output[0] >= 2 and not is_softmax


def network(name):
    """The network of a preset's name or a file's path."""
    description = PRESETS[name] if name in PRESETS else read(name)
    if not isinstance(description, dict) or "layers" not in description:
        raise NetworkError(f"{name}: peers build networks with layers:, not graphs")
    if "input" not in description:
        raise NetworkError(f"{name}: expected input:, the shape of an example")
    shape = checked.shape(description["input"])
    layers = resolved(description["layers"], shape)
    count = 0
    while count < len(layers) and isinstance(layers[count], Rescale):
        count += 1
    return Network(shape, layers[:count], layers[count:])


def read(path):
    with open(path, encoding="utf-8-sig") as file:
        text = file.read()
    try:
        return json.loads(text)
    except ValueError:
        pass  # JSON is YAML; this is not JSON.
    try:
        import yaml
    except ImportError:
        raise NetworkError(
            f"{path}: reading YAML takes PyYAML (pip install pyyaml); JSON needs nothing") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise NetworkError(f"{path}: {error}") from None


def resolved(description, shape):
    """The layers of a list of a description, for examples of `shape`."""
    layers = []
    for kind, arguments in layer_entries(description):
        given = Arguments(kind, arguments, CLASSES)
        layers += BUILDERS[kind](given, layers[-1].output if layers else shape)
        given.finish()
    return layers


def dense(given, shape):
    if len(shape) != 1:
        raise NetworkError(f"Dense: expected one dimension, found {shape}")
    layer = Dense(shape, (given.count("outputSize"),), given.truth("useBias", True))
    return activated(given, [layer])


def convolution(given, shape):
    size, strides, dilations = (
        given.size("kernelSize"), given.size("strides", 1), given.size("dilations", 1))
    padding, output = moved(given, shape, size, strides, dilations)
    channels, groups = given.count("outputChannels"), given.count("groups", 1)
    if shape[-1] % groups or channels % groups:
        raise NetworkError(
            f"Conv2D: {groups} groups do not divide {shape[-1]} and {channels} channels")
    layer = Convolution(shape, (*output, channels), size, strides, padding, dilations, groups,
                        given.truth("useBias", True))
    return activated(given, [layer])


def pooling(kind):
    def build(given, shape):
        size = given.size("poolSize", 2)
        strides = given.size("strides", size)
        padding, output = moved(given, shape, size, strides, (1, 1))
        return [kind(shape, (*output, shape[-1]), size, strides, padding, (1, 1))]

    return build


def moved(given, shape, size, strides, dilations):
    """The padding in numbers, and the height and width of the result."""
    if len(shape) != 3:
        raise NetworkError(f"{given.kind}: expected images, found examples of {shape}")
    padding = given.padding()
    if padding == "same":
        padding = same_padding(shape, size, strides, dilations)
    output = tuple(
        (length + before + behind - (kernel - 1) * dilation - 1) // stride + 1
        for length, before, behind, kernel, dilation, stride in zip(
            shape, padding[:2], padding[2:], size, dilations, strides))
    if min(output) < 1:
        raise NetworkError(f"{given.kind}: a window of {size} does not fit images of {shape}")
    return padding, output


def batch_norm(given, shape):
    layer = BatchNorm(shape, shape, given.number("momentum", 0.9), given.number("epsilon", 1e-5))
    return activated(given, [layer])


def global_average_pool(given, shape):
    if len(shape) != 3:
        raise NetworkError(f"{given.kind}: expected images, found examples of {shape}")
    return [GlobalAveragePool(shape, shape[-1:])]


def flatten(given, shape):
    return [Reshape(shape, (math.prod(shape),))] if len(shape) != 1 else []


def reshape(given, shape):
    output = given.shape("shape")
    if math.prod(output) != math.prod(shape):
        raise NetworkError(f"Reshape: {shape} cannot become {output}")
    return [Reshape(shape, output)]


def activation(given, shape):
    return activation_layers(*given.function("function"), shape)


def activated(given, layers):
    """The layers, and the activation behind them that their arguments name."""
    name, parameter = given.function("activation", "identity")
    return layers + activation_layers(name, parameter, layers[-1].output)


def activation_layers(name, parameter, shape):
    return [] if name == "identity" else [Activation(shape, shape, name, parameter)]


def dropout(given, shape):
    return [Dropout(shape, shape, given.number("rate"))]


def rescale(given, shape):
    if given.has("mean"):
        means, deviations = given.numbers("mean"), given.numbers("standardDeviation")
        scale = tuple(1 / deviation for deviation in deviations)
        offset = tuple(-mean * factor for mean, factor in zip(means, scale))
    else:
        scale, offset = (given.number("scale"),), (given.number("offset", 0),)
    if len(scale) != len(offset) or len(scale) not in (1, shape[-1]):
        raise NetworkError(f"Rescale: expected 1 or {shape[-1]} numbers, found {len(scale)}")
    return [Rescale(shape, shape, scale, offset)]


def residual(given, shape):
    body = resolved(given.layers("body"), shape)
    shortcut = resolved(given.layers("shortcut", []), shape)
    output, straight = (layers[-1].output if layers else shape for layers in (body, shortcut))
    if output != straight:
        raise NetworkError(f"Residual: its body gives {output}, its shortcut {straight}")
    return activated(given, [Residual(shape, output, body, shortcut)])


def zero_padded_shortcut(given, shape):
    strides, layers = given.size("strides", 1), []
    if strides != (1, 1):
        height, width = (-(-length // stride) for length, stride in zip(shape, strides))
        layers.append(Subsample(shape, (height, width, shape[-1]), strides))
        shape = layers[-1].output
    added = given.count("outputChannels") - shape[-1]
    if added < 0:
        raise NetworkError(f"ZeroPaddedShortcut: {shape[-1]} channels are more than it gives")
    output = (*shape[:-1], shape[-1] + added)
    return layers + [PadChannels(shape, output, added // 2, added - added // 2)]


def sequential(given, shape):
    return resolved(given.layers("layers"), shape)


BUILDERS = {
    "Dense": dense, "Conv2D": convolution, "BatchNorm": batch_norm,
    "MaxPool2D": pooling(MaxPool), "AveragePool2D": pooling(AveragePool),
    "GlobalAveragePool2D": global_average_pool, "Flatten": flatten, "Reshape": reshape,
    "Activation": activation, "Dropout": dropout, "Rescale": rescale, "Residual": residual,
    "ZeroPaddedShortcut": zero_padded_shortcut, "Sequential": sequential,
}
