#!/usr/bin/env python3
"""Measures what `goaudit diff` costs on pairs of executables.

    cargo build --release
    benches/diff.py target/release/goaudit FIRST SECOND [ROUNDS]

Another program that takes two files does too, such as the bench `binary_diff`:

    cargo bench --bench binary_diff --no-run
    benches/diff.py target/release/deps/binary_diff-0123456789abcdef FIRST SECOND

Printed are medians of CPU seconds and peak memory, of rounds that take turns, and how many times each
took less than goaudit or more:

    goaudit     the comparison
    same        the comparison of FIRST with itself
    cmp         `cmp` of FIRST with a copy of itself, which has to read all of both
    sha256      the SHA-256 of both files, in one process
    diffoscope  once, where it is on PATH; it may take hours
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile

SHA256 = "import hashlib, sys\nfor path in sys.argv[1:]: hashlib.file_digest(open(path, 'rb'), 'sha256')"


def measured(command, expected=(0, 1)):
    """Returns CPU seconds, those of its children included, and peak megabytes of a command."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in expected:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return usage.ru_utime + usage.ru_stime, peak


def main():
    program, first, second = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 9
    compare = [os.path.abspath(program)] + (["diff"] if os.path.basename(program) == "goaudit" else [])
    with tempfile.TemporaryDirectory() as scratch:
        copy = shutil.copy(first, os.path.join(scratch, "copy"))
        commands = {
            "goaudit": [*compare, first, second],
            "same": [*compare, first, copy],
            "cmp": ["cmp", first, copy],
            "sha256": [sys.executable, "-c", SHA256, first, second],
        }
        results = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                results[name].append(measured(command))
        if shutil.which("diffoscope"):
            results["diffoscope"] = [measured(["diffoscope", "--text", "-", first, second])]
    size = os.path.getsize(first) / 1e6
    base = statistics.median(cpu for cpu, _ in results["goaudit"])
    print(f"{first} and {second}: {size:.1f} MB")
    for name, result in results.items():
        cpu, peak = (statistics.median(column) for column in zip(*result))
        print(f"{name:11} {cpu:8.3f} CPU s  {peak:6.0f} MB  {cpu / base:8.2f} of goaudit", flush=True)


if __name__ == "__main__":
    main()
