"""Measures needletail and other engines in turn."""

import ctypes.util
import glob
import pathlib
import statistics
import subprocess
import sys

from comparison.processes import fail, inspected, record, run, run_tool, table

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "peers"
# What a peer ends with that cannot build or compute the network (peers/measuring.py).
UNABLE = 3
PHASES = ("train", "infer")

# Workload (network and batch): how many times as fast as the best peer we want to be, in training
# and in inference.
GOALS = {
    "mnist-cnn:32": (5, 1.5), "mnist-cnn:128": (4, 1.5),
    "cifar-cnn:32": (4, 1.5), "cifar-cnn:128": (4, 1.5),
    "vgg8:64": (1.8, 1.5), "resnet18:32": (1.6, 1.4),
    "resnet50:8": (1.3, 1.1), "resnet50:16": (1.3, 1.1),
    "mlp:128": (1.3, 1.1),
}

# Name: (file, variant, module that must be there, phases).
PEERS = {
    "pytorch": ("pytorch.py", "", "torch", PHASES),
    "pytorch-channels-last": ("pytorch.py", "channels-last", "torch", PHASES),
    "pytorch-compile": ("pytorch.py", "compile", "torch", PHASES),
    "pytorch-compile-channels-last": ("pytorch.py", "compile,channels-last", "torch", PHASES),
    "onnxruntime": ("onnx_runtime.py", "", "onnxruntime", ("infer",)),
    "openvino-latency": ("openvino_peer.py", "latency", "openvino", ("infer",)),
    "openvino-throughput": ("openvino_peer.py", "throughput", "openvino", ("infer",)),
    "keras": ("keras_tensorflow.py", "", "tensorflow", PHASES),
    "keras-xla": ("keras_tensorflow.py", "xla", "tensorflow", PHASES),
    "jax": ("jax_peer.py", "", "jax", PHASES),
}
TCMALLOC = "+tcmalloc"
# Those on which another allocator may make a difference: OpenVINO, TensorFlow and JAX have theirs.
PRELOADED = [name + TCMALLOC for name in PEERS if name.startswith(("pytorch", "onnx"))]
ALL = list(PEERS) + PRELOADED
QUICK = ["pytorch", "pytorch-channels-last", "onnxruntime", "openvino-latency"]


def compare(options, tool, workloads):
    """Measures all workloads; prints a line a measurement, and the ratios at the end."""
    peers = usable_peers(options)
    print(f"needletail {tool}; peers {', '.join(peers)}; {options.threads} threads, "
          f"{options.rounds} rounds of {options.seconds:g} s", flush=True)
    results = []
    for network, batch in workloads:
        facts = inspected(tool, network, options.threads)
        for phase in options.phases:
            results.append(Workload(options, tool, network, batch, phase, facts).measure(peers))
    print()
    print(ratios(results))


def usable_peers(options):
    """The peers that were asked for and are installed, each once."""
    names = []
    for name in options.peers:
        names += {"quick": QUICK, "all": ALL}.get(name, [name])
    names = list(dict.fromkeys(names))
    modules = sorted({PEERS[name.removesuffix(TCMALLOC)][2] for name in names})
    installed = {module for module in modules if has_module(options.python, module)}
    if not installed:
        fail(
            f"{options.python} has none of {', '.join(modules)}; install them for it (pip install "
            "torch onnx onnxscript onnxruntime openvino), or name another interpreter with --python "
            "or NEEDLETAIL_PYTHON")
    for module in modules:
        if module not in installed:
            print(f"left out: {module} is not installed in {options.python}", file=sys.stderr)
    usable = [name for name in names if PEERS[name.removesuffix(TCMALLOC)][2] in installed]
    if tcmalloc() is None and any(name.endswith(TCMALLOC) for name in usable):
        print("left out: there is no libtcmalloc (apt-get install libtcmalloc-minimal4)",
              file=sys.stderr)
        usable = [name for name in usable if not name.endswith(TCMALLOC)]
    if not usable:
        fail("no peer is left; see above")
    return usable


def has_module(python, module):
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec('{module}') is None)"
    try:
        return subprocess.run([python, "-c", code], check=False).returncode == 0
    except OSError as error:
        fail(f"{python}: expected a Python interpreter, found: {error.strerror}")


def tcmalloc():
    """The path of the allocator's library, where there is one."""
    for name in ("tcmalloc_minimal", "tcmalloc"):
        library = ctypes.util.find_library(name)
        if library:
            found = [path for folder in ("/usr/lib/*", "/usr/lib", "/usr/lib64", "/usr/local/lib")
                     for path in glob.glob(f"{folder}/{library}")]
            if found:
                return found[0]
    return None


class Workload:
    """A network, a batch and a phase: what was measured of each engine."""

    def __init__(self, options, tool, network, batch, phase, facts):
        self.options, self.tool, self.phase = options, tool, phase
        self.network, self.batch = network, batch
        # What must be the same on both sides.
        self.facts = {
            "parameters": facts["parameters"], "output_shape": facts["layers"][-1]["output_shape"],
        }
        self.common = ["--model", network, "--batch", batch, "--threads", options.threads,
                       "--seconds", options.seconds]
        # By engine, and then by round: a peer may fail in one.
        self.rates, self.memory = {}, {}

    @property
    def name(self):
        return f"{self.network}:{self.batch}"

    def measure(self, peers):
        """Measures all rounds."""
        peers = [peer for peer in peers
                 if self.phase in PEERS[peer.removesuffix(TCMALLOC)][3]]
        for number in range(1, self.options.rounds + 1):
            print(f"{self.name} {self.phase}, round {number}", flush=True)
            ours = run_tool(
                [self.tool, "bench", self.phase, *self.common, "--json"], self.options.threads)
            self.add("needletail", number, ours.found())
            for peer in list(peers):
                if not self.measure_peer(peer, number):
                    peers.remove(peer)
        return self

    def measure_peer(self, peer, number):
        """Measures a peer once; false if it cannot compute this network."""
        file, variant, _, _ = PEERS[peer.removesuffix(TCMALLOC)]
        ended = run(
            [self.options.python, FOLDER / file, "--phase", self.phase, f"--variant={variant}",
             *self.common], self.options.threads, tcmalloc() if peer.endswith(TCMALLOC) else None)
        if ended.status == UNABLE:
            print(f"left out: {peer}: {ended.errors.strip().splitlines()[-1]}", file=sys.stderr)
            return False
        if ended.status != 0:
            print(f"left out in this round: {peer}: {ended.words}", file=sys.stderr)
            return True
        found = ended.found()
        for fact, ours in self.facts.items():
            if found[fact] != ours:
                fail(f"{peer}'s {self.network} has {fact} {found[fact]}, ours {ours}: these are "
                     "not the same networks")
        self.add(peer, number, found)
        return True

    def add(self, name, number, found):
        rate = found["images_per_second_median"]
        self.rates.setdefault(name, {})[number] = rate
        self.memory.setdefault(name, []).append(found["memory_bytes"])
        print(f"  {name:38} {rate:12,.1f} images/s  {found['memory_bytes'] / 1e6:9,.1f} MB",
              flush=True)
        record(self.options.json, {
            "engine": name, "workload": self.name, "phase": self.phase, "round": number,
            "threads": self.options.threads, **found})

    def row(self):
        """The ratios: in each round ours to the best peer of that round; then the median of rounds."""
        peers = {name: values for name, values in self.rates.items() if name != "needletail"}
        ours = self.rates["needletail"]
        goal = dict(zip(PHASES, GOALS[self.name]))[self.phase] if self.name in GOALS else None
        row = [self.name, self.phase, f"{statistics.median(ours.values()):,.0f}"]
        if peers:
            best = max(peers, key=lambda name: statistics.median(peers[name].values()))
            ratios = [
                rate / max(values[number] for values in peers.values() if number in values)
                for number, rate in ours.items()
                if any(number in values for values in peers.values())]
            row += [best, f"{statistics.median(peers[best].values()):,.0f}",
                    f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f}", f"{max(ratios):.2f}"]
        else:
            row += ["none", "", "", "", ""]
        # The least that any PyTorch took: the fairest to it.
        torch = [statistics.median(values) for name, values in self.memory.items()
                 if name.startswith("pytorch")]
        share = statistics.median(self.memory["needletail"]) / min(torch) if torch else None
        return row + [f"{goal:g}" if goal else "",
                      f"{share:.2f}" if share and self.phase == "train" else ""]


def ratios(results):
    head = ["workload", "phase", "ours, images/s", "best peer", "its images/s", "ratio", "least",
            "most", "goal", "memory"]
    return "\n".join([
        table([head, *(workload.row() for workload in results)]), "",
        "ratio: ours / best peer of the round, median of rounds, with the least and the most;",
        "memory: peak of our whole process / that of the smallest PyTorch process, in training."])
