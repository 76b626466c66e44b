import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import paths

# An interpreter that has every module, and prints `answer` as a peer.
PYTHON = """#!{python}
import sys
if sys.argv[1] != "-c":
    print({answer!r})
    print({complaint!r}, file=sys.stderr)
    sys.exit({status})
"""


class EngineTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def compare(self, status=0, complaint="", **found):
        found = {"images_per_second_median": 50, "parameters": 7, "output_shape": [10]} | found
        python = paths.program(self.folder / "python/python", PYTHON.format(
            python=sys.executable, answer=json.dumps(found), complaint=complaint, status=status))
        return subprocess.run(
            [sys.executable, paths.COMPARE, "--needletail", paths.build(self.folder, "ours", 100),
             "--python", python, "--workloads", "net.yaml:1", "--phases", "infer", "--threads", "1",
             "--rounds", "2", "--peers", "pytorch"],
            capture_output=True, text=True, env=paths.environment(), check=False)

    def test_the_ratio_is_ours_to_the_peer(self):
        ended = self.compare()
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertRegex(
            ended.stdout, r"net\.yaml:1 +infer +100 +pytorch +50 +2\.00 +2\.00 +2\.00")

    def test_other_networks_are_not_compared(self):
        for found, told in [({"parameters": 8}, "parameters 8, ours 7"),
                            ({"output_shape": [3]}, "output_shape [3], ours [10]")]:
            ended = self.compare(**found)
            self.assertEqual(ended.returncode, 1)
            self.assertIn(told, ended.stderr)

    def test_what_a_peer_cannot_is_left_out_once_with_a_word(self):
        ended = self.compare(status=3, complaint="it has no mish")
        self.assertEqual(ended.returncode, 0)
        self.assertEqual(ended.stderr.splitlines(), ["left out: pytorch: it has no mish"])
        self.assertRegex(ended.stdout, r"net\.yaml:1 +infer +100 +none")

    def test_a_peer_that_fails_is_tried_again(self):
        ended = self.compare(status=1, complaint="out of memory")
        self.assertEqual(ended.returncode, 0)
        self.assertEqual(ended.stderr.count("left out in this round"), 2)
        self.assertIn("out of memory", ended.stderr)


if __name__ == "__main__":
    unittest.main()
