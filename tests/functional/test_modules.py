# SPDX-License-Identifier: GPL-3.0-or-later
"""Next to other modules of Knot: stats, cookies, geoip and synthrecord do what they do without.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_modules.py
"""

import unittest

import dns.edns
import dns.message
import dns.rcode

import client
import harness
import zones
from stanza import Policy

ZONE = "example.test."
TEXT = zones.small(ZONE, """
@ MX 10 mail
@ MX 20 geo
@ A 104.16.1.1
mail A 104.16.1.2
good A 192.0.2.10
geo A 192.0.2.11
plain A 192.0.2.12
alias A 192.0.2.13
upper MX 10 plain
www A 104.16.1.3
sub MX 10 plain
sub MX 10 @
""")
POLICY = Policy(mail_host=("geo", "alias"), proxy_name=("cdn.cloudflare.net.",))
QUESTIONS = [(name, rdtype) for name in ("mail", "good", "geo", "plain", "sub", "missing")
             for rdtype in ("A", "AAAA", "MX", "TXT", "ANY")]


def has_module(name):
    """True if this knotd knows the module's section of the configuration."""
    server = harness.Knotd({ZONE: TEXT})
    try:
        harness.replace(server.conf, server.config().replace(
            "\nzone:\n", "\nmod-%s:\n\nzone:\n" % name))
        return server.conf_check().returncode == 0
    finally:
        server.stop()


class Neighbours(harness.Case):

    def same_where_good(self, guarded, plain, skip=()):
        for name, rdtype in QUESTIONS:
            if name in ("mail", "sub", "geo") or name in skip:
                continue
            wire = client.query("%s.%s" % (name, ZONE), rdtype)
            self.assertEqual(client.udp(guarded.port, wire), client.udp(plain.port, wire))

    def repaired(self, server):
        answer = server.answer("mail." + ZONE, "A")
        self.assertEqual(answer.rdata("mail." + ZONE, "A"), ["198.51.100.25"])

    def test_stats(self):
        self.need("stats")
        extra = "mod-stats:\n  - id: all\n    response-code: on\n    query-type: on\n"
        for order in (["mod-stats/all"], []):
            guarded, plain = self.pair({ZONE: TEXT}, POLICY, extra=extra,
                                       modules={None: order})
            self.same_where_good(guarded, plain)
            self.repaired(guarded)
            if order:
                seen = guarded.knotc("zone-stats", ZONE, "mod-stats").stdout
                self.assertIn("mod-stats.query-type[A]", seen)
            self.assertEqual(guarded.counters(ZONE)["finding[proxied-host]"], 1)

    def test_global_stats(self):
        self.need("stats")
        server = harness.Knotd({ZONE: TEXT}, POLICY)
        self.addCleanup(server.stop)
        text = server.config().replace("  - id: default\n", "  - id: default\n"
                                       "    global-module: mod-stats\n")
        harness.replace(server.conf, text)
        server.start()
        self.repaired(server)
        self.assertIn("mod-stats.server-operation[query]", server.knotc("stats").stdout)

    def test_cookies(self):
        self.need("cookies")
        server = harness.Knotd({ZONE: TEXT}, POLICY.with_(ede=True))
        harness.replace(server.conf, server.config().replace(
            "  - id: default\n", "  - id: default\n    global-module: mod-cookies\n"))
        server.start()
        self.addCleanup(server.stop)
        # A client without a server cookie is sent one, and no answer yet.
        cookie = dns.edns.GenericOption(10, b"12345678")
        for expected in (dns.rcode.BADCOOKIE, dns.rcode.NOERROR):
            message = dns.message.make_query("mail." + ZONE, "A", use_edns=0, options=[cookie])
            got = dns.message.from_wire(client.udp(server.port, message.to_wire()))
            options = {int(option.otype): option for option in got.options}
            self.assertEqual(got.rcode(), expected)
            cookie = dns.edns.GenericOption(10, options[10].to_wire())
        self.assertIn(15, options)
        self.assertEqual(got.answer[0][0].address, "198.51.100.25")

    def test_synthrecord(self):
        self.need("synthrecord")
        extra = ("mod-synthrecord:\n  - id: dyn\n    type: forward\n    prefix: dyn-\n"
                 "    ttl: 60\n    network: 104.16.0.0/16\n")
        policy = POLICY.with_(mail_host=("dyn-104-16-0-9",))
        guarded, plain = self.pair({ZONE: TEXT}, policy, extra=extra,
                                   modules={None: ["mod-synthrecord/dyn"]})
        self.same_where_good(guarded, plain)
        wire = client.query("dyn-104-16-0-8." + ZONE, "A")
        self.assertEqual(client.udp(guarded.port, wire), client.udp(plain.port, wire))
        name = "dyn-104-16-0-9." + ZONE
        self.assertEqual(plain.answer(name, "A").rdata(name, "A"), ["104.16.0.9"])
        self.assertEqual(guarded.answer(name, "A").rdata(name, "A"), ["198.51.100.25"])

    def test_geoip(self):
        self.need("geoip")
        for first in (True, False):
            servers = []
            for policy in (POLICY, None):
                server = harness.Knotd({ZONE: TEXT}, policy,
                                       modules={None: ["mod-geoip/near"]})
                harness.replace(server.path("geo.conf"), GEO)
                text = server.config().replace(
                    "\nzone:\n", "\nmod-geoip:\n  - id: near\n    config-file: %s\n    ttl: 20\n"
                    "    mode: subnet\n\nzone:\n" % server.path("geo.conf"))
                if not first:
                    text = text.replace("[ mod-geoip/near, mod-mxguard/guard ]",
                                        "[ mod-mxguard/guard, mod-geoip/near ]")
                harness.replace(server.conf, text)
                servers.append(server.start())
                self.addCleanup(server.stop)
            guarded, plain = servers
            name = "geo." + ZONE
            self.assertEqual(plain.answer(name, "A").rdata(name, "A"), ["104.16.1.9"])
            self.assertEqual(guarded.answer(name, "A").rdata(name, "A"), ["198.51.100.25"])
            name = "plain." + ZONE
            self.assertEqual(plain.answer(name, "A").rdata(name, "A"), ["104.16.1.8"])
            # Names as the file has them, in capitals.
            name = "alias." + ZONE
            self.assertIn("Foo.CDN.Cloudflare.NET.", str(self.text(plain, name, "A")))
            self.assertEqual(guarded.answer(name, "A").rdata(name, "A"), ["198.51.100.25"])
            name = "upper." + ZONE
            self.assertIn("10 WWW.Example.Test.", str(self.text(plain, name, "MX")))
            # Before Knot DNS 3.4 an address that the answer does not show is not known.
            self.assertEqual(sorted(guarded.answer(name, "MX").rdata(name, "MX")),
                             ["10 mail.example.test."] if harness.looks_up() else
                             ["10 www.example.test.", "20 mail.example.test."])
            self.same_where_good(guarded, plain, ("alias", "upper"))
            self.repaired(guarded)

    @staticmethod
    def text(server, name, rdtype):
        return dns.message.from_wire(server.ask(name, rdtype))

    def need(self, module):
        if not has_module(module):
            self.skipTest("knotd has no mod-" + module)


GEO = """\
geo.example.test:
  - net: 127.0.0.0/8
    A: 104.16.1.9
plain.example.test:
  - net: 127.0.0.0/8
    A: 104.16.1.8
alias.example.test:
  - net: 127.0.0.0/8
    CNAME: Foo.CDN.Cloudflare.NET.
upper.example.test:
  - net: 127.0.0.0/8
    MX: [ "10 WWW.Example.Test.", "20 B.CDN.Cloudflare.NET." ]
"""

if __name__ == "__main__":
    unittest.main()
