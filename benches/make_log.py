#!/usr/bin/env python3
"""Writes the hash logs of two builds of a made-up repository, with known causes why they differ.

    benches/make_log.py DIR [--lines 600000] [--scale 1] [--packages 5000] [--recordings]

DIR gets first.log and second.log; with --recordings also first.goaudit and second.goaudit, which
needs the `zstd` command. Every sum is the SHA-256 of its block, and the content ID of every action
is derived from its sum, so that whatever imports a changed package follows it. --scale multiplies
the lines by more links, as a repository that gets more binaries does; --packages sets what they are linked from.
What was planted, and how many actions it reaches, is printed.
"""

import argparse
import base64
import hashlib
import io
import json
import random
import subprocess
import sys
import tarfile

GO = "go1.25.5"
FLAGS = '["-X" "main.version=1.2.3"]'


def short(digest):
    """The 20 characters by which go names a hash."""
    return base64.urlsafe_b64encode(digest[:15]).decode()


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


class Package:
    def __init__(self, number, total, chance):
        self.standard = number < total // 20
        area = f"area{number % 40:02d}/component{number % 400:03d}"
        if self.standard:
            self.path, self.dir = f"{area}/std{number}", None
        elif number < total // 3:
            module = f"example.org/library{number % 150}"
            self.path, self.dir = f"{module}/pkg{number}", f"/home/ci/go/pkg/mod/{module}@v1.{number % 30}.0/pkg{number}"
        else:
            self.path = f"example.com/enterprise/{area}/internal/pkg{number}"
            self.dir = f"{{root}}/{area}/internal/pkg{number}"
        self.files = [f"file_{number}_{name}.go" for name in range(chance.randint(2, 16))]
        self.imports = sorted(chance.sample(range(number), min(number, chance.randint(1, 14))))


class Build:
    """One side: the lines of its log, in blocks."""

    def __init__(self, packages, plan):
        self.packages, self.plan = packages, plan
        self.content = [None] * len(packages)
        self.blocks, self.sums = [], {}

    def block(self, name, texts):
        head = f"HASH[{name}]"
        digest = hashlib.sha256("".join(texts).encode()).digest()
        lines = [head, *(f"{head}: {quote(text)}" for text in texts), f"{head}: {digest.hex()}"]
        self.sums[name] = digest
        self.blocks.append(lines)
        return digest

    def index(self, package, directory):
        """What loading a package prints; it is hashed into no action."""
        texts = [GO, f"modroot {self.plan['root']}\n", f"package {GO} go index v2 {directory}\n"]
        texts += [f"file {name} 2026-11-20 20:41:52.66 +0000 UTC {len(name) * 97}\n" for name in package.files]
        self.block("moduleIndex", texts)

    def compile(self, number):
        package, plan = self.packages[number], self.plan
        directory = package.dir and package.dir.format(root=plan["root"])
        self.index(package, directory or f"/usr/local/go/src/{package.path}")
        texts = [GO, "compile\n"]
        if directory:
            texts += [f"dir {directory}\n", "go 1.24\n"]
        flags = plan["gcflags"].get(number, "[]")
        texts += ["goos linux goarch amd64\n", f'import "{package.path}"\n',
                  f'omitdebug false standard {str(package.standard).lower()} local false prefix ""\n',
                  f"compile compile version {GO} [] {flags}\n", "GOAMD64=v1\n"]
        files = []
        for name in package.files:
            seed = f"{package.path}/{name}" + plan["edits"].get((number, name), "")
            digest = hashlib.sha256(seed.encode()).digest()
            files.append(f"HASH {directory or '/usr/local/go/src/' + package.path}/{name}: {digest.hex()}")
            texts.append(f"file {name} {short(digest)}\n")
        texts += [f"import {self.packages[i].path} {self.content[i]}\n" for i in package.imports]
        digest = self.block(f"build {package.path}", texts)
        self.blocks[-1][-1:-1] = files
        self.content[number] = short(hashlib.sha256(b"content" + digest).digest())
        out = hashlib.sha256(b"subkey:" + digest + b"stdout").hexdigest()
        self.blocks.append([f'HASH subkey {digest.hex()} "stdout" = {out}'])

    def link(self, number, closure):
        path = f"example.com/enterprise/cmd/program{number}"
        common = [GO, "compile\n", f"dir {self.plan['root']}/cmd/program{number}\n", "go 1.24\n",
                  "goos linux goarch amd64\n", f'import "{path}"\n',
                  'omitdebug false standard false local false prefix ""\n',
                  f"modinfo {quote(f'path{chr(9)}{path}{chr(10)}build{chr(9)}-compiler=gc{chr(10)}')}\n",
                  f"compile compile version {GO} [] []\n", "GOAMD64=v1\n"]
        source = hashlib.sha256(path.encode()).digest()
        common.append(f"file main.go {short(source)}\n")
        common += [f"import {self.packages[i].path} {self.content[i]}\n" for i in closure[-12:]]
        digest = self.block(f"build {path}", common)
        main = short(hashlib.sha256(b"content" + digest).digest())
        texts = [GO, "link\n", "buildmode default goos linux goarch amd64\n", f'import "{path}"\n',
                 'omitdebug false standard false local false prefix ""\n', 'defaultgodebug ""\n',
                 f"link link version {GO} [] exe\n", f"linkflags {self.plan['ldflags']}\n", "GOAMD64=v1\n",
                 "GOROOT=/usr/local/go\n", "GO_EXTLINK_ENABLED=\n", f"packagefile {path}={main}\n"]
        texts += [f"packagefile {self.packages[i].path}={self.content[i]}\n" for i in closure]
        texts.append(f"packagemain {short(digest)}/{main}\n")
        self.block(f"link {path}", texts)

    def lines(self, chance):
        """All lines, those of some neighbouring blocks mixed, as two compiles at a time print them."""
        held = None
        for block in self.blocks:
            if held is None and chance.random() < 0.2:
                held = block
            elif held is not None and held[0] != block[0]:
                while held or block:
                    turn = chance.randint(1, 30)
                    yield from held[:turn]
                    held, block = block, held[turn:]
                held = None
            else:
                yield from block
        yield from held or []


def closures(packages, links, size, chance):
    """What each program is linked from: what some packages import, and what these import, up to a size."""
    result = []
    for _ in range(links):
        closure, todo = set(), []
        while len(closure) < size:
            number = todo.pop() if todo else chance.randrange(len(packages) // 2, len(packages))
            if number not in closure:
                closure.add(number)
                todo += packages[number].imports
        result.append(sorted(closure))
    return result


def write_recording(path, log, lines, root):
    """The log as the one go command of a recording."""
    place = dict.fromkeys(["workdir", "root"], root) | {
        "goroot": "/usr/local/go", "gomodcache": "/home/ci/go/pkg/mod", "gocache": "/cache",
        "home": "/home/ci", "tmpdir": "/tmp", "output": ""}
    manifest = {"format": 1, "goaudit": "0.1.0", "depth": "build", "command": ["go", "build", "./..."],
                "places": place, "environment": [], "go_mod": {"module": "example.com/enterprise", "go": "1.24", "toolchain": None},
                "variations": [], "artifacts": [], "unmatched_artifacts": [], "notes": []}
    info = {"args": ["build", "./..."], "dir": root, "settings": {"GOVERSION": GO}, "exit_code": 0,
            "wall_ms": 1, "hash_log_bytes": len(log), "incomplete": None}
    with open(path, "wb") as file, subprocess.Popen(["zstd", "-q", "-3"], stdin=subprocess.PIPE, stdout=file) as zstd:
        with tarfile.open(fileobj=zstd.stdin, mode="w|", format=tarfile.GNU_FORMAT) as archive:
            for name, data in [("goaudit.json", json.dumps(manifest).encode()),
                               ("invocations/0001/invocation.json", json.dumps(info).encode()),
                               ("invocations/0001/hash.log", log)]:
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        zstd.stdin.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir")
    parser.add_argument("--lines", type=int, default=600_000)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--packages", type=int, default=5_000)
    parser.add_argument("--recordings", action="store_true")
    parser.add_argument("--move", action="store_true", help="plant another directory too: every action of the module changes")
    options = parser.parse_args()
    chance = random.Random(1)
    packages = [Package(number, options.packages, chance) for number in range(options.packages)]
    compiles = sum(23 + 3 * len(p.files) + len(p.imports) for p in packages)
    size = min(2_000, options.packages * 2 // 5)
    links = max(1, (options.lines * options.scale - compiles) // (size + 30))
    linked = closures(packages, links, size, chance)
    edited, flagged = options.packages * 3 // 5, options.packages * 4 // 5
    first = {"root": "/home/ci/src/enterprise", "gcflags": {}, "edits": {}, "ldflags": FLAGS}
    second = {"root": "/builds/another/enterprise" if options.move else first["root"],
              "gcflags": {number: '["-N" "-l"]' for number in range(flagged, flagged + 5)},
              "edits": {(edited, packages[edited].files[0]): "edited"}, "ldflags": FLAGS}
    sides = []
    for name, plan in [("first", first), ("second", second)]:
        build = Build(packages, plan)
        for number in range(len(packages)):
            build.compile(number)
        for number, closure in enumerate(linked):
            build.link(number, closure)
        lines = list(build.lines(random.Random(2)))
        log = ("\n".join(lines) + "\n").encode()
        with open(f"{options.dir}/{name}.log", "wb") as file:
            file.write(log)
        if options.recordings:
            write_recording(f"{options.dir}/{name}.goaudit", log, len(lines), plan["root"])
        print(f"{name}: {len(log) / 1e6:.1f} MB, {len(lines):,} lines, {len(packages) + links:,} compiles, {links:,} links")
        sides.append({key: sum for key, sum in build.sums.items() if key != "moduleIndex"})
    changed = sum(sum != sides[1][key] for key, sum in sides[0].items())
    print(f"planted: source    {packages[edited].path}: {packages[edited].files[0]}")
    print(f"planted: compile-flags  -N -l on 5 packages, from {packages[flagged].path}")
    if options.move:
        print(f"planted: workdir   {first['root']} -> {second['root']}")
    print(f"changed: {changed:,} of {len(sides[0]):,} actions")


if __name__ == "__main__":
    sys.exit(main())
