"""What all peers share: their arguments, made-up data, and the windows that `needletail bench` has."""

import argparse
import json
import statistics
import time

from networks import NETWORKS


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", choices=NETWORKS, required=True)
    parser.add_argument("--phase", choices=("train", "infer"), required=True)
    parser.add_argument("--variant", default="")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    return parser.parse_args()


def examples(options):
    """Images [batch, ...], channels last, from 0 to 1, and labels."""
    import numpy

    shape, classes, _ = NETWORKS[options.model]
    random = numpy.random.default_rng(0)
    images = random.integers(0, 256, (options.batch, *shape)).astype(numpy.float32) / 255
    return images, random.integers(0, classes, options.batch)


def measure(options, parameters, step):
    """Repeats a step in windows of 50 ms, after a warm-up, and prints what was found."""
    count = 0
    # The first step compiles, where something is compiled; that is no warm-up.
    step()
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
    print(json.dumps({
        "images_per_second_median": options.batch / statistics.median(windows),
        "images_per_second_best": options.batch / min(windows),
        "step_milliseconds_median": statistics.median(windows) * 1e3,
        "parameters": parameters,
    }))
