# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks come out: the table, and the same as JSON. Times are nobody's promise here, because
machines differ and a short run means nothing. That no decision allocates is the same everywhere."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("MXGUARD_BUILDDIR") or TOP)
PROGRAMS = ("tests/bench/bench_judge", "tests/bench/bench_netset")
NUMBERS = (int, float)


class Bench(unittest.TestCase):
    def run_short(self, script, *parts):
        """Runs a script. Returns its table and its JSON."""
        folder = tempfile.mkdtemp(prefix="mxg-")
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "out.json")
        result = subprocess.run([sys.executable, TOP / "tests/bench" / script, "--short", "-o", path,
                                 *parts], capture_output=True, text=True, timeout=600)
        self.assertEqual((0, ""), (result.returncode, result.stderr))
        with open(path) as file:
            return result.stdout, json.load(file)

    def check(self, table, report):
        self.assertEqual({"version", "short", "machine", "figures", "skipped"}, set(report))
        self.assertEqual((1, True), (report["version"], report["short"]))
        self.assertEqual({"cpus", "load", "kernel", "arch", "knotd"}, set(report["machine"]))
        names = set()
        for figure in report["figures"]:
            with self.subTest(figure):
                self.assertNotIn((figure["part"], figure["name"]), names)
                names.add((figure["part"], figure["name"]))
                self.assertIn(figure["name"], table)
                self.assertIsInstance(figure["unit"], str)
                if "median" not in figure:
                    self.assertEqual({"part", "name", "unit"}, set(figure))
                    continue
                for key in ("median", "low", "high"):
                    self.assertIsInstance(figure[key], NUMBERS)
                self.assertLessEqual(figure["low"], figure["median"])
                self.assertLessEqual(figure["median"], figure["high"])
                self.assertGreaterEqual(figure["samples"], 1)
                if figure["part"] == "heap allocations of one decision, later":
                    self.assertEqual(0, figure["high"])
                goals = {"at_least", "at_most"} & set(figure)
                self.assertEqual(bool(goals), "met" in figure)
        for one in report["skipped"]:
            self.assertEqual({"part", "why"}, set(one))
            self.assertIn(one["why"], table)
        return names

    def has_programs(self):
        return all((BUILD / name).exists() for name in PROGRAMS)

    def test_decisions_and_networks(self):
        if not self.has_programs():
            self.skipTest("make benches has not been run")
        names = self.check(*self.run_short("bench.py", "decisions", "networks"))
        for case in ("nothing proxied, A", "nothing proxied, NXDOMAIN", "nothing proxied, referral",
                     "proxied web answer", "guarded host replaced", "guarded host stripped",
                     "MX kept", "MX steered", "alias flattened", "stripped, signature cached"):
            for part in ("time of", "instructions of"):
                self.assertIn((part + " one decision", case), names)
            self.assertIn(("heap allocations of one decision, later", case), names)
        for count in (22, 1000):
            for family in (4, 6):
                part = "%d networks, IPv%d" % (count, family)
                for name in ("load a list", "memory a network", "look-up, hit", "look-up, miss",
                             "linear scan, hit", "linear scan, miss"):
                    self.assertIn((part, name), names)

    def test_server(self):
        names = self.check(*self.run_short("bench.py", "server"))
        if shutil.which("dnsperf"):
            for mix in ("a CDN customer's zone (95 % web names)", "mail names only"):
                for kind in ("log", "enforce"):
                    for how in ("CPU time", "throughput"):
                        self.assertIn((mix + ", 1 UDP worker", "%s, by %s" % (kind, how)), names)
        else:
            self.assertEqual(set(), names)

    def test_scale(self):
        names = self.check(*self.run_short("scale.py", "owners"))
        if shutil.which("dnsperf"):
            part = "a zone with 1000 MX owners"
            for name in ("start", "reload", "memory", "memory more, a zone"):
                self.assertIn((part, "the module: " + name), names)
        else:
            self.assertEqual(set(), names)

    def test_lists_are_read_once(self):
        if not shutil.which("dnsperf"):
            self.skipTest("there is no dnsperf")
        _, report = self.run_short("scale.py", "zones")
        read = {figure["name"]: figure["high"] for figure in report["figures"]
                if "is read" in figure["name"]}
        self.assertEqual({"the module: a list is read at a start": 2,
                          "the module: a list is read at a reload": 1}, read)

    def test_no_such_part(self):
        for script in ("bench.py", "scale.py"):
            result = subprocess.run([sys.executable, TOP / "tests/bench" / script, "nothing"],
                                    capture_output=True, text=True, timeout=60)
            self.assertEqual(2, result.returncode)
            self.assertIn("parts are", result.stderr)


if __name__ == "__main__":
    unittest.main()
