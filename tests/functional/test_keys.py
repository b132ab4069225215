# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys: where they may be, what may be wrong with them, and when they come.

As long as there is no key, what would change is SERVFAIL, and it is said once why; once there is
one, all is right within seconds, and nothing is reloaded for that.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_keys.py
"""

import os
import shutil
import subprocess
import tempfile
import time
import unittest

import dns.rcode

import harness
import signing
from signing import (CHANGED, MAIL4, POLICY, SIGN, ZONE, absolute, imports, policies, policy,
                     sign_with)
from validator import installed

WITHIN = 20
# More than a second: keys are looked for again in that time.
AGAIN = 1.5
ASKED = ("imap", "A", 0, (MAIL4,))
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "4711"


def keystore(ident, config, backend="pem"):
    return "  - id: %s\n    backend: %s\n    config: \"%s\"\n" % (ident, backend, config)


class Edited(harness.Knotd):
    """A knotd with edits of its configuration: {lines: what they become}; {folder} is its own."""

    def __init__(self, *args, edits=None, **options):
        self.edits = edits or {}
        super().__init__(*args, **options)

    def config(self):
        text = super().config()
        for old, new in self.edits.items():
            old, new = (part.replace("{folder}", self.folder) for part in (old, new))
            assert old in text, text
            text = text.replace(old, new, 1)
        return text.replace("{folder}", self.folder)


class KeysCase(signing.SigningCase):

    def edited(self, edits=None, extra="", options=None, text=None, guard=POLICY):
        """A guarded server, not started."""
        server = Edited({ZONE: text or signing.zone_text()}, guard, edits=edits, extra=extra,
                        options={None: SIGN if options is None else options})
        self.addCleanup(server.stop)
        return server

    def signs(self, server, **items):
        """The first answer and all others are right."""
        server.start()
        signing.wait_signed(server, ZONE)
        self.right(server)
        self.loaded_once(server, **items)

    def refuses(self, server):
        """All that would change is SERVFAIL, also when keys have been looked for again."""
        for question in CHANGED:
            message = signing.read(server.ask(absolute(question[0]), question[1], do=True))
            self.assertEqual((question[:2], message.rcode()),
                             (question[:2], dns.rcode.SERVFAIL), server.log())
        until = time.monotonic() + AGAIN
        while time.monotonic() < until:
            self.assertTrue(signing.refused(server.ask(absolute(ASKED[0]), ASKED[1], do=True)))

    def recovers(self, server):
        """All is right soon, without a reload."""
        self.becomes_right(server, ASKED, WITHIN)
        self.right(server)
        self.loaded_once(server, missing=1)


# An entry that is called default is not used unless it is named.
# Title: edits of the configuration, more sections, options of the zone, where keys are.
STORES = {
    "default": ({}, "", SIGN, "db/keys/keys"),
    "KASP database, relative": (
        {"    storage: {folder}/db\n": "    storage: {folder}/db\n    kasp-db: kasp\n"}, "", SIGN,
        "db/kasp/keys"),
    "KASP database, absolute": (
        {"    storage: {folder}/db\n": "    storage: {folder}/db\n    kasp-db: {folder}/kasp\n"},
        "", SIGN, "kasp/keys"),
    "own policy": ({}, policies(policy("p")), sign_with("p"), "db/keys/keys"),
    "key store, relative": (
        {}, "keystore:\n" + keystore("k", "mine") + policies(policy("p", keystore="k")),
        sign_with("p"), "db/keys/mine"),
    "key store, absolute": (
        {}, "keystore:\n" + keystore("k", "{folder}/mine") + policies(policy("p", keystore="k")),
        sign_with("p"), "mine"),
    "key store called default": (
        {}, "keystore:\n" + keystore("default", "mine"), SIGN, "db/keys/keys"),
    "policy called default": (
        {}, "keystore:\n" + keystore("k", "mine") + policies(policy("default", keystore="k")),
        SIGN, "db/keys/keys"),
    "policy of the template": (
        {"    semantic-checks: off\n": "    semantic-checks: off\n" + sign_with("p")},
        "keystore:\n" + keystore("k", "mine") + policies(policy("p", keystore="k")), "",
        "db/keys/mine"),
}


class Places(KeysCase):
    """Keys are found wherever knotd keeps them, or where the stanza says."""

    def test_key_stores(self):
        for title, (edits, extra, options, where) in STORES.items():
            with self.subTest(title):
                edits = {key: value.replace("    journal-content: changes\n", "")
                         for key, value in edits.items()}
                server = self.edited(edits, extra, options)
                if "template" in title:
                    server.edits["    journal-content: none\n"] = "    journal-content: changes\n"
                    server.write_conf()
                self.signs(server)
                self.assertTrue(os.listdir(server.path(*where.split("/"))), where)

    @unittest.skipUnless(harness.version() >= (3, 5), "this Knot DNS has one key store a policy")
    def test_several_key_stores(self):
        """Keys are in the first one, or were moved to the last one."""
        extra = "keystore:\n" + keystore("a", "first") + keystore("b", "{folder}/second") + \
            keystore("c", "third") + policies(policy("p", keystore="[ a, b, c ]"))
        for where in (None, ("second",), ("db", "keys", "third")):
            server = self.edited({}, extra, sign_with("p"))
            server.start()
            signing.wait_signed(server, ZONE)
            first = server.path("db", "keys", "first")
            self.assertTrue(os.listdir(first))
            if where is not None:
                shutil.rmtree(server.path(*where), ignore_errors=True)
                os.rename(first, server.path(*where))
            self.right(server)
            self.loaded_once(server)

    def test_signing_key(self):
        """A file or a directory, with an absolute path or below the KASP database."""
        signer, text = self.signer()
        keys = signer.path("db", "keys", "keys")
        zsk, = (signing.private_key(signer, ident) for ident, kind, _ in
                signing.listed_keys(signer, ZONE) if kind == "zsk")
        folder = tempfile.mkdtemp(prefix="mxg-", dir=harness.short_tmp())
        self.addCleanup(shutil.rmtree, folder)
        shutil.copy(zsk, os.path.join(folder, "the-key-of-this-zone.pem"))
        for number in range(8):
            harness.replace(os.path.join(folder, "%d.pem" % number), "no key")
        for paths in ((zsk,), (keys,), (folder,), ("other/zsk.pem",), ("other",),
                      ("nowhere", "other/none.pem", zsk)):
            with self.subTest(paths=paths):
                server = self.edited(options="", text=text, guard=POLICY.with_(signing_key=paths))
                os.makedirs(server.path("db", "keys", "other"))
                shutil.copy(zsk, server.path("db", "keys", "other", "zsk.pem"))
                self.signs(server)
                self.assertFalse(os.path.exists(server.path("db", "keys", "keys")))

    def test_signing_key_that_is_missing(self):
        """Keys of the stanza come first, and the key store helps out."""
        server = self.edited(guard=POLICY.with_(signing_key=("nowhere", "nothing.pem")))
        self.signs(server)

    def test_many_files(self):
        """A directory with more files than are read at a time: the key is found in the end."""
        signer, text = self.signer()
        zsk, = (signing.private_key(signer, ident) for ident, kind, _ in
                signing.listed_keys(signer, ZONE) if kind == "zsk")
        server = self.edited(options="", text=text, guard=POLICY.with_(signing_key=("many",)))
        os.makedirs(server.path("db", "keys", "many"))
        for number in range(60):
            harness.replace(server.path("db", "keys", "many", "%d.pem" % number), "no key")
        shutil.copy(zsk, server.path("db", "keys", "many", "zsk.pem"))
        server.start()
        self.becomes_right(server, ASKED, WITHIN)
        self.right(server)

    def test_offline_ksk(self):
        """The private key of the KSK is not needed."""
        server = self.edited()
        server.start()
        signing.wait_signed(server, ZONE)
        ksk, = (ident for ident, kind, _ in signing.listed_keys(server, ZONE) if kind == "ksk")
        os.unlink(signing.private_key(server, ksk))
        self.right(server)
        self.resolves(server)
        self.loaded_once(server)


def unlink(path, *_):
    os.unlink(path)


def swap(path, other):
    shutil.copy(other, path)


def shorten(path, _):
    with open(path) as file:
        text = file.read()
    harness.replace(path, text[:len(text) // 2])


def empty(path, _):
    harness.replace(path, "")


def fifo(path, _):
    os.unlink(path)
    os.mkfifo(path)


def folder_instead(path, _):
    os.unlink(path)
    os.mkdir(path)


def restore(path, pem):
    if os.path.isdir(path):
        os.rmdir(path)
    harness.replace(path, pem)


@unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
class ByHand(KeysCase):
    """A zone that is signed elsewhere, and what may become of its key's file."""

    def setUp(self):
        self.signer_, self.text = self.signer()
        other, _ = self.signer()
        ident, = (ident for ident, kind, _ in signing.listed_keys(other, ZONE) if kind == "zsk")
        self.other = signing.private_key(other, ident)

    def prepared(self, **options):
        """A server with the key in its key store, and the file of that."""
        server = harness.Knotd({ZONE: self.text}, POLICY, **options)
        self.addCleanup(server.stop)
        imports(self.signer_)(server)
        (ident, _, _), = signing.listed_keys(server, ZONE)
        return server, signing.private_key(server, ident)

    def test_files(self):
        """Spoiled in each of these ways, then repaired while the server runs."""
        for spoil in (unlink, swap, shorten, empty, fifo, folder_instead):
            with self.subTest(spoil.__name__):
                server, path = self.prepared()
                with open(path) as file:
                    pem = file.read()
                spoil(path, self.other)
                server.start()
                self.refuses(server)
                self.loaded_once(server, found=0, missing=1)
                self.assertIn(os.path.dirname(path), self.missing_line(server))
                restore(path, pem)
                self.recovers(server)

    def test_folder_made_later(self):
        """There is not even a KASP database at first."""
        server = harness.Knotd({ZONE: self.text}, POLICY)
        self.addCleanup(server.stop)
        server.start()
        self.refuses(server)
        self.assertIn(server.path("db", "keys", "keys"), self.missing_line(server))
        self.assertFalse(os.path.exists(server.path("db", "keys", "keys")))
        imports(self.signer_)(server)
        self.recovers(server)

    def test_gone_after_use(self):
        """A key that was found is kept."""
        server, path = self.prepared()
        server.start()
        self.right(server)
        os.unlink(path)
        for number in range(20):
            question = ("new%d.wild" % number, "A", 0, (MAIL4,))
            self.assertEqual(self.faults(server, question), [])
        self.loaded_once(server)


@unittest.skipUnless(harness.has_user(), "not root, or there is no user " + harness.USER)
class Unprivileged(KeysCase):
    """knotd drops its privileges before zones and their modules are loaded."""

    def dropped(self, text=None, options=SIGN, prepare=None):
        """A server that will run as another user, and all of whose files are that one's."""
        server = harness.Knotd({ZONE: text or signing.zone_text()}, POLICY,
                               options={None: options})
        self.addCleanup(server.stop)
        if prepare is not None:
            prepare(server)
        server.drop_privileges()
        return server

    def start(self, server):
        server.start()
        self.assertEqual(server.user(), harness.USER)

    def test_signs(self):
        server = self.dropped()
        self.start(server)
        signing.wait_signed(server, ZONE)
        self.right(server)
        self.resolves(server)
        self.loaded_once(server)

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_unreadable(self):
        """A directory and a file that only root may read, and readable again."""
        signer, text = self.signer()
        for parts in ((), ("file",)):
            server = self.dropped(text, "", imports(signer))
            path = keys = server.path("db", "keys", "keys")
            if parts:
                name, = os.listdir(keys)
                path = os.path.join(keys, name)
            user = os.stat(path)
            os.chown(path, 0, 0)
            os.chmod(path, 0o700)
            self.start(server)
            self.refuses(server)
            line = self.missing_line(server)
            self.assertIn("'" + path, line)
            self.assertIn("(Permission denied)", line)
            os.chown(path, user.st_uid, user.st_gid)
            self.recovers(server)


@unittest.skipUnless(installed("softhsm2-util") and os.path.exists(SOFTHSM),
                     "SoftHSM is not installed")
class Token(KeysCase):
    """Keys on a PKCS #11 token, in software."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mxg-", dir=harness.short_tmp())
        self.addCleanup(shutil.rmtree, self.folder)
        os.mkdir(os.path.join(self.folder, "tokens"))
        conf = os.path.join(self.folder, "conf")
        harness.replace(conf, "directories.tokendir = %s/tokens\nobjectstore.backend = file\n"
                        "log.level = ERROR\n" % self.folder)
        before = os.environ.get("SOFTHSM2_CONF")
        os.environ["SOFTHSM2_CONF"] = conf
        self.addCleanup(lambda: os.environ.pop("SOFTHSM2_CONF") if before is None else
                        os.environ.__setitem__("SOFTHSM2_CONF", before))
        self.softhsm("--init-token", "--free", "--label", "mxg", "--so-pin", PIN, "--pin", PIN)

    def softhsm(self, *args):
        subprocess.run([harness.program("softhsm2-util"), *args], check=True, capture_output=True,
                       text=True)

    def config(self, pin=PIN, token="mxg"):
        return "pkcs11:token=%s;pin-value=%s %s" % (token, pin, SOFTHSM)

    def with_token(self, config=None, options=sign_with("p"), text=None, **items):
        return self.edited({}, "keystore:\n" + keystore("t", config or self.config(), "pkcs11") +
                           policies(policy("p", keystore="t", **items)), options, text)

    def test_made_on_it(self):
        for items in ({}, {"single_type_signing": "on", "algorithm": "rsasha256"}):
            server = self.with_token(**items)
            self.signs(server)
            self.resolves(server)
            self.assertNotIn(PIN, server.log())

    @unittest.skipUnless(signing.have_keymgr(), "keymgr is not installed")
    def test_imported(self):
        """A key from elsewhere with an ID of its own; the zone is signed elsewhere, too."""
        signer, text = self.signer()
        ident, = (ident for ident, kind, _ in signing.listed_keys(signer, ZONE) if kind == "zsk")
        server = self.with_token(options="    dnssec-policy: p\n", text=text)
        server.start()
        self.refuses(server)
        line = self.missing_line(server)
        self.assertIn("it is not on the token 'pkcs11:token=mxg'", line)
        self.softhsm("--import", signing.private_key(signer, ident), "--token", "mxg", "--label",
                     "zsk", "--id", "08" * 20, "--pin", PIN)
        self.recovers(server)
        self.assertNotIn(PIN, server.log())

    def test_not_opened(self):
        """A PIN that is wrong, and a token that is not there: it is said, without the PIN."""
        _, text = self.signer()
        for config in (self.config(pin="4712"), self.config(token="none")):
            server = self.with_token(config, "    dnssec-policy: p\n", text)
            server.start()
            self.refuses(server)
            self.loaded_once(server, found=0, missing=1)
            line = self.missing_line(server)
            self.assertIn("'pkcs11:token=", line)
            self.assertNotIn("471", server.log())


if __name__ == "__main__":
    unittest.main()
