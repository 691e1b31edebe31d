#!/usr/bin/env python3
"""Measures what `goaudit explain` costs, on logs that make_log.py writes.

    cargo build --release
    cargo bench --bench read --no-run
    benches/explain.py target/release/goaudit [ROUNDS]

Printed are medians and their ratios, of rounds that take turns:

    read       goaudit's reader to the bare SHA-256 of the same bytes, in one process, and to a
               straightforward reader in Python (see `straightforward`), both with every key verified
    explain    CPU seconds and peak memory of `goaudit explain` on two logs of 600,000 lines
    scale      the same on logs with ten times the links, and on ten times the packages
"""

import hashlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

BENCHES = os.path.dirname(os.path.abspath(__file__))
WRITE = re.compile(r'^HASH\[(.*)\]: ("(?:[^"\\]|\\.)*")$')
SUM = re.compile(r"^HASH\[(.*)\]: ([0-9a-f]{64})$")
OPEN = re.compile(r"^HASH\[(.*)\]$")
SUBKEY = re.compile(r'^HASH subkey ([0-9a-f]{64}) ("(?:[^"\\]|\\.)*") = ([0-9a-f]{64})$')
FILE = re.compile(r"^HASH (/.*): ([0-9a-f]{64})$")
PLAIN = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
WIDE = {"x": 2, "u": 4, "U": 8}


def unquote(text):
    """The bytes that a string of Go stands for, character by character."""
    payload, at = bytearray(), 1
    while at < len(text) - 1:
        if text[at] != "\\":
            payload += text[at].encode("utf8", "surrogateescape")
            at += 1
        elif (kind := text[at + 1]) in WIDE:
            digits = int(text[at + 2:at + 2 + WIDE[kind]], 16)
            payload += bytes([digits]) if kind == "x" else chr(digits).encode()
            at += 2 + WIDE[kind]
        else:
            payload.append(PLAIN.get(kind, ord(kind)))
            at += 2
    return bytes(payload)


def straightforward(path):
    """Reads a log with a regular expression for each kind of line. Returns how many keys it verified."""
    blocks, others, verified = {}, [], 0
    with open(path, encoding="utf8", errors="surrogateescape") as log:
        for line in log:
            line = line.rstrip("\n")
            if match := SUBKEY.match(line) or FILE.match(line):
                others.append(match.groups())
            elif match := WRITE.match(line):
                if block := blocks.get(match.group(1)):
                    block[-1].append(unquote(match.group(2)))
            elif match := SUM.match(line):
                if block := blocks.get(match.group(1)):
                    digest = hashlib.sha256(b"".join(block.pop())).hexdigest()
                    verified += digest == match.group(2) and match.group(1).startswith(("build ", "link ", "vet "))
            elif match := OPEN.match(line):
                blocks.setdefault(match.group(1), []).append([])
    return verified


def explained(goaudit, first, second):
    """Returns CPU seconds and peak megabytes of one comparison."""
    process = subprocess.Popen([goaudit, "explain", first, second], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"goaudit explain ended with {process.returncode}")
    peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return usage.ru_utime + usage.ru_stime, peak


def made(scratch, name, *options):
    folder = os.path.join(scratch, name)
    os.mkdir(folder)
    recordings = ["--recordings"] if shutil.which("zstd") else []
    subprocess.run([sys.executable, os.path.join(BENCHES, "make_log.py"), folder, *options, *recordings], check=True)
    end = "goaudit" if recordings else "log"
    return [f"{folder}/{side}.{end}" for side in ("first", "second")]


def main():
    goaudit = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as scratch:
        base = made(scratch, "base")
        many_links = made(scratch, "links", "--scale", "10")
        many_packages = made(scratch, "packages", "--lines", "6000000", "--packages", "50000")
        log = os.path.join(scratch, "base", "first.log")
        # In one process, and in turns: a process of its own would measure its start and the disk.
        subprocess.run(["cargo", "bench", "-q", "--bench", "read", "--", log, str(2 * rounds + 1)],
                       cwd=os.path.dirname(BENCHES), check=True)
        start = time.process_time()
        verified = straightforward(log)
        print(f"python      {os.path.getsize(log) / 1e6 / (time.process_time() - start):7.1f} MB/s, {verified} keys verified")
        results = {"explain": base, "10x links": many_links, "10x packages": many_packages}
        times = {name: [] for name in results}
        for _ in range(rounds):
            for name, pair in results.items():
                times[name].append(explained(goaudit, *pair))
        cpu, peak = (statistics.median(column) for column in zip(*times["explain"]))
        for name, measured in times.items():
            own_cpu, own_peak = (statistics.median(column) for column in zip(*measured))
            print(f"{name:12} {own_cpu:6.2f} CPU s  {own_peak:6.0f} MB  ratio {own_cpu / cpu:5.2f} of time, {own_peak / peak:5.2f} of memory",
                  flush=True)


if __name__ == "__main__":
    main()
