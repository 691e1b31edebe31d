#!/usr/bin/env python3
"""Measures what `goaudit cacheprog` adds to builds, in CPU seconds of all processes.

    cargo build --release
    benches/cacheprog.py target/release/goaudit DIR [ROUNDS]

DIR is a Go module with all its dependencies in the module cache; benches/make_module.py makes one
of 300 packages. Printed are medians and their ratios:

    cold     a build with an empty GOCACHE, behind the program and without
    warm     the same once more, linking included
    verify   warm, with --verify
    relay    warm, with a second cacheprog behind the first
"""

import ctypes
import os
import resource
import statistics
import subprocess
import sys
import tempfile

PR_SET_CHILD_SUBREAPER = 36


def cpu(directory, cache, program):
    """Builds and returns the CPU seconds of all processes: go does not wait for its program."""
    with tempfile.TemporaryDirectory() as out:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        environment = {**os.environ, "GOCACHE": cache, "GOCACHEPROG": program}
        subprocess.run(["go", "build", "-trimpath", "-o", out + "/", "./..."], cwd=directory,
                       env=environment, check=True, stderr=subprocess.DEVNULL)
        while True:
            try:
                os.wait()
            except ChildProcessError:
                break
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def report(name, pairs):
    one, other = (statistics.median(side) for side in zip(*pairs))
    print(f"{name:8} plain {one:7.3f} s  cacheprog {other:7.3f} s  ratio {other / one:.3f}",
          flush=True)


def main():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    goaudit, directory = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 15
    program = goaudit + " cacheprog"
    with tempfile.TemporaryDirectory() as scratch:
        pairs = []
        for number in range(2):
            pairs.append((cpu(directory, f"{scratch}/plain-{number}", ""),
                          cpu(directory, f"{scratch}/served-{number}", program)))
        report("cold", pairs)
        cache = scratch + "/plain-0"
        for name, line in [("warm", program), ("verify", program + " --verify"),
                           ("relay", f"{program} -- {program}")]:
            report(name, [(cpu(directory, cache, ""), cpu(directory, cache, line))
                          for _ in range(rounds)])


if __name__ == "__main__":
    main()
