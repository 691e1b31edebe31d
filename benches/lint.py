#!/usr/bin/env python3
"""Times `goaudit lint` on the CI and build files of real repositories, beside other linters of workflows.

    benches/lint.py GOAUDIT REPOSITORY… [--with 'actionlint' --with 'zizmor --offline .github/workflows']

Takes the CI and build files of the checkouts into one repository in a temporary folder, 1,400 of them
(--files), and runs each command there in turn, --rounds times. Workflows keep their place, the other files
theirs in a folder for each checkout. The other commands see the same workflows, and none of the rest.
Printed are CPU seconds (user and system, of all processes), least, median and most, and the ratios of the
medians to the first; then the same for one workflow alone, which is mostly the time to start.
"""

import argparse
import os
import re
import resource
import shlex
import shutil
import statistics
import subprocess
import tempfile

OTHERS = re.compile(
    r"(^|/)((GNU)?[Mm]akefile|[^/]*\.mk|[^/]*\.sh|[Dd]ockerfile[^/]*|[Tt]askfile\.ya?ml|justfile|action\.ya?ml"
    r"|\.?goreleaser\.ya?ml)$"
)
WORKFLOW = re.compile(r"^\.github/workflows/([^/]*\.ya?ml)$")


def cpu(command, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode not in (0, 1) and "goaudit" in command[0]:
        raise SystemExit(f"{command} ended with {ended.returncode}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def gather(checkouts, folder, most):
    """Copies files, the same share of each checkout, and returns how many of each kind."""
    kinds = {"workflows": 0, "others": 0}
    listed = []
    for checkout in checkouts:
        files = subprocess.run(
            ["git", "ls-files"], cwd=checkout, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        name = os.path.basename(os.path.normpath(checkout))
        wanted = []
        for path in files:
            workflow = WORKFLOW.match(path)
            if workflow:
                wanted.append(("workflows", path, f".github/workflows/{name}-{workflow[1]}"))
            elif OTHERS.search(path) and not re.search(r"(^|/)(vendor|testdata|node_modules)/", path):
                wanted.append(("others", path, f"{name}/{path}"))
        listed.append((checkout, wanted))
    for turn in range(max(len(wanted) for _, wanted in listed)):
        for checkout, wanted in listed:
            if turn >= len(wanted) or sum(kinds.values()) >= most:
                continue
            kind, source, target = wanted[turn]
            source, target = os.path.join(checkout, source), os.path.join(folder, target)
            if os.path.isfile(source) and not os.path.islink(source):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copyfile(source, target)
                kinds[kind] += 1
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return kinds


def run(title, commands, folder, rounds):
    print(title)
    times = {name: [] for name, _ in commands}
    for _ in range(rounds):
        for name, command in commands:
            times[name].append(cpu(command, folder))
    first = statistics.median(times[commands[0][0]])
    for name, all_of_them in times.items():
        median = statistics.median(all_of_them)
        print(
            f"  {name:30} {min(all_of_them):7.3f} {median:7.3f} {max(all_of_them):7.3f} CPU s"
            f"  {median / first:6.1f} times"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("goaudit")
    parser.add_argument("checkouts", nargs="+")
    parser.add_argument("--with", dest="others", action="append", default=[], metavar="COMMAND")
    parser.add_argument("--files", type=int, default=1400)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    goaudit = os.path.abspath(args.goaudit)
    with tempfile.TemporaryDirectory(prefix="goaudit-bench-") as folder:
        kinds = gather(args.checkouts, folder, args.files)
        size = sum(
            os.path.getsize(os.path.join(at, name))
            for at, _, names in os.walk(folder)
            if "/.git/" not in at + "/"
            for name in names
        )
        commands = [("goaudit lint", [goaudit, "lint", "--format", "json"])]
        commands += [(other.split()[0], shlex.split(other)) for other in args.others]
        run(f"{kinds['workflows']} workflows, {kinds['others']} other files, {size:,} bytes", commands, folder, args.rounds)
        one = sorted(os.listdir(f"{folder}/.github/workflows"))[0]
        keep = os.path.join(folder, "one")
        os.makedirs(f"{keep}/.github/workflows")
        shutil.copyfile(f"{folder}/.github/workflows/{one}", f"{keep}/.github/workflows/ci.yml")
        subprocess.run(["git", "init", "-q"], cwd=keep, check=True)
        run("one workflow", commands, keep, args.rounds * 4)


if __name__ == "__main__":
    main()
