# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures that end: made anew in good time by the module itself, over the control socket; and if
that can't be, the operator is told so and no ended signature goes out.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_renewal.py
"""

import os
import re
import socket
import time
import unittest

import harness
import signing
from signing import CHANGED, KEPT, POLICY, ZONE, absolute, policy, sign_with

LIFETIME = 16
ROUNDS = 2
TTL = 2
TELL = re.compile(r"error: .* module 'mod-mxguard/guard', .*'knotc -f zone-reload %s'" %
                  re.escape(ZONE))
EXCHANGE = CHANGED[0]


class Renewal(signing.SigningCase):

    def start(self):
        server = self.serve(
            {ZONE: signing.zone_text(ttl=TTL)}, POLICY, options={None: sign_with("short")},
            extra=signing.policies(policy(
                "short", rrsig_lifetime=LIFETIME, rrsig_refresh=LIFETIME // 2, dnskey_ttl=TTL,
                rrsig_pre_refresh="1", zone_max_ttl=TTL, propagation_delay="1")))
        signing.wait_signed(server, ZONE)
        for question in CHANGED:
            self.becomes_right(server, question, 10)
        return server

    def ask(self, server, question):
        return server.ask(absolute(question[0]), question[1], do=True)

    def move(self, server):
        """The socket under another name: the operator finds it, the module doesn't."""
        moved = server.path("moved.sock")
        os.rename(server.path("knot.sock"), moved)
        return moved

    def by_hand(self, server, moved):
        """What the log says is to be done."""
        os.symlink(moved, server.path("knot.sock"))
        server.knotc("-f", "zone-reload", ZONE)
        os.unlink(server.path("knot.sock"))

    def test_renewed(self):
        """Never late, never refused: a quarter of the lifetime is always left."""
        server = self.start()
        until = time.monotonic() + ROUNDS * LIFETIME
        seen = set()
        while time.monotonic() < until:
            for question in CHANGED + KEPT:
                self.assertEqual(self.faults(server, question), [], server.log())
            end = signing.ends(self.ask(server, EXCHANGE))
            self.assertGreaterEqual(end - time.time(), LIFETIME / 4 - 1, server.log())
            seen.add(end)
        self.assertGreaterEqual(len(seen), ROUNDS)
        self.assertLessEqual(len(seen), 4 * ROUNDS)
        self.assertFalse(TELL.findall(server.log()), server.log())

    def left_alone(self, *servers, told_in_time=True):
        """Asks until the signatures are used no more, and for as long as they would be good."""
        ends = {server: signing.ends(self.ask(server, EXCHANGE)) for server in servers}
        last, refused, told = {}, {}, {}
        while len(refused) < len(servers) or time.time() < max(ends.values()) + 2:
            for server in servers:
                for question in CHANGED:
                    wire = self.ask(server, question)
                    if signing.refused(wire):
                        refused.setdefault(server, time.time())
                    else:
                        self.assertEqual(signing.check(server, ZONE, wire), [])
                        last[server] = time.time()
                if TELL.search(server.log()):
                    told.setdefault(server, time.time())
            self.assertLess(time.time(), max(ends.values()) + LIFETIME, "still not refused")
        for server in servers:
            self.assertLess(last[server], ends[server])
            self.assertLessEqual(refused[server], ends[server])
            for question in KEPT:
                self.assertEqual(self.faults(server, question), [])
            harness.wait_for(lambda: TELL.search(server.log()), LIFETIME, server.log())
            if told_in_time:
                self.assertLess(told[server], ends[server], server.log())
            self.assertEqual(len(TELL.findall(server.log())), 1, server.log())

    def test_unreachable(self):
        """No socket, and a socket file that is left over from somebody else."""
        gone, dead = self.start(), self.start()
        moved = {server: self.move(server) for server in (gone, dead)}
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as over:
            over.bind(dead.path("knot.sock"))
        self.left_alone(gone, dead)
        os.unlink(dead.path("knot.sock"))
        for server in (gone, dead):
            self.by_hand(server, moved[server])
            self.right(server, CHANGED)
        # With the socket in place again, no hand is needed.
        os.rename(moved[gone], gone.path("knot.sock"))
        end = signing.ends(self.ask(gone, EXCHANGE))
        harness.wait_for(lambda: (signing.ends(self.ask(gone, EXCHANGE)) or end) > end, LIFETIME,
                         gone.log())
        self.right(gone, CHANGED)

    def test_deaf(self):
        """Somebody listens but never answers: nothing waits for that, not even the end."""
        server = self.start()
        self.move(server)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
            deaf.bind(server.path("knot.sock"))
            deaf.listen()
            deaf.settimeout(2 * LIFETIME)
            calls = [deaf.accept()[0]]
            self.addCleanup(lambda: [call.close() for call in calls])
            begin = time.monotonic()
            for question in CHANGED:
                wire = self.ask(server, question)
                self.assertEqual(signing.check(server, ZONE, wire), [])
            self.assertLess(time.monotonic() - begin, 2)
            # One call takes longer than a lifetime as short as this has time for.
            self.left_alone(server, told_in_time=False)
            calls.append(deaf.accept()[0])
            begin = time.monotonic()
            server.stop()
            self.assertLess(time.monotonic() - begin, 5)


if __name__ == "__main__":
    unittest.main()
