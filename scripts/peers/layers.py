"""Layers with all sizes worked out: what each peer builds from its own.

Shapes are those of one example, channels last.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """Takes examples of one shape and gives examples of another."""

    input: tuple
    output: tuple


@dataclass(frozen=True)
class Dense(Layer):
    bias: bool


@dataclass(frozen=True)
class Window(Layer):
    """A window that moves over images; `padding` is (top, left, bottom, right)."""

    size: tuple
    strides: tuple
    padding: tuple
    dilations: tuple

    @property
    def pads(self):
        return any(self.padding)

    @property
    def is_symmetric(self):
        return self.padding[:2] == self.padding[2:]

    @property
    def is_same(self):
        """Whether the padding is what TensorFlow calls SAME."""
        return self.padding == same_padding(self.input, self.size, self.strides, self.dilations)


@dataclass(frozen=True)
class Convolution(Window):
    groups: int
    bias: bool

    @property
    def is_depthwise(self):
        return self.groups == self.input[-1] and self.groups > 1


@dataclass(frozen=True)
class MaxPool(Window):
    """Padding is never the maximum."""


@dataclass(frozen=True)
class AveragePool(Window):
    """Padding does not count."""

    @property
    def counts(self):
        """How many pixels of the image each window sees: those of a row of windows by those of a
        column of them."""
        return tuple(
            [sum(0 <= place * stride - before + step < length for step in range(size))
             for place in range(places)]
            for places, stride, before, size, length in zip(
                self.output[:2], self.strides, self.padding[:2], self.size, self.input[:2]))


@dataclass(frozen=True)
class GlobalAveragePool(Layer):
    pass


@dataclass(frozen=True)
class Subsample(Layer):
    """Takes every so many-th position of images."""

    strides: tuple


@dataclass(frozen=True)
class PadChannels(Layer):
    before: int
    after: int


@dataclass(frozen=True)
class BatchNorm(Layer):
    """`momentum` is the share of the running statistics that an update keeps."""

    momentum: float
    epsilon: float


@dataclass(frozen=True)
class Reshape(Layer):
    pass


@dataclass(frozen=True)
class Activation(Layer):
    """`parameter` is the slope of leakyReLU and the alpha of elu."""

    function: str
    parameter: float | None


@dataclass(frozen=True)
class Dropout(Layer):
    rate: float


@dataclass(frozen=True)
class Rescale(Layer):
    """`x · scale + offset`: a number of each, or one for each channel."""

    scale: tuple
    offset: tuple


@dataclass(frozen=True)
class Residual(Layer):
    """`body(x) + shortcut(x)`; an empty shortcut is the input itself."""

    body: list
    shortcut: list


def same_padding(shape, size, strides, dilations):
    """Whatever makes the result ⌈length / stride⌉ long; an odd one goes to the end."""
    totals = [
        max(0, (-(-length // stride) - 1) * stride + (kernel - 1) * dilation + 1 - length)
        for length, kernel, dilation, stride in zip(shape, size, dilations, strides)]
    before = [total // 2 for total in totals]
    return (*before, *(total - first for total, first in zip(totals, before)))
