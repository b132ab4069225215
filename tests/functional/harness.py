# SPDX-License-Identifier: GPL-3.0-or-later
"""A real knotd in a temporary folder, as root or not, on free ports of 127.0.0.1.

Environment:
  MXGUARD_MODULE  path of the mxguard.so to test (required by tests that guard a zone)
  KNOTD, KNOTC    the programs, default: those in PATH or /usr/sbin
  KNOTD_PRELOAD   library to preload into knotd (and into a knotc that loads the module), for a
                  module built with sanitizers; any report they write is a failed test
"""

import glob
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import dns.rcode

import client
from system import (START_WAIT, end_with_parent, free_port, left, looks_up, module_file, program,
                    replace, short_tmp, version, wait_for)

__all__ = ["Case", "Knotd", "START_WAIT", "STOP_WAIT", "USER", "free_port", "has_user", "looks_up",
           "module_file", "program", "replace", "short_tmp", "version", "wait_for"]

STOP_WAIT = 60
USER = "knot"
SANITIZERS = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")


def has_user():
    """True if a server can be started as root and go on as USER."""
    try:
        return os.geteuid() == 0 and pwd.getpwnam(USER) is not None
    except KeyError:
        return False


class Knotd:
    """A knotd with some zones.

    zones    {zone name: zone file text}
    guard    None, a Policy for all zones, or {zone name: Policy} for some of them
    server   more lines of the server section
    extra    more sections, before template and zones
    options  {zone name: more lines of its zone section}; the name None stands for all zones
    modules  {zone name: other modules of that zone}; None as above
    """

    def __init__(self, zones, guard=None, *, server="", extra="", options=None, modules=None,
                 log_level="info", module=None):
        self.folder = tempfile.mkdtemp(prefix="mxg-", dir=short_tmp())
        left[self.folder] = None
        self.module = module
        self.zones, self.guard = dict(zones), guard
        self.server, self.extra, self.log_level = server, extra, log_level
        self.options, self.modules = options or {}, modules or {}
        self.port = free_port()
        self.process = None
        self.conf = self.path("knot.conf")
        for sub in ("zones", "db"):
            os.mkdir(self.path(sub))
        for zone in self.zones:
            self.write_zone(zone)
        self.write_conf()

    # Files

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def zone_file(self, zone):
        return self.path("zones", "%d.zone" % list(self.zones).index(zone))

    def write_zone(self, zone, text=None):
        """Writes a zone file, with new text if given."""
        if text is not None:
            self.zones[zone] = text
        replace(self.zone_file(zone), self.zones[zone])

    def policy(self, zone):
        return self.guard.get(zone) if isinstance(self.guard, dict) else self.guard

    def config(self):
        """The whole configuration as text."""
        policies = {}
        for zone in self.zones:
            policy = self.policy(zone)
            if policy is not None:
                policies[policy.id] = policy
        text = CONFIG.format(folder=self.folder, port=self.port, level=self.log_level,
                             server=self.server)
        if policies:
            text += "module:\n  - id: mod-mxguard\n    file: %s\n\nmod-mxguard:\n" % (
                self.module or module_file())
            text += "".join(policy.stanza() for policy in policies.values())
        text += self.extra + TEMPLATE.format(folder=self.folder) + "\nzone:\n"
        for zone in self.zones:
            modules = list(self.modules.get(zone, self.modules.get(None, ())))
            if self.policy(zone) is not None:
                modules.append("mod-mxguard/" + self.policy(zone).id)
            text += "  - domain: %s\n    file: %s\n" % (zone, self.zone_file(zone))
            if modules:
                text += "    module: [ %s ]\n" % ", ".join(modules)
            text += self.options.get(zone, self.options.get(None, ""))
        return text

    def write_conf(self, guard=None):
        """Writes the configuration, with another guard if given."""
        if guard is not None:
            self.guard = guard
        replace(self.conf, self.config())

    def drop_privileges(self):
        """Lets it run as USER from its start on, whose are its files, and a copy of the module."""
        self.server += "    user: %s:%s\n" % (USER, USER)
        self.module = shutil.copy(self.module or module_file(), self.path("mxguard.so"))
        self.write_conf()
        user = pwd.getpwnam(USER)
        for folder, _, files in os.walk(self.folder):
            for path in (folder, *(os.path.join(folder, file) for file in files)):
                os.chown(path, user.pw_uid, user.pw_gid)

    def user(self):
        """The name of the user that it runs as."""
        return pwd.getpwuid(os.stat("/proc/%d" % self.pid()).st_uid).pw_name

    # Life

    def environment(self):
        env = dict(os.environ)
        preload = env.get("KNOTD_PRELOAD")
        if preload:
            env["LD_PRELOAD"] = preload
            for name in SANITIZERS:
                given = env.get(name)
                env[name] = ((given + ":") if given else "") + "log_path=" + self.path("sanitizer")
        return env

    def command(self):
        return [program("knotd"), "-c", self.conf]

    def spawn(self):
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL,
                                            cwd=self.folder, env=self.environment(),
                                            preexec_fn=end_with_parent)
        left[self.folder] = self.process

    def start(self, wait=True):
        """Starts knotd and waits until every zone answers; clears up if that fails."""
        try:
            self._start(wait)
        except BaseException:
            if self.process is not None and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process = None
            self.remove()
            raise
        return self

    def _start(self, wait):
        for attempt in range(3):
            self.spawn()
            try:
                wait_for(self.listening, what="knotd to listen")
                break
            except AssertionError:
                if attempt == 2 or "cannot bind" not in self.log():
                    raise AssertionError("knotd does not start:\n" + self.log()) from None
                self.process.wait()
                self.port = free_port()
                self.write_conf()
        if wait:
            self.wait_zones()

    def listening(self):
        if self.process.poll() is not None:
            raise AssertionError("knotd ended with %s:\n%s" % (self.process.returncode,
                                                             self.log()))
        return os.path.exists(self.path("knot.sock")) and self.answers(".")

    def answers(self, zone, rcode=None):
        """True if the server answers a SOA query at all, or with the given RCODE."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.5)
            try:
                sock.connect((client.HOST, self.port))
                sock.send(client.query(zone, "SOA"))
                data = sock.recv(65535)
            except OSError:
                return False
        return rcode is None or data[3] & 0xf == rcode

    def wait_zones(self):
        for zone in self.zones:
            try:
                wait_for(lambda: self.answers(zone, dns.rcode.NOERROR))
            except AssertionError:
                raise AssertionError("%s is not served:\n%s" % (zone, self.log())) from None

    def pid(self):
        return self.process.pid

    def stop(self):
        """Ends knotd; raises if that is not clean or a sanitizer had something to say."""
        try:
            if self.process is not None:
                code = self._end()
                reports = [open(name, errors="replace").read()
                           for name in glob.glob(self.path("sanitizer*"))]
                if reports:
                    raise AssertionError("sanitizer report:\n" + "\n".join(reports))
                if code != 0:
                    raise AssertionError("knotd ended with %s:\n%s" % (code, self.log()))
        finally:
            self.process = None
            self.remove()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        left.pop(self.folder, None)

    def _end(self):
        code = self.process.poll()
        if code is not None:
            return "%d before it was stopped" % code
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "a kill, having hung"

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        if exc[0] is None:
            self.stop()
            return
        try:
            self.stop()
        except AssertionError as error:
            print("# while cleaning up: %s" % error)

    # Looking in

    def log(self):
        with open(self.path("log"), errors="replace") as file:
            return file.read()

    def log_lines(self, *parts):
        """The lines of the log that have all these parts in them."""
        return [line for line in self.log().splitlines() if all(part in line for part in parts)]

    def knotc(self, *args, check=True):
        """Runs a control command and returns its result (stdout and stderr as text)."""
        result = subprocess.run([program("knotc"), "-s", self.path("knot.sock"), *args],
                                capture_output=True, text=True, timeout=120)
        if check and result.returncode != 0:
            raise AssertionError("knotc %s: %s%s" % (args, result.stdout, result.stderr))
        return result

    def conf_check(self):
        """Runs knotc conf-check on the configuration and returns its result."""
        env = self.environment()
        command = [program("knotc"), "-c", self.conf, "conf-check"]
        if "LD_PRELOAD" not in env:
            return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
        env["ASAN_OPTIONS"] += ":detect_leaks=0"
        try:
            return subprocess.run(command, env=env, capture_output=True, text=True, timeout=20)
        except subprocess.TimeoutExpired as late:
            # A preloaded sanitizer makes knotc hang at its end, in the destructor of a library of
            # its own, once anything has called strerror(). It has said all by then.
            said = [(part or b"").decode() for part in (late.stdout, late.stderr)]
            return subprocess.CompletedProcess(command, 0 if "is valid" in said[0] else 1, *said)

    def counters(self, zone):
        """The module's counters of a zone that are not zero: {"finding[proxied-host]": 1}."""
        result = self.knotc("zone-stats", zone, "mod-mxguard", check=False)
        found = re.findall(r"mod-mxguard\.([^ :]+)(?: =|:) (\d+)", result.stdout)
        return {name: int(value) for name, value in found if int(value)}

    # Asking

    def ask(self, qname, qtype, *, tcp=False, **options):
        """The octets of the answer to one query."""
        wire = client.query(qname, qtype, **options)
        return client.tcp(self.port, wire) if tcp else client.udp(self.port, wire)

    def answer(self, qname, qtype, **options):
        """The answer to one query, read."""
        return client.Answer.read(self.ask(qname, qtype, **options))


CONFIG = """\
server:
    rundir: {folder}
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    udp-max-payload: 4096
{server}
control:
    listen: {folder}/knot.sock

log:
  - target: stderr
    any: {level}

database:
    storage: {folder}/db
    journal-db-max-size: 16M
    timer-db-max-size: 1M
    kasp-db-max-size: 16M

"""

TEMPLATE = """
template:
  - id: default
    storage: {folder}/zones
    semantic-checks: off
    journal-content: none
    zonefile-sync: -1
"""


class Case(unittest.TestCase):
    """A test case that owns servers: what it starts is stopped, and checked, at its end."""

    maxDiff = None
    longMessage = True

    def serve(self, zones, guard=None, **options):
        server = Knotd(zones, guard, **options).start()
        self.addCleanup(server.stop)
        return server

    def pair(self, zones, guard, **options):
        """A guarded server and one without the module, else the same."""
        return self.serve(zones, guard, **options), self.serve(zones, **options)
