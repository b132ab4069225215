# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes under running queries: reload of the configuration, of lists, of zones, and under load.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_reload.py
  MXGUARD_RELOAD_TIME  seconds of load for each kind of reload, default 10
"""

import os
import socket
import threading
import time
import unittest

import client
import harness
import zones
from stanza import Policy

ZONE = "example.test."
OTHER = "other.test."
LINES = "@ MX 10 mail\nmail A 104.16.1.2\nwww A 104.16.1.1\nsub MX 5 @\n@ A 104.16.1.1"
TEXT = zones.small(ZONE, LINES)
POLICY = Policy(proxy=("104.16.0.0/13",))
SECONDS = float(os.environ.get("MXGUARD_RELOAD_TIME", "10"))
WAIT = 20
GUARDED, UNTOUCHED = ["198.51.100.25"], ["104.16.1.2"]


class ReloadCase(harness.Case):

    def mail(self, server, zone=ZONE):
        return server.answer("mail." + zone, "A").rdata("mail." + zone, "A")

    def becomes(self, server, expected, zone=ZONE):
        harness.wait_for(lambda: self.mail(server, zone) == expected, WAIT,
                         "mail to be %s\n%s" % (expected, server.log()))


class Reload(ReloadCase):

    def test_policy(self):
        server = self.serve({ZONE: TEXT}, POLICY.with_(mode="log"))
        self.assertEqual(self.mail(server), UNTOUCHED)
        server.write_conf(POLICY)
        server.knotc("reload")
        self.becomes(server, GUARDED)
        server.write_conf(POLICY.with_(mail_address=("198.51.100.77",)))
        server.knotc("reload")
        self.becomes(server, ["198.51.100.77"])
        server.write_conf(POLICY.with_(mode="log"))
        server.knotc("reload")
        self.becomes(server, UNTOUCHED)

    def test_one_zone_of_two(self):
        texts = {ZONE: TEXT, OTHER: zones.small(OTHER, LINES)}
        server = self.serve(texts, POLICY.with_(zone=(ZONE,)))
        self.assertEqual((self.mail(server), self.mail(server, OTHER)), (GUARDED, UNTOUCHED))
        server.write_conf(POLICY.with_(zone=(OTHER,)))
        server.knotc("reload")
        self.becomes(server, GUARDED, OTHER)
        self.becomes(server, UNTOUCHED)

    def test_error_in_the_configuration(self):
        server = self.serve({ZONE: TEXT}, POLICY)
        server.write_conf(POLICY.with_(mail_address=("104.16.1.9",)))
        server.knotc("reload", check=False)
        harness.wait_for(lambda: server.log_lines("error", "mail-address", "104.16.1.9"), WAIT,
                         "the error in\n" + server.log())
        self.assertEqual(self.mail(server), GUARDED)

    def test_zone_as_it_stands(self):
        # What the apex's MX names is guarded from the moment on that the zone has it.
        server = self.serve({ZONE: zones.small(ZONE, "mx9 A 104.16.1.2")}, POLICY)
        name = "mx9." + ZONE
        self.assertEqual(server.answer(name, "A").rdata(name, "A"), UNTOUCHED)
        server.write_zone(ZONE, zones.small(ZONE, "mx9 A 104.16.1.2\n@ MX 1 mx9").replace(
            " 1 10800", " 2 10800"))
        server.knotc("-b", "zone-reload", ZONE)
        self.assertEqual(server.answer(name, "A").rdata(name, "A"), GUARDED)
        server.knotc("zone-begin", ZONE)
        server.knotc("zone-unset", ZONE, "@", "MX")
        server.knotc("zone-commit", ZONE)
        self.assertEqual(server.answer(name, "A").rdata(name, "A"), UNTOUCHED)


class Lists(ReloadCase):
    """A list that has become bad never replaces a good one."""

    def listed(self, content):
        server = harness.Knotd({ZONE: TEXT})
        self.addCleanup(server.stop)
        self.list = server.path("list")
        harness.replace(self.list, content)
        server.write_conf(POLICY.with_(proxy=None, proxy_file=(self.list,)))
        return server.start()

    def test_changed_list(self):
        server = self.listed("104.16.0.0/13\n")
        self.assertEqual(self.mail(server), GUARDED)
        harness.replace(self.list, "192.0.2.0/24\n")
        server.knotc("reload")
        self.becomes(server, UNTOUCHED)
        harness.replace(self.list, "192.0.2.0/24\n104.16.1.2\n")
        server.knotc("reload")
        self.becomes(server, GUARDED)

    def bad_list(self, spoil, *parts):
        for commands in (("reload",), ("-f", "-b", "zone-reload", ZONE),
                         ("-f", "-b", "zone-reload"), ("reload",)):
            with self.subTest(commands=commands):
                server = self.listed("104.16.0.0/13\n")
                self.assertEqual(self.mail(server), GUARDED)
                spoil(self.list)
                said = len(server.log_lines("error", self.list))
                for _ in range(3):
                    server.knotc(*commands, check=False)
                harness.wait_for(
                    lambda: len(server.log_lines("error", self.list, *parts)) > said, WAIT,
                    "the error in\n" + server.log())
                self.assertEqual(self.mail(server), GUARDED)
                self.assertTrue(server.answers(ZONE, 0))
                harness.replace(self.list, "192.0.2.0/24\n")
                server.knotc("reload")
                self.becomes(server, UNTOUCHED)

    def test_malformed_list(self):
        self.bad_list(lambda path: harness.replace(path, "192.0.2.0/24\nbad\n"), "list:2:")

    def test_emptied_list(self):
        self.bad_list(lambda path: harness.replace(path, ""))

    def test_removed_list(self):
        self.bad_list(os.unlink)

    def test_bad_list_at_a_start(self):
        # No good one to fall back to: an error, and no start.
        server = self.listed("104.16.0.0/13\n")
        harness.replace(self.list, "bad\n")
        check = server.conf_check()
        self.assertNotEqual(check.returncode, 0)
        self.assertIn(self.list + ":1:", check.stdout + check.stderr)


class Asker(threading.Thread):
    """Asks one server the same questions again and again and compares the answers."""

    def __init__(self, port, questions, stop):
        super().__init__()
        self.port, self.questions, self.stop = port, questions, stop
        self.asked = self.lost = self.unanswered = 0
        self.wrong = []

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((client.HOST, self.port))
            sock.settimeout(1.0)
            while not self.stop.is_set():
                for wire, good in self.questions:
                    self.asked += 1
                    answer = self.ask(sock, wire)
                    if answer is None:
                        self.unanswered += 1
                    elif answer != good:
                        self.wrong.append((wire, answer))

    def ask(self, sock, wire):
        for _ in range(5):
            try:
                sock.send(wire)
                while True:
                    data = sock.recv(65535)
                    if data[:2] == wire[:2]:
                        return data
            except OSError:
                self.lost += 1
        return None


class Load(ReloadCase):
    """Queries from several threads while a guarded and an unguarded server reload in a loop."""

    def under_load(self, *command):
        guarded, plain = self.pair({ZONE: TEXT, OTHER: zones.small(OTHER, LINES)}, POLICY)
        names = (("mail." + ZONE, "A"), (ZONE, "MX"), ("sub." + ZONE, "MX"), ("www." + ZONE, "A"),
                 ("missing." + ZONE, "TXT"), ("mail." + OTHER, "AAAA"), ("sub." + OTHER, "MX"))
        wires = client.with_ids([client.query(*name) for name in names])
        stop = threading.Event()
        askers = {server: [Asker(server.port, list(zip(wires, client.udp_many(server.port, wires))),
                                 stop) for _ in range(2)] for server in (guarded, plain)}
        unguarded = set(client.udp_many(plain.port, wires))
        every = askers[guarded] + askers[plain]
        for asker in every:
            asker.start()
        end = time.monotonic() + SECONDS
        reloads = 0
        try:
            while time.monotonic() < end:
                for server in (guarded, plain):
                    server.knotc(*command)
                reloads += 1
        finally:
            stop.set()
            for asker in every:
                asker.join()
        asked, lost, wrong = ({server: sum(count(asker) for asker in askers[server])
                               for server in askers} for count in (
                                   lambda asker: asker.asked, lambda asker: asker.lost,
                                   lambda asker: len(asker.wrong)))
        print("# %s: %d times, %d queries, %d lost (unguarded %d of %d), %d wrong" % (
            " ".join(command), reloads, asked[guarded], lost[guarded], lost[plain], asked[plain],
            wrong[guarded]))
        self.assertGreater(reloads, 3)
        self.assertGreater(asked[guarded], 100)
        self.assertEqual([asker.unanswered for asker in askers[guarded]], [0, 0])
        self.assertLessEqual(lost[guarded], lost[plain] + 1)
        self.assertEqual(wrong[plain], 0)
        return [item for asker in askers[guarded] for item in asker.wrong], unguarded

    def test_reload(self):
        wrong, _ = self.under_load("reload")
        self.assertEqual([str(client.Answer.read(answer)) for _, answer in wrong[:3]], [])

    def test_zone_reload(self):
        # Between taking the old module out and putting the new one in, knotd itself answers from
        # the zone for a moment. Such answers are counted above; any other is wrong.
        wrong, unguarded = self.under_load("-f", "-b", "zone-reload")
        strange = [answer for _, answer in wrong if answer not in unguarded]
        self.assertEqual([str(client.Answer.read(answer)) for answer in strange[:3]], [])


if __name__ == "__main__":
    unittest.main()
