# SPDX-License-Identifier: GPL-3.0-or-later
"""kmxcheck --all-servers: every name server of a zone, on addresses of the loopback, and what is said
of each of them.

Run alone:  MXGUARD_MODULE=/path/mxguard.so KMXCHECK=/path/kmxcheck \\
            /usr/bin/python3 tests/functional/test_all_servers.py
"""

import json
import os
import re
import socket
import subprocess
import time
import unittest

import harness
import zones
from kmxcheck_case import KMXCHECK, RUN_WAIT, on_terminal
from wire_tap import AuditCase, findings
from stanza import Policy

POLICY = Policy(mail_exchange="mx-direct")
ZONE = "many.example."
MET = [("proxied-target", ZONE, "MX", "www." + ZONE, "104.16.1.1")]
MISTAKE = "@ MX 10 www\nwww A 104.16.1.1\n"


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def zone_of(*servers, lines=MISTAKE, serial=1):
    """A zone that is served at (name, address...); without address the name is elsewhere."""
    for name, *addresses in servers:
        lines += "@ NS %s\n" % name
        for address in addresses:
            lines += "%s %s %s\n" % (name, "AAAA" if ":" in address else "A", address)
    text = zones.small(ZONE, lines).replace("@ NS ns\nns A 192.0.2.53\n", "")
    return text.replace(" 1 10800 ", " %d 10800 " % serial)


class AllServers(AuditCase):
    def setUp(self):
        super().setUp()
        self.port = harness.free_port()

    def listen(self, text, guard, *addresses):
        """A knotd that listens at these addresses too."""
        return self.serve({ZONE: text}, guard, server="".join(
            '    listen: "%s@%d"\n' % (address, self.port) for address in addresses))

    def run_kmxcheck(self, conf, *args, status):
        done = subprocess.run([KMXCHECK, "-c", conf, "--all-servers", "--port", str(self.port),
                               *args], capture_output=True, text=True, timeout=RUN_WAIT,
                              stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def asked(self, conf, status):
        """{(address, name): zone object}, in the order of the output."""
        report = self.audit("-c", conf, "-f", "json", "--all-servers", "--port", self.port,
                            status=status)
        return self.by_server(report)

    def by_server(self, report):
        zones_ = json.loads(report)["zones"]
        self.assertTrue(all(one["server"].endswith("@%d" % self.port) for one in zones_))
        return {(one["server"].rsplit("@", 1)[0], one["ns"]): one for one in zones_}

    def test_finds_the_secondary_without_the_module(self):
        text = zone_of(("ns1", "127.0.0.2"), ("ns2", "127.0.0.3"), ("ns3", "127.0.0.2"))
        guarded = self.listen(text, POLICY, "127.0.0.2")
        self.listen(text, None, "127.0.0.3")
        found = self.asked(guarded.conf, 1)
        # One address is asked once.
        self.assertEqual(list(found), [("127.0.0.2", "ns1." + ZONE), ("127.0.0.3", "ns2." + ZONE)])
        first, second = found.values()
        self.assertEqual((first["guarded"], findings(first)), ("yes", []))
        self.assertEqual((second["guarded"], findings(second)), ("no", MET))
        self.assertIn("guard it on this server", second["findings"][0]["remedy"])

        stdout, stderr = self.run_kmxcheck(guarded.conf, status=1)
        self.assertEqual(stderr, "")
        self.assertRegex(stdout, r"(?m)^many\.example\. at 127\.0\.0\.2@%d \(ns1\.many\.example\.\): "
                         r"guarded \((\d) of \1 changes" % self.port)
        self.assertRegex(stdout, r"(?m)^many\.example\. at 127\.0\.0\.3@%d \(ns2\.many\.example\.\): "
                         r"not guarded \(0 of" % self.port)
        self.assertIn("\n1 zone at 2 servers: 1 error\n", stdout)
        # All are guarded.
        self.run_kmxcheck(self.listen(zone_of(("ns1", "127.0.0.2")), POLICY).conf, status=0)
        # A server beside them may be asked as well, and the port is for it too.
        stdout, _ = self.run_kmxcheck(guarded.conf, "-s", "127.0.0.3", status=1)
        self.assertEqual(stdout.count(" at 127.0.0."), 2)
        stdout, _ = self.run_kmxcheck(guarded.conf, "-s", "127.0.0.1@%d" % guarded.port, status=1)
        self.assertIn("\n1 zone at 3 servers: 1 error\n", stdout)

    @unittest.skipUnless(has_ipv6(), "there is no IPv6 here")
    def test_both_families(self):
        text = zone_of(("ns1", "127.0.0.2", "::1"))
        guarded = self.listen(text, POLICY, "127.0.0.2")
        self.listen(text, None, "::1")
        found = self.asked(guarded.conf, 1)
        self.assertEqual([(where[0], one["guarded"]) for where, one in found.items()],
                         [("127.0.0.2", "yes"), ("::1", "no")])

    def test_no_network(self):
        """An address without a network is told, and no error if there is another one."""
        text = zone_of(("ns1", "127.0.0.2", "2001:db8::53"))
        other = zones.small("other.example.", "@ NS ns1.many.example.\n").replace(
            "@ NS ns\nns A 192.0.2.53\n", "")
        guarded = self.serve({ZONE: text, "other.example.": other}, POLICY,
                             server="    listen: 127.0.0.2@%d\n" % self.port)
        try:
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
                sock.connect(("2001:db8::53", 53))
            self.skipTest("there is a network for anything here")
        except OSError:
            pass
        stdout, stderr = self.run_kmxcheck(guarded.conf, status=0)
        self.assertEqual(stderr, "kmxcheck: note: 2001:db8::53@%d (ns1.%s) is not asked: there is no network "
                         "to it here\n" % (self.port, ZONE))
        self.assertIn("2 zones: nothing found", stdout)
        only = self.listen(zone_of(("ns1", "2001:db8::53")), POLICY)
        self.assertIn("no name server that can be asked",
                      self.run_kmxcheck(only.conf, status=2)[1])

    def test_names_elsewhere(self):
        """Name servers in another zone of the run, and those that the system's resolver knows."""
        other = "hosts.example."
        text = zone_of(("ns.hosts.example.",), ("localhost.",))
        server = self.serve({ZONE: text, other: zones.small(other, "ns A 127.0.0.2\n").replace(
            "ns A 192.0.2.53\n", "")}, POLICY, server="".join(
                "    listen: %s@%d\n" % (address, self.port)
                for address in ("127.0.0.2", "127.0.0.1")))
        more = {info[4][0] for info in socket.getaddrinfo("localhost", None)} - {"127.0.0.1"}
        stdout, stderr = self.run_kmxcheck(server.conf, "-f", "json", status=2 if more else 0)
        found = self.by_server(stdout)
        self.assertEqual({name for _, name in found}, {"ns.hosts.example.", "localhost."}, stderr)
        self.assertIn(("127.0.0.2", "ns.hosts.example."), found)
        self.assertIn(("127.0.0.1", "localhost."), found)
        # Whatever localhost has beside that is nobody's, and an error.
        self.assertEqual(len(stderr.splitlines()), len(more), stderr)

    def test_nobody_there(self):
        """Each server that can't be asked is an error, and does not hide the others."""
        text = zone_of(("ns1", "127.0.0.2"), ("ns2", "127.0.0.3"), ("none.invalid.",),
                       ("ns4",))
        guarded = self.listen(text, POLICY, "127.0.0.2")
        stdout, stderr = self.run_kmxcheck(guarded.conf, "-f", "json", status=2)
        self.assertEqual(list(self.by_server(stdout)), [("127.0.0.2", "ns1." + ZONE)])
        self.assertRegex(stderr, r"(?m)^kmxcheck: 127\.0\.0\.3@%d: no answer to many\.example\. SOA"
                         % self.port)
        for name in "none.invalid.", "ns4." + ZONE:
            self.assertIn("zone: no address of the name server %s is to be found\n" % name, stderr)
        nowhere = self.listen(zone_of(), POLICY)
        stdout, stderr = self.run_kmxcheck(nowhere.conf, status=2)
        self.assertEqual(stdout, "")
        self.assertIn("zone: the zone has no name server that can be asked\n", stderr)

    def test_another_zone(self):
        """Of a server that has another version of the zone nothing is said but that."""
        text = zone_of(("ns1", "127.0.0.2"), ("ns2", "127.0.0.3"), serial=7)
        conf = self.listen(text, POLICY).conf
        old = zone_of(("ns1", "127.0.0.2"), ("ns2", "127.0.0.3"), serial=6)
        self.listen(old, POLICY, "127.0.0.2")
        self.listen(old, None, "127.0.0.3")
        for (where, _), one in self.asked(conf, 1).items():
            self.assertEqual((one["guarded"], one["serial"], one["file_serial"]), ("unknown", 6, 7))
            self.assertEqual(findings(one), [] if where == "127.0.0.2" else MET)
        stdout, _ = self.run_kmxcheck(conf, status=1)
        self.assertEqual(stdout.count(": another zone than the file (serial 6, not 7), "), 2)
        self.assertNotIn("guarded", re.sub("mod-mxguard", "", stdout))

    def test_other_data(self):
        """The same serial and other data: never guarded beside a proxied address that is met."""
        text = zone_of(("ns1", "127.0.0.2"))
        conf = self.listen(text, POLICY).conf
        # The mistake of the file is repaired, another one is not, by another policy.
        more = text + "sub MX 10 other\nother A 104.24.0.1\n"
        self.listen(more, POLICY.with_(proxy=("104.16.0.0/13",)), "127.0.0.2")
        with open(conf) as file:
            wider = file.read().replace("104.16.0.0/13", "104.0.0.0/8")
        with open(conf, "w") as file:
            file.write(wider)
        (one,) = self.asked(conf, 0).values()
        self.assertEqual(one["guarded"], "yes")
        # What mail servers meet decides: the host that is found at the server only.
        self.listen(text.replace("www A 104.16.1.1", "www A 104.16.1.1\nmx-direct A 104.24.0.1"),
                    POLICY.with_(proxy=("104.16.0.0/13",), mail_host=("mx-direct",)), "127.0.0.4")
        with open(conf) as file:
            moved = file.read()
        path = os.path.join(os.path.dirname(conf), "zones", "0.zone")
        harness.replace(path, text.replace("127.0.0.2", "127.0.0.4"))
        self.assertIn("104.0.0.0/8", moved)
        (one,) = self.asked(conf, 1).values()
        self.assertEqual(findings(one), [("proxied-host", "mx-direct." + ZONE, "A", None,
                                          "104.24.0.1")])
        self.assertEqual(one["guarded"], "part")

    def test_in_parallel(self):
        """Servers that never answer are waited for at the same time."""
        names = [("ns%d" % i, "127.0.0.%d" % (10 + i)) for i in range(8)]
        conf = self.listen(zone_of(*names), POLICY).conf
        silent = []
        for _, address in names:
            silent.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            silent[-1].bind((address, self.port))
            silent.append(socket.create_server((address, self.port)))
        for sock in silent:
            self.addCleanup(sock.close)
        begin = time.monotonic()
        _, stderr = self.run_kmxcheck(conf, status=2)
        self.assertEqual(stderr.count("no answer in time"), 8, stderr)
        # One is tried three times, two seconds each.
        self.assertLess(time.monotonic() - begin, 3 * 6)

    def test_progress(self):
        """How far it is, on a terminal only, and nothing of it is left."""
        conf = self.listen(zone_of(("ns1", "127.0.0.2")), POLICY, "127.0.0.2").conf
        for quiet in False, True:
            said = on_terminal((KMXCHECK, "-c", conf, "--all-servers", "--port", self.port,
                                *(["-q"] if quiet else [])), stream=2)
            if quiet:
                self.assertEqual(said, b"")
            else:
                self.assertIn(b"\r\x1b[Kasking 1 server: 0 of 1 zone", said)
                self.assertTrue(said.endswith(b"\r\x1b[K"), said)

    def test_wrong_port(self):
        for port in "0", "65536", "x", "", "-1", "53x", "5 3":
            self.audit("--all-servers", "--port", port, "x.zone", status=2, complains="--port")


if __name__ == "__main__":
    unittest.main()
