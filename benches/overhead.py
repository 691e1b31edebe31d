#!/usr/bin/env python3
"""Measures what goaudit adds to the builds that it watches, in CPU seconds of all processes.

    cargo build --release
    benches/overhead.py target/release/goaudit DIR [ROUNDS]

DIR is a Go module with all its dependencies in the module cache. Set TMPDIR to a folder on a
tmpfs: for seconds after many files were deleted, ext4 makes every new file dear, and that is
more than all that is measured here. Printed are
medians and their ratios:

    check    two builds under `goaudit check --vary=-all,+workdir`, to two bare cold builds
    record   a warm build under `goaudit record`, to the bare warm build
    plan     `goaudit check --depth plan`, to two bare `go build -n ./...` with an empty GOCACHE each
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile


def cpu(command, directory, **variables):
    """Runs a command and returns the CPU seconds of it and all its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, **variables}
    subprocess.run(command, cwd=directory, env=environment, check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def twice_bare(arguments, directory):
    """Two bare builds, each with an empty GOCACHE and outputs elsewhere."""
    total = 0.0
    for _ in range(2):
        with tempfile.TemporaryDirectory() as scratch:
            output = [] if "-n" in arguments else ["-o", scratch + "/out/"]
            total += cpu(["go", "build", *output, *arguments, "./..."], directory,
                         GOCACHE=scratch + "/cache")
    return total


def report(name, rounds, bare, watched):
    """Measures in turns, so that a machine that slows down slows both."""
    pairs = [(bare(), watched()) for _ in range(rounds)]
    one, other = (statistics.median(side) for side in zip(*pairs))
    print(f"{name:8} bare {one:7.2f} s  goaudit {other:7.2f} s  ratio {other / one:.3f}", flush=True)


def main():
    goaudit, directory = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    with tempfile.TemporaryDirectory() as scratch:
        cache, out = scratch + "/cache", scratch + "/out/"
        build = ["go", "build", "-o", out, "./..."]

        def warm(prefix):
            subprocess.run(["rm", "-rf", out], check=True)
            return cpu(prefix + build, directory, GOCACHE=cache)

        report("plan", rounds, lambda: twice_bare(["-n"], directory),
               lambda: cpu([goaudit, "check", "-q", "--depth", "plan"], directory))
        warm([])
        report("record", rounds, lambda: warm([]),
               lambda: warm([goaudit, "record", "-o", scratch + "/r.goaudit", "--"]))
        report("check", rounds, lambda: twice_bare([], directory),
               lambda: cpu([goaudit, "check", "-q", "--vary=-all,+workdir"], directory))


main()
