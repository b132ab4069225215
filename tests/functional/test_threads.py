# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed answers under load from many sides, while keys change and an operator reloads everything.

For the thread sanitizer, but good with any build. Each answer has to be right, and to have nothing
but signatures by keys that were in the zone at about that time, all of them valid. None is
SERVFAIL.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_threads.py
  MXGUARD_STRESS  seconds of load, default 10

With the thread sanitizer, whose library has to be preloaded into a knotd not built with it:
  KNOTD_PRELOAD=$(gcc -print-file-name=libtsan.so); tests/tsan.supp says what is not looked at.
"""

import os
import pathlib
import random
import socket
import struct
import threading
import time
import unittest

import dns.rcode

import client
import signing
from signing import MAIL4, POLICY, QUESTIONS, ZONE, absolute, policy, sign_with

SECONDS = float(os.environ.get("MXGUARD_STRESS", "10"))
HEALED_WITHIN = 20
LOOK_AT = 10000
UDP_CLIENTS, TCP_CLIENTS = 6, 3
WAIT = 5.0
# A key is seen by asking every now and then; an answer may take a moment.
ABOUT = 3.0
NEIGHBOURS = [("%s%d" % (name, number), rdtype, 3, ()) for name in ("m", "mai", "mail", "news")
              for number in range(4) for rdtype in ("A", "TXT")]
WILD = [("w%d.wild" % number, "A", 0, (MAIL4,)) for number in range(8)]
OTHERS = 4
SHORT = {"rrsig_lifetime": "30s", "rrsig_refresh": "12s", "rrsig_pre_refresh": "1s",
         "dnskey_ttl": "1s", "zone_max_ttl": "2s", "propagation_delay": "0", "zsk_lifetime": "0"}
TTL = 2
SUPPRESSIONS = pathlib.Path(__file__).resolve().parent.parent / "tsan.supp"
# knotd is not built for the sanitizer: what it does by itself would only look like races.
TSAN = "ignore_noninstrumented_modules=1:detect_deadlocks=0:history_size=7:suppressions=%s" % \
    SUPPRESSIONS


class Asker(threading.Thread):
    """Asks at random for a while and keeps each different answer once, with when it was got."""

    def __init__(self, port, zones, number, stop, tcp):
        super().__init__()
        self.port, self.zones, self.stop, self.tcp = port, zones, stop, tcp
        self.random = random.Random("threads/%d/%s" % (number, tcp))
        self.asked = self.refused = self.lost = 0
        self.got = {}
        self.error = None

    def run(self):
        try:
            (self.by_tcp if self.tcp else self.by_udp)()
        except Exception as error: # pylint: disable=broad-except # Told by the test.
            self.error = error

    def question(self):
        zone = self.random.choice(self.zones)
        question = self.random.choice((QUESTIONS, QUESTIONS, NEIGHBOURS, WILD))
        question = self.random.choice(question)
        ident = self.random.randrange(65536)
        wire = client.query(absolute(question[0], zone), question[1], do=True, ident=ident)
        return (zone, question), wire

    def keep(self, what, wire):
        self.asked += 1
        if wire[3] & 0xf == dns.rcode.SERVFAIL:
            self.refused += 1
            return
        now = time.time()
        times = self.got.setdefault((what, wire[2:]), [now, now])
        times[1] = now

    def by_udp(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((client.HOST, self.port))
            sock.settimeout(WAIT)
            while not self.stop.is_set():
                what, wire = self.question()
                sock.send(wire)
                try:
                    data = sock.recv(65535)
                    while data[:2] != wire[:2]:
                        data = sock.recv(65535)
                except TimeoutError:
                    self.lost += 1
                    continue
                self.keep(what, data)

    def by_tcp(self):
        while not self.stop.is_set():
            with socket.create_connection((client.HOST, self.port), timeout=WAIT) as sock:
                for _ in range(20):
                    what, wire = self.question()
                    sock.sendall(struct.pack("!H", len(wire)) + wire)
                    size, = struct.unpack("!H", client.read(sock, 2))
                    self.keep(what, client.read(sock, size))


class Watcher(threading.Thread):
    """Keeps for each zone which keys it had, and when first and last."""

    def __init__(self, server, zones, stop):
        super().__init__()
        self.server, self.zones, self.stop = server, zones, stop
        self.keys = {zone: {} for zone in zones}

    def run(self):
        while not self.stop.wait(0.02):
            for zone in self.zones:
                self.look(zone)

    def look(self, zone):
        for key in signing.dnskeys(self.server, zone) or ():
            now = time.time()
            self.keys[zone].setdefault(key, [now, now])[1] = now

    def at(self, zone, first, last):
        """The keys that may be used by answers that were got between these times."""
        return [key for key, times in self.keys[zone].items()
                if times[0] - ABOUT <= last and first <= times[1] + ABOUT]


class Threads(signing.SigningCase):

    def setUp(self):
        if "tsan" in os.environ.get("KNOTD_PRELOAD", ""):
            given = os.environ.get("TSAN_OPTIONS", "")
            os.environ["TSAN_OPTIONS"] = TSAN + (":" + given if given else "")
            self.addCleanup(os.environ.__setitem__, "TSAN_OPTIONS", given)

    def start(self):
        zones = [ZONE] + ["z%d.test." % number for number in range(OTHERS)]
        server = self.serve(
            {zone: signing.zone_text(zone, TTL) for zone in zones}, POLICY.with_(log_interval=3600),
            server="    udp-workers: 4\n    tcp-workers: 2\n    background-workers: 2\n",
            extra=signing.policies(
                policy("short", **SHORT),
                policy("short3", nsec3="on", nsec3_iterations="0", algorithm="ed25519", **SHORT)),
            options={zone: sign_with("short3" if zone == zones[1] else "short")
                     for zone in zones})
        for zone in zones:
            signing.wait_signed(server, zone)
        return server, zones

    def disturb(self, server, until):
        """Everything that replaces keys, signatures and instances, again and again."""
        commands = [("-f", "zone-sign", ZONE), ("zone-key-rollover", ZONE, "zsk"), ("reload",),
                    ("-f", "zone-sign"), ("zone-key-rollover", "z0.test.", "zsk"), ("reload",),
                    ("-f", "-b", "zone-reload", ZONE), ("-f", "-b", "zone-reload")]
        done = 0
        while time.monotonic() < until:
            # Some come at a bad time and are refused.
            server.knotc(*commands[done % len(commands)], check=False)
            done += 1
        return done

    def test_load(self):
        server, zones = self.start()
        stop = threading.Event()
        watcher = Watcher(server, zones, stop)
        askers = [Asker(server.port, zones, number, stop, tcp) for tcp, count in
                  ((False, UDP_CLIENTS), (True, TCP_CLIENTS)) for number in range(count)]
        threads = [watcher, *askers]
        for thread in threads:
            thread.start()
        try:
            done = self.disturb(server, time.monotonic() + SECONDS)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertIsNone(server.process.poll(), server.log())
        self.assertEqual([asker.error for asker in askers if asker.error], [], server.log())
        asked = sum(asker.asked for asker in askers)
        refused = sum(asker.refused for asker in askers)
        print("# %d answers, %d SERVFAIL, %d lost, %d different, %d commands, keys %s" % (
            asked, refused, sum(asker.lost for asker in askers),
            sum(len(asker.got) for asker in askers), done,
            [len(keys) for keys in watcher.keys.values()]))
        self.assertGreater(asked, 100)
        self.assertEqual(refused, 0, server.log())
        self.assertGreater(done, 3)
        self.assertGreater(len(watcher.keys[ZONE]), 2)

        faults = self.faults_of(askers, watcher)
        self.assertEqual(faults[:5], [], "%d faults\n%s" % (len(faults), server.log()))
        self.heals(server, zones)

    def faults_of(self, askers, watcher):
        """What is wrong with what was answered, now that all keys are known."""
        faults, good = [], set()
        answers = [item for asker in askers for item in asker.got.items()]
        if len(answers) > LOOK_AT:
            answers = random.Random("threads").sample(answers, LOOK_AT)
        for ((zone, question), wire), (first, last) in answers:
            checker = signing.Checker(watcher.at(zone, first, last), good)
            message = signing.read(b"\0\0" + wire)
            for now in {first, last}:
                faults += ["%s: %s" % (zone, fault) for fault in checker.wrong(message, now)]
            bad = signing.disagrees(question, message, zone)
            faults += ["%s: %s" % (zone, bad)] if bad else []
        return faults

    def heals(self, server, zones):
        """When all is over, each answer is right again, with no help."""
        for zone in zones:
            for question in (*QUESTIONS, *NEIGHBOURS, *WILD):
                self.becomes_right(server, question, HEALED_WITHIN, zone)


if __name__ == "__main__":
    unittest.main()
