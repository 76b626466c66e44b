"""Starts what is measured, and gives what it printed."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass


def fail(text):
    sys.exit(f"compare: {text}")


@dataclass
class Ended:
    """A process that has ended."""

    command: list
    status: int
    output: str
    errors: str
    seconds: float
    memory_bytes: int

    @property
    def words(self):
        return f"'{' '.join(self.command)}' ended with {self.status}\n{self.errors.rstrip()}"

    def found(self):
        """The object in the last line that it printed, with the most memory that it had."""
        return {**json.loads(self.output.splitlines()[-1]), "memory_bytes": self.memory_bytes}


def run(command, threads, preload=None):
    """Runs a process on as many processors as it has threads."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    if preload:
        environment["LD_PRELOAD"] = preload
    processors = sorted(os.sched_getaffinity(0))[:threads]
    command = [str(word) for word in command]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment,
                preexec_fn=lambda: os.sched_setaffinity(0, processors))
        except OSError as error:
            fail(f"{command[0]}: expected a program, found: {error.strerror}")
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        return Ended(command, process.returncode, output.read(), errors.read(), seconds,
                     usage.ru_maxrss * 1024)


def run_tool(command, threads):
    """Runs a build of needletail, which must succeed."""
    ended = run(command, threads)
    if ended.status != 0 or not ended.output.strip():
        fail(ended.words)
    return ended


def inspected(tool, network, threads):
    """What `needletail inspect` tells of a network."""
    return run_tool([tool, "inspect", network, "--json"], threads).found()


def record(path, values):
    """Appends a measurement to a file, if there is to be one."""
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


def table(rows):
    """Rows of texts, the first of which is the head, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)
