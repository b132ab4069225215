# SPDX-License-Identifier: GPL-3.0-or-later
"""What benchmarks share: options, figures with their spread, the CPU time of a server, what it reads, and
dnsperf.

A figure is a median with the lowest and the highest sample. Where two things are compared, they are
measured in turn, and the ratio is taken round by round: what else the machine does then counts for
both.
"""

import argparse
import ctypes
import glob
import json
import os
import re
import shutil
import statistics
import struct
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "functional"))


def options(parts, output, *more):
    """Reads the command line of a script that measures parts, and writes them to a file. More are pairs:
    the names of an option and what argparse has to know of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-s", "--short", action="store_true", help="shows that all of it works")
    parser.add_argument("-o", "--output", default=output, metavar="FILE")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    for names, about in more:
        parser.add_argument(*names, **about)
    args = parser.parse_args()
    if not set(args.parts) <= set(parts):
        parser.error("parts are " + ", ".join(parts))
    args.parts = args.parts or list(parts)
    return args


class Report:
    """Figures in the order in which they are added, and what could not be measured."""

    def __init__(self):
        self.figures, self.skipped = [], []
        self.load = [os.getloadavg()[0]]

    def add(self, part, name, unit, samples, at_least=None, at_most=None):
        """Adds a figure. None in the place of samples: it is not measured."""
        figure = {"part": part, "name": name, "unit": unit}
        if samples:
            median = statistics.median(samples)
            figure.update(median=median, low=min(samples), high=max(samples),
                          samples=len(samples))
            if at_least is not None:
                figure.update(at_least=at_least, met=median >= at_least)
            if at_most is not None:
                figure.update(at_most=at_most, met=median <= at_most)
        self.figures.append(figure)

    def skip(self, part, why):
        self.skipped.append({"part": part, "why": why})

    def table(self):
        lines = []
        part = None
        for figure in self.figures:
            if figure["part"] != part:
                part = figure["part"]
                lines += ["", "%-48s %12s  %s" % (part, "median", "lowest .. highest")]
            if "median" not in figure:
                lines.append("  %-46s %12s" % (figure["name"], "not measured"))
                continue
            goal = "".join(" (%s %s: %s)" % (text, number(figure[key]),
                                            "reached" if figure["met"] else "not reached")
                           for key, text in (("at_least", "at least"), ("at_most", "at most"))
                           if key in figure)
            lines.append("  %-46s %12s  %s .. %s %s%s" % (
                figure["name"], number(figure["median"]), number(figure["low"]),
                number(figure["high"]), figure["unit"], goal))
        lines += [""] + ["not measured: %s, %s" % (one["part"], one["why"])
                         for one in self.skipped]
        lines.append("load of this machine (%d CPUs): %.1f before, %.1f after" % (
            os.cpu_count(), *self.ends()))
        return "\n".join(lines).strip("\n")

    def ends(self):
        return self.load[0], self.load[-1]

    def write(self, path, short):
        """Prints the table, and writes the same as JSON."""
        self.load.append(os.getloadavg()[0])
        print(self.table())
        knotd = subprocess.run([find("knotd") or "true", "-V"], capture_output=True, text=True)
        with open(path, "w") as file:
            json.dump({"version": 1, "short": short,
                       "machine": {"cpus": os.cpu_count(), "load": self.ends(),
                                   "kernel": os.uname().release, "arch": os.uname().machine,
                                   "knotd": knotd.stdout.strip()},
                       "figures": self.figures, "skipped": self.skipped}, file, indent=1)
            file.write("\n")
        print("the same as JSON: %s" % path)


def number(value):
    """A number in as many digits as mean something."""
    return "%.0f" % value if abs(value) >= 1000 else "%.4g" % value


def find(name):
    """Path of a program, or None."""
    return os.environ.get(name.upper()) or shutil.which(
        name, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")


def cpu(pid):
    """Nanoseconds of CPU time that a process has used, all threads."""
    total = 0
    for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
        try:
            with open(path) as file:
                total += int(file.read().split()[0])
        except FileNotFoundError:
            pass
    return total


def memory(pid):
    """Octets of memory of its own that a process has in use."""
    with open("/proc/%d/smaps_rollup" % pid) as file:
        return sum(int(size) * 1024 for size in re.findall(r"(?m)^Private_\w+:\s+(\d+)", file.read()))


class Opened:
    """Counts how often the files of a folder are opened. The closing of a file is an event, too, because
    the kernel makes one of two that are the same."""

    OPEN, CLOSE, FOLDER = 0x20, 0x10, 0x40000000

    def __init__(self, folder):
        libc = ctypes.CDLL(None, use_errno=True)
        self.events = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if libc.inotify_add_watch(self.events, os.fsencode(folder), self.OPEN | self.CLOSE) < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def count(self):
        """How often since the last call."""
        opened = 0
        while True:
            try:
                data = os.read(self.events, 65536)
            except BlockingIOError:
                return opened
            at = 0
            while at < len(data):
                _, mask, _, size = struct.unpack_from("iIII", data, at)
                at += 16 + size
                opened += bool(mask & self.OPEN) and not mask & self.FOLDER

    def close(self):
        os.close(self.events)


def dnsperf(server, questions, count, dnssec=False):
    """Asks a server, the questions in turn, so many times in all or a few more. Returns (queries per
    second, nanoseconds of its CPU time per query)."""
    path = server.path("questions")
    times = -(-1000 // len(questions)) # A file of few lines is read again too often.
    with open(path, "w") as file:
        file.write(("\n".join(questions) + "\n") * times)
    before = cpu(server.pid())
    out = subprocess.run(["dnsperf", "-s", "127.0.0.1", "-p", str(server.port), "-d", path,
                          "-n", str(-(-count // (times * len(questions)))), "-c", "4", "-q", "100", "-t", "0.2"] +
                         ["-D"] * dnssec, # Some are lost, and it waits for them.
                         check=True, capture_output=True, text=True, timeout=120).stdout
    spent = cpu(server.pid()) - before
    completed = int(re.search(r"Queries completed:\s+(\d+)", out)[1])
    if completed == 0:
        raise SystemExit("no answer to '%s' and others:\n%s" % (questions[0], out))
    return float(re.search(r"Queries per second:\s+([\d.]+)", out)[1]), spent / completed
