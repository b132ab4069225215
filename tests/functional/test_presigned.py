# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones that are signed elsewhere: served with the keys and a `policy`, and without either.

A knotd signs a zone; its zone file is served by another one. How that one gets the keys is what an
operator does: imports the private key of the ZSK, or copies the KASP database.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_presigned.py
"""

import os
import shutil
import subprocess
import tempfile
import unittest

import dns.rcode

import client
import harness
import signing
from signing import BESIDE, CHANGED, KEPT, POLICY, QUESTIONS, ZONE, absolute, policy, written
from validator import installed

ELSEWHERE = POLICY.with_(ede=True)
# With nothing but the ZSK, Knot takes the set of keys for incomplete, unless told that the KSK is
# kept elsewhere.
ZSK_ONLY = {"offline_ksk": "on"}
UNCHECKED = {"unsafe_operation": "no-check-keyset"}
WITHIN = 10
SAID_WITHIN = 20
LDNS = ("ldns-keygen", "ldns-signzone")
KINDS = {
    "ecdsa": {}, "nsec3": {"nsec3": "on", "nsec3_iterations": "0"},
    "opt-out": {"nsec3": "on", "nsec3_iterations": "0", "nsec3_opt_out": "on"},
    "rsa": {"algorithm": "rsasha256"}, "ed25519": {"algorithm": "ed25519"},
}


class PresignedCase(signing.SigningCase):

    def signer(self, **items):
        """An unguarded server that signs the zone, and the zone as it is signed."""
        server = self.serve({ZONE: signing.zone_text()}, options={None: signing.sign_with("s")},
                            extra=signing.policies(policy("s", **items)))
        signing.wait_signed(server, ZONE)
        return server, written(server, ZONE)

    def server(self, text, prepare=None, **items):
        """A guarded server with a policy that does not sign, not started."""
        server = harness.Knotd({ZONE: text}, signing.Stanza(ELSEWHERE, "policy: elsewhere"),
                               server=signing.policies(policy("elsewhere", **items)))
        self.addCleanup(server.stop)
        if prepare is not None:
            prepare(server)
        return server

    def imports(self, signer, but="ksk"):
        """Imports the signer's keys as an operator would, but for one kind."""
        def prepare(server):
            for ident, kind, algorithm in signing.listed_keys(signer, ZONE):
                if kind != but:
                    signing.keymgr(
                        server, ZONE, "import-pem", signing.private_key(signer, ident),
                        "algorithm=" + algorithm, "ksk=" + ("no" if kind == "zsk" else "yes"),
                        "zsk=" + ("no" if kind == "ksk" else "yes"))
        return prepare

    def copies(self, signer):
        def prepare(server):
            shutil.copytree(signer.path("db", "keys"), server.path("db", "keys"))
        return prepare

    def guards(self, server, opt_out=False):
        """All answers are right, and from the first one on."""
        server.start()
        self.right(server)
        self.resolves(server, opt_out=opt_out)
        self.resolves(server, opt_out=opt_out, aggressive=False)
        self.assertFalse(server.log_lines("error"), server.log())


class Presigned(PresignedCase):
    """The keys are there."""

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_zsk_imported(self):
        for name, items in KINDS.items():
            with self.subTest(kind=name):
                signer, text = self.signer(**items)
                self.guards(self.server(text, self.imports(signer), **ZSK_ONLY),
                            name == "opt-out")

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_unchecked(self):
        signer, text = self.signer()
        self.guards(self.server(text, self.imports(signer), **UNCHECKED))

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_csk_imported(self):
        signer, text = self.signer(single_type_signing="on")
        self.assertEqual([kind for _, kind, _ in signing.listed_keys(signer, ZONE)], ["csk"])
        self.guards(self.server(text, self.imports(signer)))
        self.guards(self.server(text, self.imports(signer), **ZSK_ONLY))

    @unittest.skipUnless(signing.have_keymgr() and all(map(installed, LDNS)),
                         "keymgr or the tools of ldns are not installed")
    def test_another_signer(self):
        """Keys in BIND's format, and another program that signs."""
        for how in ((), ("-n",)):
            folder = tempfile.mkdtemp(prefix="mxg-", dir=harness.short_tmp())
            self.addCleanup(shutil.rmtree, folder)

            def ldns(name, *args, where=folder):
                return subprocess.run([harness.program("ldns-" + name), *args], cwd=where,
                                      capture_output=True, text=True, check=True).stdout.strip()
            ksk, zsk = (ldns("keygen", *kind, "-r", "/dev/urandom", "-a", "ECDSAP256SHA256",
                             ZONE[:-1]) for kind in (("-k",), ()))
            harness.replace(os.path.join(folder, "plain"), signing.zone_text())
            ldns("signzone", *how, "-o", ZONE[:-1], "-f", "signed", "plain", ksk, zsk)
            with open(os.path.join(folder, "signed")) as file:
                text = file.read()
            self.guards(self.server(text, lambda server: signing.keymgr(
                server, ZONE, "import-bind", os.path.join(folder, zsk + ".key")), **ZSK_ONLY))

    def test_database_copied(self):
        for items in ({}, {"single_type_signing": "on"}):
            signer, text = self.signer(**items)
            self.guards(self.server(text, self.copies(signer)))

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_key_of_another_zone_version(self):
        """A key that is imported but not in the zone (yet, or any more) is not used."""
        signer, text = self.signer()
        other, _ = self.signer()

        def both(server):
            self.imports(other)(server)
            self.imports(signer)(server)
        server = self.server(text, both, **ZSK_ONLY).start()
        self.right(server)
        self.resolves(server)

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_imported_later(self):
        """The key comes when the server is up: what the log asks for makes it good."""
        signer, text = self.signer()
        server = self.server(text, **ZSK_ONLY).start()
        self.assertTrue(signing.refused(server.ask("mail." + ZONE, "A", do=True)))
        self.imports(signer)(server)
        server.knotc("-f", "-b", "zone-reload", ZONE)
        self.becomes_right(server, CHANGED[0], WITHIN)
        self.right(server)
        self.resolves(server)

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_signed_anew(self):
        """The signer gets another ZSK: imported beforehand, it is used with the new zone."""
        signer, text = self.signer(propagation_delay="0", dnskey_ttl="0")
        server = self.server(text, self.imports(signer), **ZSK_ONLY).start()
        self.right(server)
        before = {ident for ident, _, _ in signing.listed_keys(signer, ZONE)}
        signer.knotc("zone-key-rollover", ZONE, "zsk")
        new = harness.wait_for(lambda: [key for key in signing.listed_keys(signer, ZONE)
                                        if key[0] not in before], what=signer.log())
        self.assertEqual([kind for _, kind, _ in new], ["zsk"])
        tags = {tag for tag, flags, _ in signing.describe(signing.dnskeys(server, ZONE))
                if flags == 256}
        harness.wait_for(lambda: not tags & {
            sig.key_tag for found, sigs in signing.signed_sections(signing.read(
                signer.ask("good." + ZONE, "A", do=True))) for sig in sigs},
                         what="signatures by the new key\n" + signer.log())
        self.imports(signer)(server)
        server.write_zone(ZONE, written(signer, ZONE))
        server.knotc("-f", "-b", "zone-reload", ZONE)
        for question in QUESTIONS:
            self.becomes_right(server, question, WITHIN)
        self.right(server)
        self.resolves(server)


class Unsignable(PresignedCase):
    """No key at all, the wrong one, or half of what is needed."""

    def counts(self, server, question):
        """True if a refused question has been counted so, by UDP and by TCP."""
        before = server.counters(ZONE)
        for tcp in (False, True):
            message = signing.read(server.ask(absolute(question[0]), question[1], do=True,
                                              tcp=tcp))
            self.assertEqual(message.rcode(), dns.rcode.SERVFAIL)
            self.assertFalse(message.answer or message.authority or message.additional)
            self.assertEqual([int(option.otype) for option in message.options], [15])
        after = server.counters(ZONE)
        return all(after.get(counter, 0) == before.get(counter, 0) + 2
                   for counter in ("finding[sign-failure]", "action[refused]"))

    def refuses(self, server, plain):
        """What would change is SERVFAIL, all else as without the module."""
        server.start()
        for question in CHANGED:
            with self.subTest(question=question[:2]):
                # Counters begin anew when the module has itself loaded anew, looking for keys.
                harness.wait_for(lambda: self.counts(server, question), WITHIN, "counters")
                self.assertIsNone(signing.disagrees(question, server.ask(
                    absolute(question[0]), question[1])))
        for question in KEPT:
            wire = client.query(absolute(question[0]), question[1], do=True)
            for ask in (client.udp, client.tcp):
                self.assertEqual(ask(server.port, wire), ask(plain.port, wire), question)
        for question in BESIDE:
            wire = server.ask(absolute(question[0]), question[1], do=True)
            if not signing.refused(wire):
                self.assertEqual(signing.check(server, ZONE, wire), [])
        command = "'knotc -f zone-reload %s'" % ZONE
        harness.wait_for(lambda: server.log_lines("mod-mxguard", "can't be signed", command),
                         SAID_WITHIN, "%s in\n%s" % (command, server.log()))
        # Once for each load, and these become ever fewer.
        self.assertLess(len(server.log_lines(command)), 10, server.log())

    def test_no_keys(self):
        _, text = self.signer()
        plain = self.serve({ZONE: text})
        self.refuses(self.server(text), plain)

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_wrong_keys(self):
        _, text = self.signer()
        other, _ = self.signer()
        plain = self.serve({ZONE: text})
        for prepare in (self.imports(other), self.copies(other)):
            self.refuses(self.server(text, prepare, **ZSK_ONLY), plain)

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_incomplete(self):
        """Only the ZSK without telling Knot so, and only the KSK."""
        signer, text = self.signer()
        plain = self.serve({ZONE: text})
        self.refuses(self.server(text, self.imports(signer)), plain)
        self.refuses(self.server(text, self.imports(signer, but="zsk"), **ZSK_ONLY), plain)

    def test_key_file_gone(self):
        signer, text = self.signer()
        plain = self.serve({ZONE: text})

        def prepare(server):
            self.copies(signer)(server)
            keys = server.path("db", "keys", "keys")
            for file in os.listdir(keys):
                os.unlink(os.path.join(keys, file))
        self.refuses(self.server(text, prepare), plain)


if __name__ == "__main__":
    unittest.main()
