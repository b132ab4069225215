#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long kmxcheck takes, and how much memory: one zone of 1,000,000 records beside kzonecheck, and
10,000 small zones beside a program that does nothing but read them. In turn, by CPU time.

  MXGUARD_BUILDDIR=/path/build tests/bench/bench_kmxcheck.py [ROUNDS]
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "functional"))

from kmxcheck_case import BUILD, GOOD, KMXCHECK, STANZA # noqa: E402

RECORDS, ZONES = 1000000, 10000
POLICY = "--proxy", "104.16.0.0/13", "--mail-address", "198.51.100.25"


def run(*command, stdin=None):
    """(CPU seconds, largest resident set in MB) of a command."""
    with open(stdin or os.devnull) as source:
        child = subprocess.Popen(command, stdin=source, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        sys.exit("%s ended with %d" % (command[0], child.returncode))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(what, rounds, ours, other):
    """Prints medians and ratios of two commands that are run in turn."""
    pairs = [(run(*ours[0], stdin=ours[1]), run(*other[0], stdin=other[1]))
             for _ in range(rounds)]
    for i, unit in enumerate(("s of CPU", "MB")):
        us, them = (statistics.median(pair[j][i] for pair in pairs) for j in (0, 1))
        ratio = statistics.median(pair[0][i] / pair[1][i] for pair in pairs)
        print("%-40s %8.2f against %8.2f %s, ratio %.2f" % (what, us, them, unit, ratio))


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory(prefix="mxg-") as name:
        folder = pathlib.Path(name)
        big = folder / "big.example.zone"
        with open(big, "w") as out:
            out.write("$ORIGIN big.example.\n$TTL 300\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n@ MX 10 mail\n"
                      "ns A 192.0.2.53\nmail A 104.16.1.2\n")
            out.writelines("h%d A 192.0.2.%d\n" % (i, i % 254 + 1) for i in range(RECORDS))
        compare("%d records, kzonecheck" % RECORDS, rounds,
                ((KMXCHECK, "-q", *POLICY, big), None),
                (("kzonecheck", "-o", "big.example.", big), None))
        big.unlink()

        lines = [STANZA, "template:\n  - id: default\n    storage: %s\n" % folder,
                 "    module: mod-mxguard/one\nzone:\n"]
        paths = folder / "paths"
        with open(paths, "w") as out:
            for i in range(ZONES):
                path = folder / ("zone%d.test.zone" % i)
                path.write_text(GOOD % path.stem)
                lines.append("  - domain: %s\n" % path.stem)
                out.write("%s\n" % path)
        conf = folder / "knot.conf"
        conf.write_text("".join(lines))
        compare("%d zones, reading them only" % ZONES, rounds, ((KMXCHECK, "-q", "-c", conf), None),
                ((BUILD / "tests/bench/readzones",), paths))


main()
