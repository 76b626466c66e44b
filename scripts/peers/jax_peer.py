"""JAX, the whole step compiled: channels last, Adam by its definition."""

import math
import os

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy
from jax import lax, nn

import layers
import measuring

RANDOM = numpy.random.default_rng(0)
FUNCTIONS = {
    "relu": nn.relu, "leakyReLU": nn.leaky_relu, "elu": nn.elu, "selu": nn.selu,
    "gelu": lambda x: nn.gelu(x, approximate=False), "geluTanh": nn.gelu, "silu": nn.silu,
    "sigmoid": nn.sigmoid, "tanh": nn.tanh, "softplus": nn.softplus, "softsign": nn.soft_sign,
    "hardSigmoid": nn.hard_sigmoid, "hardSwish": nn.hard_swish, "mish": nn.mish,
    "relu6": nn.relu6, "softmax": nn.softmax, "logSoftmax": nn.log_softmax,
}


def weights(*shape):
    spread = math.sqrt(2 / math.prod(shape[:-1]))
    return jnp.asarray(RANDOM.standard_normal(shape) * spread, jnp.float32)


def parameters_of(listed):
    """The trained parameters and the running statistics of each layer."""
    trained, running = [], []
    for layer in listed:
        mine, moments = {}, {}
        channels = layer.output[-1]
        match layer:
            case layers.Convolution():
                mine["w"] = weights(*layer.size, layer.input[-1] // layer.groups, channels)
            case layers.Dense():
                mine["w"] = weights(layer.input[0], channels)
            case layers.BatchNorm():
                mine = {"scale": jnp.ones(channels), "offset": jnp.zeros(channels)}
                moments = {"mean": jnp.zeros(channels), "variance": jnp.ones(channels)}
            case layers.Residual():
                parts = [parameters_of(layer.body), parameters_of(layer.shortcut)]
                mine, moments = ([part[index] for part in parts] for index in range(2))
        if isinstance(layer, (layers.Convolution, layers.Dense)) and layer.bias:
            mine["b"] = jnp.zeros(channels)
        trained.append(mine)
        running.append(moments)
    return trained, running


def reduced(layer, x, start, operation):
    top, left, bottom, right = layer.padding
    return lax.reduce_window(
        x, start, operation, (1, *layer.size, 1), (1, *layer.strides, 1),
        [(0, 0), (top, bottom), (left, right), (0, 0)])


def normalized(layer, x, mine, moments, training):
    mean, variance = moments["mean"], moments["variance"]
    if training:
        axes, kept = tuple(range(x.ndim - 1)), layer.momentum
        mean, variance = x.mean(axes), x.var(axes)
        moments = {
            "mean": kept * moments["mean"] + (1 - kept) * mean,
            "variance": kept * moments["variance"] + (1 - kept) * variance,
        }
    factor = mine["scale"] * lax.rsqrt(variance + layer.epsilon)
    return x * factor + (mine["offset"] - mean * factor), moments


def applied(layer, mine, moments, x, key):
    """The result of a layer, and its running statistics. `key` is None but in training."""
    match layer:
        case layers.Convolution():
            top, left, bottom, right = layer.padding
            x = lax.conv_general_dilated(
                x, mine["w"], layer.strides, [(top, bottom), (left, right)],
                rhs_dilation=layer.dilations, feature_group_count=layer.groups,
                dimension_numbers=("NHWC", "HWIO", "NHWC"))
            x = x + mine["b"] if layer.bias else x
        case layers.Dense():
            x = x @ mine["w"]
            x = x + mine["b"] if layer.bias else x
        case layers.BatchNorm():
            return normalized(layer, x, mine, moments, key is not None)
        case layers.MaxPool():
            x = reduced(layer, x, -jnp.inf, lax.max)
        case layers.AveragePool():
            seen = numpy.outer(*layer.counts)[..., None].astype(numpy.float32)
            x = reduced(layer, x, 0.0, lax.add) / seen
        case layers.GlobalAveragePool():
            x = x.mean((1, 2))
        case layers.Reshape():
            x = x.reshape(x.shape[0], *layer.output)
        case layers.Activation():
            parameters = [] if layer.parameter is None else [layer.parameter]
            x = FUNCTIONS[layer.function](x, *parameters)
        case layers.Dropout():
            if key is not None:
                kept = jax.random.bernoulli(key, 1 - layer.rate, x.shape)
                x = jnp.where(kept, x / (1 - layer.rate), 0)
        case layers.Rescale():
            x = x * numpy.float32(layer.scale) + numpy.float32(layer.offset)
        case layers.Subsample():
            x = x[:, ::layer.strides[0], ::layer.strides[1]]
        case layers.PadChannels():
            x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(layer.before, layer.after)])
        case layers.Residual():
            branches = [apply(part, *values, x, key) for part, *values in zip(
                (layer.body, layer.shortcut), mine, moments)]
            return branches[0][0] + branches[1][0], [branch[1] for branch in branches]
        case _:
            raise measuring.Unable(f"JAX' side has no {type(layer).__name__}")
    return x, moments


def apply(listed, trained, running, x, key):
    updated = []
    for layer, mine, moments in zip(listed, trained, running):
        if key is not None:
            key, own = jax.random.split(key)
        else:
            own = None
        x, moments = applied(layer, mine, moments, x, own)
        updated.append(moments)
    return x, updated


def main(options, network):
    listed = network.layers
    trained, running = parameters_of(listed)
    x = jnp.asarray(measuring.images(options, network))
    y = jnp.asarray(measuring.targets(options, network))
    infer = jax.jit(lambda trained, x: apply(listed, trained, running, x, None)[0])
    found = {
        "parameters": sum(leaf.size for leaf in jax.tree.leaves(trained)),
        "output_shape": list(jax.eval_shape(infer, trained, x).shape[1:]),
    }
    if options.phase == "infer":
        measuring.measure(options, found, lambda: infer(trained, x).block_until_ready())
        return

    def loss(trained, running, key):
        result, updated = apply(listed, trained, running, x, key)
        if not network.has_logits:
            return jnp.square(result - y).mean(), updated
        chosen = jnp.take_along_axis(nn.log_softmax(result), y[:, None], 1)
        return -chosen.mean(), updated

    def step(trained, running, first, second, number, key):
        key, own = jax.random.split(key)
        (value, running), gradients = jax.value_and_grad(loss, has_aux=True)(trained, running, own)
        number = number + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
        rate = 1e-3 * jnp.sqrt(1 - 0.999**number) / (1 - 0.9**number)
        trained = jax.tree.map(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), trained, first, second)
        return trained, running, first, second, number, key, value

    compiled = jax.jit(step, donate_argnums=(0, 1, 2, 3))
    zeros = jax.tree.map(jnp.zeros_like, trained)
    # The faster generator of random numbers, for dropout.
    state = [trained, running, zeros, jax.tree.map(jnp.zeros_like, trained), jnp.float32(0),
             jax.random.key(0, impl="rbg")]

    def run():
        *state[:], value = compiled(*state)
        value.block_until_ready()

    measuring.measure(options, found, run)


if __name__ == "__main__":
    measuring.run(main)
