"""The median of measured ratios, and how sure it is, whatever their distribution."""

import math
import statistics
from dataclasses import dataclass

# Not slower: the interval includes this ratio or a better one.
NOT_SLOWER = 0.99
FEWEST = 6


@dataclass(frozen=True)
class Spread:
    """The median of ratios with its interval; each is None where the ratios are too few for it."""

    count: int
    median: float | None
    interval: tuple | None

    @property
    def verdict(self):
        """Whether the first build is not slower: yes, no, or undecided."""
        if self.interval is None:
            return "undecided"
        return "yes" if self.interval[1] >= NOT_SLOWER else "no"

    def texts(self):
        """The cells of a table: how many, the median, the interval and the verdict."""
        return [
            str(self.count), "" if self.median is None else f"{self.median:.3f}",
            "{:.3f} to {:.3f}".format(*self.interval) if self.interval else "", self.verdict]


def spread(ratios):
    return Spread(
        len(ratios), statistics.median(ratios) if ratios else None, interval(ratios))


def interval(values, confidence=0.95):
    """The narrowest interval of two of the values, as far from the ends each, that holds the median
    of what they are drawn from with the given confidence; None if even all of them would not.

    Each value lies below that median with probability 1/2: how many do is binomial.
    """
    ordered, count = sorted(values), len(values)
    below, left_out = 0.0, None
    for rank in range(count // 2):
        below += math.comb(count, rank) / 2**count
        if 2 * below > 1 - confidence:
            break
        left_out = rank
    return None if left_out is None else (ordered[left_out], ordered[-1 - left_out])
