"""JAX, the whole step compiled: channels last, Adam by its definition."""

import math
import os

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy
from jax import lax

import measuring
from networks import NETWORKS

RANDOM = numpy.random.default_rng(0)


def weights(*shape):
    spread = math.sqrt(2 / math.prod(shape[:-1]))
    return jnp.asarray(RANDOM.standard_normal(shape) * spread, jnp.float32)


def parameters_of(layers, shape):
    """The trained parameters and running statistics of each layer, and the shape of the result."""
    trained, statistics = [], []
    for kind, *values in layers:
        mine, running = {}, {}
        if kind == "conv":
            channels, kernel, stride, padding, bias = values
            mine["w"] = weights(kernel, kernel, shape[-1], channels)
            if bias:
                mine["b"] = jnp.zeros(channels)
            shape = (*((size + 2 * padding - kernel) // stride + 1 for size in shape[:2]), channels)
        elif kind == "norm":
            mine = {"scale": jnp.ones(shape[-1]), "offset": jnp.zeros(shape[-1])}
            running = {"mean": jnp.zeros(shape[-1]), "variance": jnp.ones(shape[-1])}
        elif kind == "pool":
            size, stride, padding = values
            shape = (*((side + 2 * padding - size) // stride + 1 for side in shape[:2]), shape[-1])
        elif kind == "mean":
            shape = shape[-1:]
        elif kind == "flatten":
            shape = (math.prod(shape),)
        elif kind == "dense":
            mine = {"w": weights(shape[0], values[0]), "b": jnp.zeros(values[0])}
            shape = (values[0],)
        elif kind == "residual":
            body, shortcut = values
            first, first_running, result = parameters_of(body, shape)
            second, second_running, _ = parameters_of(shortcut or [], shape)
            mine, running = [first, second], [first_running, second_running]
            shape = result
        trained.append(mine)
        statistics.append(running)
    return trained, statistics, shape


def apply(layers, trained, statistics, x, training):
    updated = []
    for (kind, *values), mine, running in zip(layers, trained, statistics):
        if kind == "conv":
            _, _, stride, padding, bias = values
            x = lax.conv_general_dilated(
                x, mine["w"], (stride, stride), [(padding, padding)] * 2,
                dimension_numbers=("NHWC", "HWIO", "NHWC"))
            if bias:
                x = x + mine["b"]
        elif kind == "norm":
            mean, variance = running["mean"], running["variance"]
            if training:
                mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
                running = {
                    "mean": 0.9 * running["mean"] + 0.1 * mean,
                    "variance": 0.9 * running["variance"] + 0.1 * variance,
                }
            factor = mine["scale"] * lax.rsqrt(variance + 1e-5)
            x = x * factor + (mine["offset"] - mean * factor)
        elif kind == "relu":
            x = jax.nn.relu(x)
        elif kind == "pool":
            size, stride, padding = values
            x = lax.reduce_window(
                x, -jnp.inf, lax.max, (1, size, size, 1), (1, stride, stride, 1),
                [(0, 0), (padding, padding), (padding, padding), (0, 0)])
        elif kind == "mean":
            x = x.mean((1, 2))
        elif kind == "flatten":
            x = x.reshape(x.shape[0], -1)
        elif kind == "dense":
            x = x @ mine["w"] + mine["b"]
        elif kind == "residual":
            body, shortcut = values
            y, first = apply(body, mine[0], running[0], x, training)
            z, second = apply(shortcut or [], mine[1], running[1], x, training)
            x, running = y + z, [first, second]
        updated.append(running)
    return x, updated


def main():
    options = measuring.arguments()
    shape, _, layers = NETWORKS[options.model]
    trained, statistics, _ = parameters_of(layers, shape)
    count = sum(leaf.size for leaf in jax.tree.leaves(trained))
    images, labels = measuring.examples(options)
    x, y = jnp.asarray(images), jnp.asarray(labels)

    if options.phase == "infer":
        infer = jax.jit(lambda trained, x: apply(layers, trained, statistics, x, False)[0])
        measuring.measure(options, count, lambda: infer(trained, x).block_until_ready())
        return

    def loss(trained, statistics):
        logits, updated = apply(layers, trained, statistics, x, True)
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1)
        return -chosen.mean(), updated

    def step(trained, statistics, first, second, number):
        (value, statistics), gradients = jax.value_and_grad(loss, has_aux=True)(
            trained, statistics)
        number = number + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
        rate = 1e-3 * jnp.sqrt(1 - 0.999**number) / (1 - 0.9**number)
        trained = jax.tree.map(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), trained, first, second)
        return trained, statistics, first, second, number, value

    compiled = jax.jit(step, donate_argnums=(0, 1, 2, 3))
    zeros = jax.tree.map(jnp.zeros_like, trained)
    state = [trained, statistics, zeros, jax.tree.map(jnp.zeros_like, trained), jnp.float32(0)]

    def run():
        *state[:], value = compiled(*state)
        value.block_until_ready()

    measuring.measure(options, count, run)


if __name__ == "__main__":
    main()
