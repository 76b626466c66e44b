import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
from types import SimpleNamespace

import paths
from comparison import builds


class PairTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def measure(self, hand_overs, rounds, threads=2, phase="train", seconds=1):
        """The ratios by state of two builds, of 110 and 100 images a second."""
        ours = paths.build(self.folder, "ours", 110, hand_overs)
        theirs = paths.build(self.folder, "theirs", 100)
        options = SimpleNamespace(
            threads=threads, rounds=rounds, seconds=seconds, json=str(self.folder / "record"))
        pairing = builds.Pairing(options, ours, theirs, "mlp", 128, phase)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return pairing.measure()

    def test_the_order_turns_from_pair_to_pair(self):
        self.assertEqual(self.measure([30], rounds=4), {"near": [1.1] * 4})
        order = [words[0] for words in paths.asked(self.folder) if "train" in words]
        self.assertEqual(order, ["ours", "theirs", "theirs", "ours"] * 2)

    def test_both_builds_are_asked_the_same(self):
        self.measure([30], rounds=1)
        asked = [words[1:] for words in paths.asked(self.folder) if "train" in words]
        self.assertEqual(asked, [
            "bench train --model mlp --batch 128 --threads 2 --seconds 1 --json".split()] * 2)

    def test_near_and_far_pairs_stand_apart(self):
        # Two near pairs, then one in which the state changes, then far ones.
        ratios = self.measure([30] * 6 + [150] * 9, rounds=3)
        self.assertEqual(ratios, {"near": [1.1] * 2, "far": [1.1] * 3})
        kept = [json.loads(line) for line in (self.folder / "record").read_text().splitlines()]
        self.assertEqual([pair["processors"] for pair in kept],
                         ["near", "near", "changed", "far", "far", "far"])
        self.assertEqual([pair["counts"] for pair in kept], [True, True, False, True, True, True])

    def test_disturbed_pairs_are_left_out_and_do_not_go_on_for_ever(self):
        self.assertEqual(self.measure([2_000_000], rounds=3), {})
        self.assertEqual(len([words for words in paths.asked(self.folder) if "train" in words]), 18)

    def test_one_thread_hands_nothing_over(self):
        self.assertEqual(self.measure([30], rounds=2, threads=1), {"one thread": [1.1] * 2})
        self.assertFalse(any("peak" in words for words in paths.asked(self.folder)))

    def test_a_start_up_is_that_of_inspect(self):
        ratios = self.measure([30], rounds=1, phase="start-up", seconds=0.01)
        self.assertEqual(len(ratios["near"]), 1)
        starts = [words for words in paths.asked(self.folder) if "peak" not in words]
        self.assertEqual({tuple(words[1:]) for words in starts}, {("inspect", "mlp")})
        self.assertGreaterEqual(len(starts), 2 * builds.FEWEST_STARTS)


class CommandTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def compare(self, *words, **variables):
        return subprocess.run(
            [sys.executable, paths.COMPARE, *map(str, words)], capture_output=True, text=True,
            env=paths.environment(**variables), check=False)

    def pair(self, ours, theirs, *words):
        return self.compare(
            "--needletail", paths.build(self.folder, "ours", ours),
            "--against", paths.build(self.folder, "theirs", theirs), "--workloads", "mlp:1",
            "--threads", 1, "--phases", "infer", *words)

    def test_a_slower_build_ends_with_1(self):
        ended = self.pair(90, 100, "--rounds", 6)
        self.assertEqual(ended.returncode, 1)
        self.assertRegex(ended.stdout, r"mlp:1 +infer +one thread +6 +0\.900 +0\.900 to 0\.900 +no")

    def test_fifteen_pairs_are_the_default(self):
        ended = self.pair(100, 100)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertRegex(ended.stdout, r"mlp:1 +infer +one thread +15 +1\.000 .* yes")

    def test_too_few_pairs_decide_nothing(self):
        ended = self.pair(90, 100, "--rounds", 5)
        self.assertEqual(ended.returncode, 0)
        self.assertIn("undecided", ended.stdout)

    def test_what_would_be_ignored_is_refused(self):
        build = paths.build(self.folder, "ours", 1)
        for words, told in [
            (["--start-up"], "--against"),
            (["--against", build, "--peers", "jax"], "--peers"),
            (["--against", build, "--python", "python3"], "--python"),
            (["--against", build, "--start-up", "--phases", "train"], "--phases"),
            (["--against", build, "--start-up", "--workloads", "mlp:32"], "without a batch"),
            (["--workloads", "mlp"], "with a batch"),
            (["--workloads", "mlp:0"], "with a batch"),
            (["--peers", "mxnet"], "mxnet"),
        ]:
            ended = self.compare("--needletail", build, *words)
            self.assertEqual(ended.returncode, 2, words)
            self.assertIn(told, ended.stderr)

    def test_a_missing_build_is_told(self):
        ended = self.compare("--needletail", self.folder / "none")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("expected the tool", ended.stderr)


if __name__ == "__main__":
    unittest.main()
