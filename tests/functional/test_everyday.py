# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones as customers have them, in mode enforce behind one shared stanza: where mail is all right,
no answer is changed.

The zones are made of what people and panels write: a mail host of their own, mail at a provider, no
mail, the defaults of control panels. Of each there are three kinds: nothing is proxied, the web site
is proxied and mail is not, and both are. In the first two kinds each answer has to be that of the
unguarded server, octet by octet. In the third no mail server may meet a proxied address.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_everyday.py
  MXGUARD_ZONES  number of zones, default 240
"""

import os
import random
import unittest

import dns.name

import client
import harness
import zones
from follow import Follower
from oracle import Oracle
from stanza import Policy, Resolved

COUNT = int(os.environ.get("MXGUARD_ZONES", "240"))
POLICY = Policy(mail_exchange=None, proxy_name=("cdn.example.net.",),
                mail_address=("198.51.100.25", "2001:db8:25::25"))
TYPES = ("A", "AAAA", "MX", "TXT", "SRV", "CNAME", "ANY", "NS")
KINDS = ("nothing", "web", "all")

# The mail of a zone, as people and panels write it. {m} is the address of the mail host, {w} of the
# web site, and 4 or 6 behind it the family.
MAIL = {
    "a host of its own": "@ MX 10 mail\nmail A {m4}",
    "both families": "@ MX 10 mail\nmail A {m4}\nmail AAAA {m6}",
    "IPv6 only": "@ MX 10 mail\nmail AAAA {m6}",
    "two hosts": "@ MX 10 mx1\n@ MX 20 mx2\nmx1 A {m4}\nmx2 A {m4}\nmx2 AAAA {m6}",
    "a backup elsewhere": "@ MX 10 mail\n@ MX 20 backup.provider.example.\nmail A {m4}",
    "a host below": "@ MX 5 a.mx\na.mx A {m4}\na.mx AAAA {m6}",
    "SRV": "@ MX 10 mail\nmail A {m4}\n_submission._tcp SRV 0 1 587 mail\n"
           "_imaps._tcp SRV 0 1 993 mail\n_pop3._tcp SRV 0 0 0 .",
    "a subdomain": "@ MX 10 mail\nsub MX 10 mail\nlists MX 10 lists\nlists A {m4}\nmail A {m4}",
    "a provider": "@ MX 1 mx.provider.example.\n@ MX 5 alt1.mx.provider.example.\n"
                  "mail CNAME webmail.provider.example.\n@ TXT \"v=spf1 include:provider.example -all\"",
    "a provider, webmail here": "@ MX 0 example-com.mail.provider.example.\nmail A {w4}\n"
                                "autodiscover CNAME autodiscover.provider.example.\n"
                                "_sip._tls SRV 100 1 443 sip.provider.example.",
    "a provider, mail is the web site": "@ MX 10 mx.provider.example.\nmail CNAME @",
    "a provider and a wildcard": "@ MX 10 mx.provider.example.\n* A {w4}",
    "none": "@ TXT \"v=spf1 -all\"",
    "null MX": "@ MX 0 .\n@ TXT \"v=spf1 -all\"",
    "a wildcard, no mail": "* CNAME @",
    "panel with aliases": "@ MX 10 mail\nmail A {m4}\nftp CNAME @\nwebmail A {m4}\ncpanel A {m4}\n"
                          "_caldavs._tcp SRV 0 0 2080 mail\n_autodiscover._tcp SRV 0 0 443 mail",
    "panel with names": "@ MX 10 mail\nmail A {m4}\nsmtp A {m4}\npop A {m4}\nimap A {m4}\n"
                        "_imaps._tcp SRV 0 0 993 imap\n_submission._tcp SRV 0 0 587 smtp",
    "panel with a wildcard": "@ MX 10 mail\nmail A {m4}\n* A {w4}\nautoconfig CNAME @",
}
# Where the web site and mail are one host: these do not come with a proxied web site alone.
ONE_HOST = {
    "panel, mail at the apex": "@ MX 0 @\nftp CNAME @\nwebmail A {w4}\n_imaps._tcp SRV 0 0 993 @",
    "mail at the web host": "@ MX 10 www\n_submission._tcp SRV 0 0 587 www",
}


def make(number):
    """(name, text, kind) of a zone."""
    chance = random.Random("everyday/%d" % number)
    kind = KINDS[0] if number % 2 else KINDS[1 + number // 2 % 2]
    mail = MAIL if kind == "web" else {**MAIL, **ONE_HOST}
    name = "z%d.test." % number
    direct = {"4": "203.0.113.%d" % chance.randint(1, 250),
              "6": "2001:db8:1::%x" % chance.randint(1, 250)}
    proxied = {"4": "104.16.%d.1" % chance.randint(0, 250),
               "6": "2606:4700::%x" % chance.randint(1, 250)}
    addresses = {letter + family: (proxied if on else direct)[family] for letter, on in
                 (("w", kind != "nothing"), ("m", kind == "all")) for family in "46"}
    lines = ["@ A {w4}", chance.choice(list(mail.values()))]
    # Before Knot DNS 3.4 an MX that points at an alias can't be told from one to the proxy (4.8).
    lines.append("www A {w4}" if "MX 10 www" in lines[1]
                 else chance.choice(("www A {w4}", "www CNAME @")))
    if chance.random() < 0.5:
        lines.append("@ AAAA {w6}\nblog A {w4}\nwww.blog CNAME blog")
    return name, zones.small(name, "\n".join(lines).format(**addresses)), kind


class Everyday(harness.Case):

    def setUp(self):
        made = [make(number) for number in range(COUNT)]
        self.kinds = {name: kind for name, _, kind in made}
        self.texts = {name: text for name, text, _ in made}
        self.guarded, self.plain = self.pair(self.texts, POLICY)

    def names(self, zone):
        found = {key for key in zones.load(zone, self.texts[zone]).nodes}
        return sorted(found | {dns.name.from_text(text, dns.name.from_text(zone))
                               for text in ("gone", "mail", "smtp", "x.mail", "_imaps._tcp")})

    def test_unchanged(self):
        count = 0
        for zone, kind in self.kinds.items():
            if kind == "all":
                continue
            wires = client.with_ids([client.query(name, rdtype) for name in self.names(zone)
                                     for rdtype in TYPES])
            answers = [client.udp_many(server.port, wires) for server in (self.guarded, self.plain)]
            for wire, *both in zip(wires, *answers):
                count += 1
                self.assertEqual(*(str(client.Answer.read(data)) for data in both),
                                 self.texts[zone])
                self.assertEqual(*both)
            self.assertEqual(self.guarded.counters(zone), {}, self.texts[zone])
        self.assertGreater(count, 50 * COUNT)
        print("# %d answers, none changed" % count)

    def test_repaired(self):
        repaired = 0
        for zone, kind in self.kinds.items():
            if kind != "all":
                continue
            oracle = Oracle(zones.load(zone, self.texts[zone]),
                            Resolved(POLICY, dns.name.from_text(zone)), harness.looks_up())
            follower = Follower(self.guarded, oracle, 4096)
            follower.walk(self.names(zone))
            self.assertEqual(follower.bad, [], self.texts[zone])
            repaired += bool(self.guarded.counters(zone))
        self.assertGreater(repaired, COUNT // 10)


if __name__ == "__main__":
    unittest.main()
