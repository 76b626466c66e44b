"""Where the scripts are, and builds of needletail that only pretend."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COMPARE = ROOT / "scripts/compare"
sys.path += [str(ROOT / "scripts"), str(ROOT / "scripts/peers")]

# Prints what needletail would: a rate, and the next of the hand-overs that stand in the file `hand-overs`
# beside it; keeps what it was asked in the file `asked`.
BUILD = """#!{python}
import json, pathlib, sys
folder, words = pathlib.Path(__file__).parent, sys.argv[1:]
with open(folder.parent / "asked", "a") as file:
    print(folder.name, *words, file=file)
if words[0] == "inspect":
    print(json.dumps({{"parameters": 7, "layers": [{{"output_shape": [10]}}]}}))
elif words[:2] == ["bench", "peak"]:
    values = (folder / "hand-overs").read_text().split()
    (folder / "hand-overs").write_text(" ".join(values[1:] + values[:1]))
    print(json.dumps({{"limit": "read"}}))
    print(json.dumps({{"limit": "hand-over", "nanoseconds": float(values[0])}}))
else:
    print(json.dumps({{"images_per_second_median": {rate}}}))
"""


def program(path, text):
    """A program that an interpreter runs."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def build(folder, name, rate, hand_overs=(30,)):
    """A build that makes so many images a second."""
    path = program(
        folder / name / "needletail", BUILD.format(python=sys.executable, rate=rate))
    (path.parent / "hand-overs").write_text(" ".join(map(str, hand_overs)))
    return path


def asked(folder):
    """The words of all calls, in order: the build's name, and its arguments."""
    return [line.split() for line in (folder / "asked").read_text().splitlines()]


def environment(**variables):
    """The environment without what a user may have set for the scripts."""
    kept = {name: value for name, value in os.environ.items() if name != "NEEDLETAIL_PYTHON"}
    return kept | variables
