# SPDX-License-Identifier: GPL-3.0-or-later
"""What etc/examples has for watching zones: after each update, by D-Bus, and every night.

Run alone:  MXGUARD_MODULE=/path/mxguard.so KMXCHECK=/path/kmxcheck /usr/bin/python3 \
                tests/functional/test_watching.py
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import client
import harness
import zones
from stanza import Policy
from system import end_with_parent

TOP = pathlib.Path(os.environ.get("MXGUARD_SRCDIR") or pathlib.Path(__file__).parents[2]).resolve()
EXAMPLES = TOP / "etc/examples"
UNITS = ("external-validation.service", "kmxcheck-nightly.service", "kmxcheck-nightly.timer",
         "zone-updated.service")
ZONE = "example.test."
ACL = "acl:\n  - id: here\n    address: 127.0.0.1\n    action: transfer\n"
BUS = """\
<busconfig>
  <type>system</type>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/> <allow eavesdrop="true"/> <allow own="*"/>
  </policy>
</busconfig>
"""


DBUS = unittest.skipUnless(shutil.which("gdbus") and shutil.which("dbus-daemon"),
                           "gdbus or dbus-daemon is not installed")
VALIDATION = "external:\n  - id: mail\n    timeout: 20\n    dump-new-zone: \"%s/%%s.zone\"\n"


def text(address):
    return zones.small(ZONE, "@ MX 10 mail\nmail A " + address)


class Watching(harness.Case):
    """No server repairs anything here: the stanza is in mode log."""

    serial = 2

    def server(self, **options):
        server = harness.Knotd({ZONE: text("192.0.2.25")},
                               Policy(proxy=("104.16.0.0/13",), mode="log"), extra=ACL,
                               options={None: "    acl: here\n"}, **options)
        os.mkdir(server.path("bin"))
        os.symlink(os.path.abspath(os.environ["KMXCHECK"]), server.path("bin", "kmxcheck"))
        return server

    def start(self, server):
        server.start()
        self.addCleanup(server.stop)

    def environment(self, server, **more):
        return {**os.environ, "PATH": server.path("bin") + ":" + os.environ["PATH"],
                "KNOT_CONF": server.conf, "SERVER": "%s@%d" % (client.HOST, server.port), **more}

    def update(self, server, address):
        server.write_zone(ZONE, text(address).replace(" 1 10800", " %d 10800" % self.serial))
        self.serial += 1
        server.knotc("zone-reload", ZONE)

    def audit(self, server, *names):
        return subprocess.run(["sh", str(EXAMPLES / "zone-updated"), *names], check=False,
                              capture_output=True, text=True, timeout=60,
                              env=self.environment(server))

    def test_one_zone(self):
        server = self.server()
        self.start(server)
        done = self.audit(server, ZONE)
        self.assertEqual((done.returncode, done.stderr.count("<3>")), (0, 0), done.stderr)
        self.update(server, "104.16.1.2")
        harness.wait_for(lambda: server.answer("mail." + ZONE, "A").rdata("mail." + ZONE, "A")
                         == ["104.16.1.2"], what="the update")
        done = self.audit(server, ZONE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("proxied-host", done.stdout)
        self.assertIn("<3>zone-updated: %s would send mail astray" % ZONE, done.stderr)
        done = self.audit(server, "none.test.")
        self.assertEqual(done.returncode, 1)
        self.assertIn("<3>zone-updated: none.test. could not be audited", done.stderr)

    def watch(self, server, name, **environment):
        """Starts a bus, and an example that listens there; returns what tells what it has said."""
        socket, log = server.path("bus"), server.path("watch")
        bus_conf = pathlib.Path(server.path("bus.conf"))
        bus_conf.write_text(BUS % socket, encoding="ascii")
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=" + socket
        self.addCleanup(os.environ.pop, "DBUS_SYSTEM_BUS_ADDRESS")
        self.process(["dbus-daemon", "--config-file=%s" % bus_conf, "--nofork", "--nopidfile"],
                     subprocess.DEVNULL, dict(os.environ))
        harness.wait_for(lambda: os.path.exists(socket), what="the bus")
        with open(log, "wb") as file:
            self.process(["sh", str(EXAMPLES / name)], file,
                         self.environment(server, **environment))
        return lambda: pathlib.Path(log).read_text(encoding="utf-8")

    @DBUS
    def test_signals(self):
        server = self.server(server="    dbus-event: zone-updated\n")
        said = self.watch(server, "zone-updated")
        self.start(server)

        # Until the program listens, signals are nobody's.
        def found():
            self.update(server, "104.16.1.2")
            return "<3>zone-updated: %s would send mail astray" % ZONE in said()

        harness.wait_for(found, 30, "a finding")
        self.assertIn("proxied-host", said())

    @DBUS
    @unittest.skipUnless(harness.version() >= (3, 5), "before Knot DNS 3.5")
    def test_external_validation(self):
        """What would send mail to a proxy is not published, and the next good version is."""
        server = self.server(server="    dbus-event: external-verify\n    background-workers: 2\n")
        os.mkdir(server.path("new"))
        server.extra += VALIDATION % server.path("new")
        server.options = {None: "    acl: here\n    external-validation: mail\n"}
        server.write_conf()
        said = self.watch(server, "external-validation", KNOT_NEW=server.path("new"),
                          KNOTC="%s -s %s" % (harness.program("knotc"), server.path("knot.sock")))
        self.start(server)

        def published(address):
            return server.answer("mail." + ZONE, "A").rdata("mail." + ZONE, "A") == [address]

        # Until the program listens, signals are nobody's, and the version is dropped in time.
        def refused():
            server.write_zone(ZONE, text("104.16.1.2").replace(" 1 10800", " 2 10800"))
            server.knotc("zone-reload", ZONE, check=False)
            return "%s, abort" % ZONE[:-1] in said()

        harness.wait_for(refused, 40, "a refusal")
        self.assertIn("proxied-host", said())
        self.assertTrue(published("192.0.2.25"))
        self.serial = 3
        self.update(server, "192.0.2.26")
        harness.wait_for(lambda: published("192.0.2.26"), 15, "the good version")
        self.assertIn("%s, commit" % ZONE[:-1], said())

    def process(self, command, output, env):
        """Starts a program in a process group of its own, which ends with the test."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                   env=env, start_new_session=True, preexec_fn=end_with_parent)

        def end():
            try:
                os.killpg(process.pid, 15)
            except ProcessLookupError:
                pass
            process.wait()
        self.addCleanup(end)
        return process


class Units(unittest.TestCase):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_verify(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="mxg-"))
        self.addCleanup(shutil.rmtree, folder)
        for name in UNITS:
            unit = (EXAMPLES / name).read_text(encoding="ascii")
            # Programs and the user are not on every machine that runs this.
            unit = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", unit)
            (folder / name).write_text(unit.replace("User=knot", "User=root"), encoding="ascii")
        done = subprocess.run(["systemd-analyze", "verify", "--man=no",
                               *(str(folder / name) for name in UNITS)],
                              capture_output=True, text=True, check=False, timeout=60,
                              env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"})
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shellcheck(self):
        for name in "external-validation", "zone-updated", "mxguard-textfile":
            done = subprocess.run(["shellcheck", str(EXAMPLES / name)], capture_output=True,
                                  text=True, check=False, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
