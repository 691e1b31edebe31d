#!/usr/bin/env python3
"""Measures `goaudit check --ledger` after a change in one package, in CPU seconds of all processes.

    cargo build --release
    benches/ledger.py target/release/goaudit DIR PACKAGE_FILE COMMAND_PACKAGE [ROUNDS]

DIR is a Go module with all its dependencies in the module cache. Each round appends a function to
PACKAGE_FILE of a copy of it, and then builds COMMAND_PACKAGE with -trimpath: twice bare, with a GOCACHE
each that had all but the change, and once under `check --ledger`. Printed are medians and ratios, and
the CPU seconds of the first check, which builds everything twice.
"""

import ctypes
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

PR_SET_CHILD_SUBREAPER = 36


def cpu(command, directory, **variables):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=directory, env={**os.environ, **variables}, check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    goaudit, directory, file, package = sys.argv[1:5]
    goaudit = os.path.abspath(goaudit)
    rounds = int(sys.argv[5]) if len(sys.argv) > 5 else 7
    with tempfile.TemporaryDirectory() as scratch:
        tree = scratch + "/tree"
        shutil.copytree(directory, tree)
        build = ["go", "build", "-trimpath", "-buildvcs=false", "-o", "app", package]
        check = [goaudit, "check", "-q", f"--ledger={scratch}/ledger", "--artifact=app", "--", *build]

        def bare():
            return sum(cpu(build, tree, GOCACHE=f"{scratch}/cache-{side}") for side in range(2))

        cold = bare()
        first = cpu(check, tree)
        print(f"cold     two builds {cold:7.2f} s  check {first:7.2f} s  ratio {first / cold:.3f}",
              flush=True)
        pairs = []
        for number in range(rounds):
            with open(os.path.join(tree, file), "a", encoding="utf-8") as source:
                source.write(f"\nfunc added{number}() int {{ return {number} }}\n\nvar _ = added{number}\n")
            pairs.append((bare(), cpu(check, tree)))
        one, other = (statistics.median(side) for side in zip(*pairs))
        print(f"changed  two builds {one:7.2f} s  check {other:7.2f} s  ratio {other / one:.3f}")
        print(f"against two cold builds {other / cold:.3f}")


if __name__ == "__main__":
    main()
