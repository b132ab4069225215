# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the unittest module given as argument and prints TAP, one line per test."""

import pathlib
import sys
import unittest

from tap import TAPTestRunner


def main(script):
    # Results are to stand where they belong among what tests say on stderr.
    sys.stdout.reconfigure(line_buffering=True)
    path = pathlib.Path(script).resolve()
    sys.path.insert(0, str(path.parent))
    suite = unittest.defaultTestLoader.loadTestsFromName(path.stem)
    if suite.countTestCases() == 0:
        sys.exit(f"{path.name}: no tests in it")
    runner = TAPTestRunner()
    runner.set_stream(True)
    runner.set_format("{method_name}")
    runner.run(suite)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: run.py MODULE.py")
    main(sys.argv[1])
