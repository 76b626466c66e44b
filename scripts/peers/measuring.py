"""What all peers share: their arguments, made-up data, and the windows that `needletail bench` has."""

import argparse
import json
import statistics
import sys
import time

import networks

# What a peer ends with that cannot build or compute the network; standard error says why.
UNABLE = 3


class Unable(Exception):
    """What a peer cannot do."""


def run(main):
    """Runs a peer on its arguments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True, help="a preset, or the path of a network file")
    parser.add_argument("--phase", choices=("train", "infer"), required=True)
    parser.add_argument("--variant", default="")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    try:
        main(options, networks.network(options.model))
    except (Unable, networks.NetworkError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        sys.exit(UNABLE)


def images(options, network):
    """Images [batch, ...], channels last, rescaled as the network's begin says."""
    import numpy

    random = numpy.random.default_rng(0)
    pixels = random.integers(0, 256, (options.batch, *network.input)).astype(numpy.float32)
    for layer in network.rescaling:
        pixels = pixels * numpy.float32(layer.scale) + numpy.float32(layer.offset)
    return pixels


def targets(options, network):
    """Labels [batch] where the network ends in logits, else numbers from 0 to 1 in the result's shape."""
    import numpy

    random = numpy.random.default_rng(1)
    if network.has_logits:
        return random.integers(0, network.output[0], options.batch)
    return random.random((options.batch, *network.output), dtype=numpy.float32)


def measure(options, found, step, refusals=(), images_per_step=None):
    """Repeats a step in windows of 50 ms, after a warm-up, and prints what was found.

    `found` is told, too: the numbers of the network's `parameters` and its `output_shape`. Errors of
    the kinds of `refusals` in the first step say that the engine cannot compute it.
    """
    # The first step compiles, where something is compiled; that is no warm-up.
    try:
        step()
    except refusals as error:
        raise Unable(first_line(error)) from error
    count = 0
    start = time.perf_counter()
    while count < 3 or time.perf_counter() - start < min(options.seconds / 5, 0.5):
        step()
        count += 1
    length = min(0.05, options.seconds / 4)
    windows = []
    start = time.perf_counter()
    while len(windows) < 4 or time.perf_counter() - start < options.seconds:
        count = 0
        begin = time.perf_counter()
        while True:
            step()
            count += 1
            elapsed = time.perf_counter() - begin
            if elapsed >= length:
                break
        windows.append(elapsed / count)
    images_per_step = images_per_step or options.batch
    print(json.dumps({
        "images_per_second_median": images_per_step / statistics.median(windows),
        "images_per_second_best": images_per_step / min(windows),
        "step_milliseconds_median": statistics.median(windows) * 1e3,
        **found,
    }))


def first_line(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no reason given'}"
