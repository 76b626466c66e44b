"""Pairs two builds of needletail: the ratio of each pair, near and far processors apart.

A pair is one measurement of each, the order turning from pair to pair: ours, theirs; theirs, ours. Its
ratio is above 1 where ours is faster.

The processors of a virtual machine move: for seconds at a time two of them have a last cache in
common (near) or not (far). How long a value takes from one thread to another tells which; it is
measured between all measurements, and a pair counts where it was the same before, between and after.
"""

import statistics
import sys
import time
from itertools import count

from comparison.intervals import FEWEST, spread
from comparison.processes import record, run_tool, table

# Nanoseconds of a hand-over: some 30 near, 150 far; more than that where the two threads do not run at
# the same time, for something else runs, too.
FAR, DISTURBED = 80, 1000
PEAK_SECONDS = 0.1
ONE_THREAD, UNTOLD = "one thread", "not told"
# How many times as many pairs are measured as were asked for, where some have to be left out.
MOST_PAIRS = 3
# The fewest starts in a measurement of the start-up.
FEWEST_STARTS = 5


def compare(options, tool, other, workloads):
    """Measures all pairs; prints a line a pair, and the verdicts. Gives whether any is slower."""
    phases = ["start-up"] if options.start_up else options.phases
    print(f"ours {tool}; theirs {other}; {options.threads} threads, {options.rounds} pairs of "
          f"2 × {options.seconds:g} s", flush=True)
    if options.rounds < FEWEST:
        print(f"an interval takes {FEWEST} pairs: nothing will be decided", file=sys.stderr)
    rows, verdicts = [], []
    for network, batch in workloads:
        for phase in phases:
            pairing = Pairing(options, tool, other, network, batch, phase)
            for state, ratios in pairing.measure().items() or [("none lasted", [])]:
                found = spread(ratios)
                verdicts.append(found.verdict)
                rows.append([pairing.name, phase, state, *found.texts()])
    head = ["workload", "phase", "processors", "pairs", "ratio", "95 % interval", "not slower"]
    print()
    print(table([head, *rows]))
    print("\nratio: ours / theirs, above 1 where ours is faster; median of pairs. Not slower: the "
          "interval includes 0.99 or better.")
    return "no" in verdicts


class Pairing:
    """The pairs of one network, batch and phase."""

    def __init__(self, options, tool, other, network, batch, phase):
        self.options, self.phase = options, phase
        self.network, self.batch = network, batch
        self.builds = {"ours": tool, "theirs": other}
        self.name = f"{network}:{batch}" if batch else network

    def measure(self):
        """The ratios by the state of the processors.

        Pairs are measured until one state has as many as were asked for, but not for ever.
        """
        print(f"{self.name} {self.phase}", flush=True)
        ratios, left_out = {}, 0
        before = self.state()
        for number in count(1):
            order = ["ours", "theirs"] if number % 2 else ["theirs", "ours"]
            found, states = {}, [before]
            for build in order:
                found[build] = self.speed(build)
                states.append(self.state())
            before = states[-1]
            ratio = found["ours"] / found["theirs"]
            kinds = {self.kind(nanoseconds) for nanoseconds in states}
            state = kinds.pop() if len(kinds) == 1 else "changed"
            counts = state not in ("changed", "disturbed")
            self.tell(number, order, found, ratio, states, state, counts)
            if counts:
                ratios.setdefault(state, []).append(ratio)
            else:
                left_out += 1
            if any(len(of_state) >= self.options.rounds for of_state in ratios.values()):
                break
            if number >= MOST_PAIRS * self.options.rounds:
                break
        if left_out:
            print(f"  left out: {left_out} of {number} pairs, in which the processors' state changed "
                  "or something else ran", flush=True)
        return dict(sorted(ratios.items(), reverse=True))

    def speed(self, build):
        """Images a second, or starts a second."""
        tool, options = self.builds[build], self.options
        if self.phase == "start-up":
            seconds, end = [], time.perf_counter() + options.seconds
            while len(seconds) < FEWEST_STARTS or time.perf_counter() < end:
                seconds.append(run_tool([tool, "inspect", self.network], options.threads).seconds)
            return 1 / statistics.median(seconds)
        ended = run_tool(
            [tool, "bench", self.phase, "--model", self.network, "--batch", self.batch,
             "--threads", options.threads, "--seconds", options.seconds, "--json"],
            options.threads)
        return ended.found()["images_per_second_median"]

    def state(self):
        """Nanoseconds of a hand-over between two threads; None with one, or where they are not told."""
        if self.options.threads == 1:
            return None
        ended = run_tool(
            [self.builds["ours"], "bench", "peak", "--threads", self.options.threads,
             "--seconds", PEAK_SECONDS, "--json"], self.options.threads)
        found = ended.found()
        return found["nanoseconds"] if found.get("limit") == "hand-over" else None

    def kind(self, nanoseconds):
        if nanoseconds is None:
            return ONE_THREAD if self.options.threads == 1 else UNTOLD
        if nanoseconds >= DISTURBED:
            return "disturbed"
        return "far" if nanoseconds >= FAR else "near"

    def tell(self, number, order, found, ratio, states, state, counts):
        unit = "starts/s" if self.phase == "start-up" else "images/s"
        hand_overs = ", ".join(f"{value:,.0f}" for value in states if value is not None)
        print(f"  {number:3} {' '.join(order):12} {found['ours']:12,.1f} {found['theirs']:12,.1f} "
              f"{unit}  {ratio:.3f}  {state}{f' ({hand_overs} ns)' if hand_overs else ''}",
              flush=True)
        record(self.options.json, {
            "workload": self.name, "phase": self.phase, "pair": number, "order": order,
            "ours": found["ours"], "theirs": found["theirs"], "unit": unit, "ratio": ratio,
            "processors": state, "counts": counts, "hand_over_nanoseconds": states,
            "threads": self.options.threads, "builds": {
                name: str(path) for name, path in self.builds.items()}})
