# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones that are signed elsewhere: served with the key that signs them, and without it.

A knotd, ldns or BIND signs a zone; its zone file is served by another knotd, which does not sign.
How that one gets the key is what an operator does: imports the private key of the ZSK into the key
store, copies the KASP database, or names the key in the stanza.

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
from signing import BESIDE, CHANGED, KEPT, ZONE, absolute, imports, written
from validator import installed
from wire_tap import KMXCHECK, address

WITHIN = 20
LDNS = ("ldns-keygen", "ldns-signzone")
BIND = ("dnssec-keygen", "dnssec-signzone")
KINDS = {
    "ecdsa": {}, "nsec3": {"nsec3": "on", "nsec3_iterations": "0"},
    "opt-out": {"nsec3": "on", "nsec3_iterations": "0", "nsec3_opt_out": "on"},
    "rsa": {"algorithm": "rsasha256"}, "ed25519": {"algorithm": "ed25519"},
}


class PresignedCase(signing.SigningCase):

    def copies(self, signer):
        """Copies the signer's KASP database."""
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
        self.loaded_once(server)


class Presigned(PresignedCase):
    """The keys are there."""

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_zsk_imported(self):
        for name, items in KINDS.items():
            with self.subTest(kind=name):
                signer, text = self.signer(**items)
                self.guards(self.server(text, imports(signer)), name == "opt-out")

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_csk_imported(self):
        signer, text = self.signer(single_type_signing="on")
        self.assertEqual([kind for _, kind, _ in signing.listed_keys(signer, ZONE)], ["csk"])
        self.guards(self.server(text, imports(signer)))

    def run_in(self, folder, name, *args):
        return subprocess.run([harness.program(name), *args], cwd=folder, capture_output=True,
                              text=True, check=True).stdout.strip()

    def another_signer(self, sign):
        """Keys in BIND's format, and another program that signs; NSEC and NSEC3.

        sign  from folder, file of the unsigned zone and NSEC3 or not: names of the KSK and the ZSK;
              the signed zone is in the file "signed" then
        """
        for nsec3 in (False, True):
            folder = tempfile.mkdtemp(prefix="mxg-", dir=harness.short_tmp())
            self.addCleanup(shutil.rmtree, folder)
            harness.replace(os.path.join(folder, "plain"), signing.zone_text())
            zsk = sign(folder, "plain", nsec3)
            with open(os.path.join(folder, "signed")) as file:
                text = file.read()

            def prepare(server, file=os.path.join(folder, zsk + ".key")):
                return signing.keymgr(server, ZONE, "import-bind", file)
            self.guards(self.server(text, prepare))

            # The same key in a file that the stanza names, taken from another server.
            other = harness.Knotd({ZONE: text})
            self.addCleanup(other.stop)
            prepare(other)
            (ident, _, _), = signing.listed_keys(other, ZONE)
            self.guards(self.server(text, signing_key=(signing.private_key(other, ident),)))

    @unittest.skipUnless(signing.have_keymgr() and all(map(installed, LDNS)),
                         "keymgr or the tools of ldns are not installed")
    def test_ldns(self):
        def sign(folder, plain, nsec3):
            ksk, zsk = (self.run_in(folder, LDNS[0], *kind, "-r", "/dev/urandom", "-a",
                                    "ECDSAP256SHA256", ZONE[:-1]) for kind in (("-k",), ()))
            self.run_in(folder, LDNS[1], *(("-n",) if nsec3 else ()), "-o", ZONE[:-1],
                        "-f", "signed", plain, ksk, zsk)
            return zsk
        self.another_signer(sign)

    @unittest.skipUnless(signing.have_keymgr() and all(map(installed, BIND)),
                         "keymgr or the tools of BIND are not installed")
    def test_bind(self):
        def sign(folder, plain, nsec3):
            _, zsk = (self.run_in(folder, BIND[0], *kind, "-a", "ECDSAP256SHA256", ZONE)
                      for kind in (("-f", "KSK"), ()))
            self.run_in(folder, BIND[1], *(("-3", "-") if nsec3 else ()), "-S", "-o", ZONE,
                        "-f", "signed", plain)
            return zsk
        self.another_signer(sign)

    @unittest.skipUnless(signing.have_keymgr() and all(map(installed, BIND)),
                         "keymgr or the tools of BIND are not installed")
    def test_two_keys(self):
        """Of two ZSKs of one algorithm one is enough, of two algorithms both are needed."""
        for algorithms in (("ECDSAP256SHA256",) * 2, ("ECDSAP256SHA256", "RSASHA256")):
            folder = tempfile.mkdtemp(prefix="mxg-", dir=harness.short_tmp())
            self.addCleanup(shutil.rmtree, folder)
            harness.replace(os.path.join(folder, "plain"), signing.zone_text())
            for algorithm in dict.fromkeys(algorithms):
                self.run_in(folder, BIND[0], "-f", "KSK", "-a", algorithm, "-b", "2048", ZONE)
            zsks = [os.path.join(folder, self.run_in(folder, BIND[0], "-a", algorithm, "-b", "2048",
                                                     ZONE) + ".key") for algorithm in algorithms]
            self.run_in(folder, BIND[1], "-S", "-o", ZONE, "-f", "signed", "plain")
            with open(os.path.join(folder, "signed")) as file:
                server = self.server(file.read())
            signing.keymgr(server, ZONE, "import-bind", zsks[0])
            server.start()
            self.assertEqual(len(signing.signer_tags(server, ZONE)), 2)
            enough = algorithms[0] == algorithms[1]
            self.assertEqual(self.signers(server), 1 if enough else 0)
            self.loaded_once(server, found=int(enough), missing=1)
            signing.keymgr(server, ZONE, "import-bind", zsks[1])
            harness.wait_for(lambda: self.signers(server) == 2, WITHIN, "two RRSIGs")
            self.right(server)
            self.resolves(server)
            self.loaded_once(server, missing=1)

    def signers(self, server):
        """How many RRSIGs a changed RRset has; 0 if it is refused."""
        wire = server.ask("imap." + ZONE, "A", do=True)
        if signing.refused(wire):
            return 0
        self.assertEqual(signing.check(server, ZONE, wire), [])
        return len(signing.rrset(wire, signing.RRSIG))

    def test_database_copied(self):
        for items in ({}, {"single_type_signing": "on"}):
            signer, text = self.signer(**items)
            self.guards(self.server(text, self.copies(signer)))

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_keys_that_are_not_in_the_zone(self):
        """A key that is imported but not in the zone (yet, or any more) is not used."""
        signer, text = self.signer()
        other, _ = self.signer()

        def both(server):
            imports(other)(server)
            imports(signer)(server)
        self.guards(self.server(text, both))

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_imported_later(self):
        """The key comes when the server is up, and is used from then on."""
        signer, text = self.signer()
        server = self.server(text).start()
        self.assertTrue(signing.refused(server.ask("mail." + ZONE, "A", do=True)))
        imports(signer)(server)
        self.becomes_right(server, CHANGED[0], WITHIN)
        self.right(server)
        self.resolves(server)
        self.loaded_once(server, missing=1)

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_signed_again(self):
        """The signer gets another ZSK: imported beforehand, it is used with the new zone."""
        signer, text = self.signer(propagation_delay="0", dnskey_ttl="0")
        server = self.server(text, imports(signer)).start()
        self.right(server)
        before = {ident for ident, _, _ in signing.listed_keys(signer, ZONE)}
        signer.knotc("zone-key-rollover", ZONE, "zsk")
        new = harness.wait_for(lambda: [key for key in signing.listed_keys(signer, ZONE)
                                        if key[0] not in before], what=signer.log())
        self.assertEqual([kind for _, kind, _ in new], ["zsk"])
        tags = {tag for tag, flags, _ in signing.describe(signing.dnskeys(server, ZONE))
                if flags == 256}
        harness.wait_for(lambda: not tags & signing.signer_tags(signer, ZONE),
                         what="signatures by the new key\n" + signer.log())
        imports(signer)(server)
        server.write_zone(ZONE, written(signer, ZONE))
        server.knotc("-b", "zone-reload", ZONE)
        harness.wait_for(lambda: not tags & signing.signer_tags(server, ZONE), what=server.log())
        self.right(server)
        self.resolves(server)
        self.loaded_once(server)


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
        """What would change is SERVFAIL, all else as without the module; it is said once why."""
        server.start()
        for question in CHANGED:
            with self.subTest(question=question[:2]):
                self.assertTrue(self.counts(server, question), server.counters(ZONE))
                self.assertIsNone(signing.disagrees(question, server.ask(
                    absolute(question[0]), question[1])))
        for question in KEPT:
            wire = client.query(absolute(question[0]), question[1], do=True)
            for ask in (client.udp, client.tcp):
                self.assertEqual(ask(server.port, wire), ask(plain.port, wire), question)
        for question in BESIDE:
            # Nothing is wrong with what the zone says to these.
            wire = server.ask(absolute(question[0]), question[1], do=True)
            self.assertEqual(signing.check(server, ZONE, wire), [])
        self.loaded_once(server, found=0, missing=1)
        audit = subprocess.run([KMXCHECK, "-c", server.conf, "-s", address(server)], check=False,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(audit.returncode, 2, audit.stdout)
        self.assertRegex(audit.stderr, r"answers SERVFAIL to \S+ \S+ over TCP, DNSSEC\n")
        return self.missing_line(server)

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_other_keys(self):
        """No keys, other ones, only the KSK, and a KASP database without its files."""
        signer, text = self.signer()
        other, _ = self.signer()
        plain = self.serve({ZONE: text})

        def without_files(server):
            self.copies(signer)(server)
            keys = server.path("db", "keys", "keys")
            for file in os.listdir(keys):
                os.unlink(os.path.join(keys, file))
        for prepare in (None, imports(other), self.copies(other), imports(signer, but="zsk"),
                        without_files):
            server = self.server(text, prepare)
            line = self.refuses(server, plain)
            self.assertIn("'%s'" % server.path("db", "keys", "keys"), line)


if __name__ == "__main__":
    unittest.main()
