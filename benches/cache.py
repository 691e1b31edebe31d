#!/usr/bin/env python3
"""Measures `goaudit cache` against `du -a` on the same cache, in elapsed and in CPU seconds.

    cargo build --release
    benches/cache.py target/release/goaudit [DIR] [ROUNDS]

DIR is a GOCACHE. Without one a cache of 10,000 files and 1 GB is made: its archives are those of
`go build std`, each stored under as many keys as it takes. Both commands run once before they are
measured, so that neither pays for the disk, and in turns. Printed are medians and their ratios, and
the peak of memory.
"""

import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

FILES, BYTES = 10_000, 1_000_000_000


def run(command):
    """Runs a command; returns elapsed and CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    elapsed = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return elapsed, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def outputs(cache):
    """The outputs of a cache: path and size, the folders of executables left out."""
    for folder, _, names in os.walk(cache):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith("-d"):
                yield path, os.path.getsize(path)


def fill(cache):
    """Builds the standard library, and stores what that gave again until the cache is large enough."""
    environment = {**os.environ, "GOCACHE": cache}
    subprocess.run(["go", "build", "std"], env=environment, cwd="/", check=True)
    originals = sorted(outputs(cache))
    files = sum(len(names) for _, _, names in os.walk(cache))
    total = sum(size for _, size in originals)
    number = 0
    while files < FILES or total < BYTES:
        path, size = originals[number % len(originals)]
        if total + size > BYTES and files < FILES:
            path, size = min(originals, key=lambda one: one[1])
        number += 1
        # The names are what counts: contents are not hashed.
        output = hashlib.sha256(f"output {number}".encode()).hexdigest()
        action = hashlib.sha256(f"action {number}".encode()).hexdigest()
        shutil.copyfile(path, f"{cache}/{output[:2]}/{output}-d")
        with open(f"{cache}/{action[:2]}/{action}-a", "w", encoding="ascii") as entry:
            entry.write(f"v1 {action} {output} {size:>20} {time.time_ns():>20}\n")
        files, total = files + 2, total + size
    print(f"{files} files, {total / 1e6:.0f} MB of outputs")


def measure(goaudit, cache, rounds):
    """Runs both in turns and prints."""
    commands = {"du -a": ["du", "-a", cache], "goaudit cache": [goaudit, "cache", "--format=json", cache]}
    times = {name: [] for name in commands}
    for command in commands.values():
        run(command)
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(run(command))
    medians = {}
    for name, both in times.items():
        medians[name] = [statistics.median(one[which] for one in both) for which in (0, 1)]
        print(f"{name:14} {medians[name][0] * 1000:8.1f} ms elapsed {medians[name][1] * 1000:8.1f} ms CPU")
    for which, what in enumerate(("elapsed", "CPU")):
        print(f"ratio {what}: {medians['goaudit cache'][which] / medians['du -a'][which]:.2f}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"peak of memory of the largest child: {peak / 1000:.0f} MB")


def main():
    """Takes the arguments."""
    goaudit = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 11
    if len(sys.argv) > 2:
        measure(goaudit, sys.argv[2], rounds)
        return
    with tempfile.TemporaryDirectory() as cache:
        fill(cache)
        measure(goaudit, cache, rounds)


main()
