import unittest

import paths  # noqa: F401
from comparison.intervals import interval, spread


class IntervalTests(unittest.TestCase):
    def test_fewer_than_six_values_have_no_interval(self):
        self.assertIsNone(interval([1.0] * 5))
        self.assertEqual(interval([3, 1, 6, 2, 5, 4]), (1, 6))

    def test_the_ranks_are_those_of_the_binomial_distribution(self):
        # From tables of the sign test at 5 %: the 3rd of 12, the 4th of 15, the 10th of 30.
        self.assertEqual(interval(range(1, 13)), (3, 10))
        self.assertEqual(interval(range(1, 16)), (4, 12))
        self.assertEqual(interval(range(1, 31)), (10, 21))

    def test_not_slower_is_an_interval_that_includes_99_percent_or_better(self):
        def verdict(*ratios):
            return spread(ratios).verdict

        self.assertEqual(verdict(*[0.90] * 5, 0.99), "yes")
        self.assertEqual(verdict(*[0.90] * 5, 0.9899), "no")
        self.assertEqual(verdict(*[1.10] * 6), "yes")
        self.assertEqual(verdict(*[1.10] * 5), "undecided")

    def test_no_ratio_decides_nothing(self):
        self.assertEqual(spread([]).texts(), ["0", "", "", "undecided"])

    def test_the_median_of_an_even_number_lies_in_the_middle(self):
        self.assertEqual(spread([1.0, 4.0, 2.0, 3.0]).median, 2.5)


if __name__ == "__main__":
    unittest.main()
