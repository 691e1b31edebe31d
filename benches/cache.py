#!/usr/bin/env python3
"""Measures `goaudit cache` against `du -a` on the same cache, in elapsed and in CPU seconds.

    cargo build --release
    benches/cache.py target/release/goaudit [--dir DIR] [--files N] [--megabytes N] [--rounds N]

DIR is a GOCACHE. Without one a cache of 10,000 files and 1 GB is made: its archives are those of
`go build std`, each stored under as many keys as it takes; `--files 100000` shows what memory grows
by. Both commands run once before they are measured, so that neither pays for the disk, and in turns,
in an empty directory. Printed are medians and their ratios, and the peak of memory of each. Run it on
a machine that does nothing else: with other work on its cores the threads of goaudit count for less.
"""

import argparse
import hashlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time


def run(command, directory):
    """Runs a command; returns elapsed and CPU seconds, and the peak of its memory in bytes."""
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{command} ended with {child.returncode}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def outputs(cache):
    """The outputs of a cache: path and size, the folders of executables left out."""
    for folder, _, names in os.walk(cache):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith("-d"):
                yield path, os.path.getsize(path)


def fill(cache, least_files, least_bytes):
    """Builds the standard library, and stores what that gave again until the cache is large enough."""
    environment = {**os.environ, "GOCACHE": cache}
    subprocess.run(["go", "build", "std"], env=environment, cwd="/", check=True)
    originals = sorted(outputs(cache))
    files = sum(len(names) for _, _, names in os.walk(cache))
    total = sum(size for _, size in originals)
    number = 0
    smallest = min((one for one in originals if one[1] > 1000), key=lambda one: one[1])
    while files < least_files or total < least_bytes:
        path, size = originals[number % len(originals)]
        if total + size > least_bytes and files < least_files:
            path, size = smallest
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
    with tempfile.TemporaryDirectory() as empty:
        for command in commands.values():
            run(command, empty)
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(run(command, empty))
    medians = {}
    for name, all_times in times.items():
        medians[name] = [statistics.median(column) for column in zip(*all_times)]
        elapsed, cpu, peak = medians[name]
        print(f"{name:14} {elapsed * 1000:8.1f} ms elapsed {cpu * 1000:8.1f} ms CPU {peak / 1e6:6.1f} MB peak")
    for which, what in enumerate(("elapsed", "CPU")):
        print(f"ratio {what}: {medians['goaudit cache'][which] / medians['du -a'][which]:.2f}")


def main():
    """Takes the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("goaudit")
    parser.add_argument("--dir")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=11)
    arguments = parser.parse_args()
    goaudit = os.path.abspath(arguments.goaudit)
    if arguments.dir:
        measure(goaudit, os.path.abspath(arguments.dir), arguments.rounds)
        return
    with tempfile.TemporaryDirectory() as cache:
        fill(cache, arguments.files, arguments.megabytes * 1_000_000)
        measure(goaudit, cache, arguments.rounds)


main()
