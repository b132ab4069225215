# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of signing servers share: a zone and what to ask it, sections of the
configuration, keys, and a look at every signature of a response.

The look is at signatures only: that a denial proves what it has to is for a real validator to say.
"""

import os
import re
import subprocess
import tempfile
import time

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

import harness
import zones
from stanza import Policy
from validator import Unbound, installed, wait_anchors

try:
    import cryptography as _  # What dnspython validates with.
    CRYPTO = True
except ImportError:
    CRYPTO = False

CDS, DNSKEY, RRSIG = dns.rdatatype.CDS, dns.rdatatype.DNSKEY, dns.rdatatype.RRSIG
SIGN = "    dnssec-signing: on\n    journal-content: changes\n"
ZONE = "example.test."
# One of each that the module changes, and some that it leaves alone. There is no mail-exchange: it
# is synthesized, between neighbours on both sides.
LINES = """
@ MX 10 mail
@ MX 20 www
both MX 5 imap
both MX 10 smtp
good A 192.0.2.11
good MX 10 good
imap A 104.16.1.3
imap AAAA 2606:4700::3
list MX 10 x.cdn.example.net.
lonely TXT "nobody near"
news TXT "just after the exchange"
relay CNAME www
smtp A 104.16.1.2
smtp A 192.0.2.10
_submission._tcp SRV 0 0 587 www
*.wild A 104.16.1.4
www A 104.16.1.1
"""
POLICY = Policy(proxy_name=("cdn.example.net.",), mail_host=("smtp", "imap", "relay", "*.wild"))
MAIL4, MAIL6 = "198.51.100.25", "2001:db8::25"
# Name, type, RCODE (0 NOERROR, 3 NXDOMAIN), RDATA of that type or none for NODATA. %s is the zone.
CHANGED = (
    ("mail", "A", 0, (MAIL4,)), ("mail", "AAAA", 0, (MAIL6,)), ("mail", "TXT", 0, ()),
    ("imap", "A", 0, (MAIL4,)), ("imap", "AAAA", 0, (MAIL6,)), ("smtp", "A", 0, ("192.0.2.10",)),
    ("relay", "A", 0, (MAIL4,)), ("relay", "AAAA", 0, (MAIL6,)), ("relay", "TXT", 0, ()),
    ("a.wild", "A", 0, (MAIL4,)), ("@", "MX", 0, ("10 mail.%s",)),
    ("list", "MX", 0, ("10 mail.%s",)),
    ("_submission._tcp", "SRV", 0, ("0 0 587 mail.%s",)))
# Of these the denials of what is beside the exchange are changed; all others are left alone.
BESIDE = (("m", "A", 3, ()), ("maik", "A", 3, ()), ("mail0", "TXT", 3, ()), ("mb", "A", 3, ()),
          ("lonely", "A", 0, ()), ("lonelz", "A", 3, ()), ("newr", "A", 3, ()),
          ("b.mail", "A", 3, ()))
KEPT = (("good", "A", 0, ("192.0.2.11",)), ("good", "MX", 0, ("10 good.%s",)),
        ("good", "TXT", 0, ()), ("www", "A", 0, ("104.16.1.1",)), ("smtp", "AAAA", 0, ()),
        ("imap", "TXT", 0, ()), ("zz", "A", 3, ()), ("ns", "A", 0, ("192.0.2.53",)))
# Of this one the additional section is.
BOTH = ("both", "MX", 0, ("5 imap.%s", "10 smtp.%s"))
QUESTIONS = CHANGED + BESIDE + KEPT + (BOTH,)


def zone_text(zone=ZONE, ttl=None):
    """The zone file; ttl stands for all of its TTLs."""
    text = zones.small(zone, LINES)
    return text if ttl is None else text.replace("$TTL 3600", "$TTL %d" % ttl).replace(
        " 604800 900", " 604800 %d" % ttl)


def absolute(name, zone=ZONE):
    return zone if name == "@" else "%s.%s" % (name, zone)


def answered(message, name, rdtype):
    """The RDATA texts of one RRset in the answer section, sorted."""
    key = dns.name.from_text(name), dns.rdatatype.from_text(rdtype)
    return sorted(rdata.to_text().lower() for found in message.answer for rdata in found
                  if (found.name, found.rdtype) == key)


def disagrees(question, wire, zone=ZONE):
    """What is wrong with the contents of an answer to one of the questions above, or None."""
    name, rdtype, rcode, texts = question
    message = read(wire)
    got = message.rcode(), answered(message, absolute(name, zone), rdtype)
    want = rcode, sorted(text.replace("%s", zone) for text in texts)
    return None if got == want else "%s %s: got %s, want %s" % (name, rdtype, got, want)


def policy(ident, **items):
    """One entry of the policy section; names of items with underscores for the hyphens."""
    return "  - id: %s\n" % ident + "".join(
        "    %s: %s\n" % (name.replace("_", "-"), value) for name, value in items.items())


def policies(*entries):
    """The section."""
    return "\npolicy:\n" + "".join(entries)


def sign_with(ident):
    """Options of a zone that this server signs."""
    return SIGN + "    dnssec-policy: %s\n" % ident


# What the module says of keys.
FOUND = "keys found, changed answers are signed"
MISSING = "changed answers can't be signed: "


def loads(server, zone=ZONE):
    """How often the module was loaded for a zone."""
    return len(server.log_lines("[%s]" % zone, " protected, mode "))


def signing_lines(server, zone=ZONE):
    """How often the module was loaded, said that keys were found, and that there are none."""
    return (loads(server, zone), *(len(server.log_lines("[%s]" % zone, text))
                                   for text in (FOUND, MISSING)))


def read(wire):
    return wire if isinstance(wire, dns.message.Message) else dns.message.from_wire(wire)


def rrset(message, rdtype, section="answer"):
    """The first RRset of a type in a section, or None."""
    for found in getattr(read(message), section):
        if found.rdtype == rdtype:
            return found
    return None


def dnskeys(server, zone):
    """The zone's DNSKEY RRset as the server has it now, or None."""
    return rrset(server.ask(zone, "DNSKEY", tcp=True), DNSKEY)


def wait_signed(server, zone):
    return harness.wait_for(lambda: dnskeys(server, zone),
                            what="%s to be signed\n%s" % (zone, server.log()))


def by_tag(keys):
    """{key tag: [DNSKEY]}: tags are not unique."""
    tags = {}
    for key in keys or ():
        tags.setdefault(dns.dnssec.key_id(key), []).append(key)
    return tags


def describe(keys):
    """{(key tag, flags, algorithm)} of a DNSKEY RRset."""
    return {(dns.dnssec.key_id(key), int(key.flags), int(key.algorithm)) for key in keys or ()}


def signed_sections(message):
    """(RRset, its RRSIGs or None) of what a validator looks at: not referrals and their glue."""
    for section in (message.answer, message.authority, message.additional):
        sigs = {(found.name, found.covers): found for found in section if found.rdtype == RRSIG}
        referral = section is message.authority and not message.flags & dns.flags.AA
        for found in section:
            if found.rdtype == RRSIG:
                if not any((other.name, other.rdtype) == (found.name, found.covers)
                           for other in section):
                    yield found, None
                continue
            of_it = sigs.get((found.name, found.rdtype))
            if section is message.additional and of_it is None:
                continue
            if referral and found.rdtype == dns.rdatatype.NS:
                continue
            yield found, of_it


def synthesized(message, alias):
    """True for the CNAME that comes with a DNAME and needs no signature."""
    return alias.rdtype == dns.rdatatype.CNAME and any(
        found.rdtype == dns.rdatatype.DNAME and alias.name != found.name and
        alias.name.is_subdomain(found.name) for found in message.answer)


class Checker:
    """Says what is wrong with the signatures of responses. Remembers what it has seen to be right.

    keys  the DNSKEYs that may be used, as from dnskeys()
    good  what another one has seen to be right
    """

    def __init__(self, keys, good=None):
        self.tags = by_tag(keys)
        self.good = set() if good is None else good

    def wrong(self, wire, now=None):
        """A text for each fault in a response."""
        message = read(wire)
        now = time.time() if now is None else now
        faults = []
        for found, sigs in signed_sections(message):
            name = "%s %s" % (found.name, dns.rdatatype.to_text(found.rdtype))
            if found.rdtype == RRSIG:
                faults.append("%s: covers nothing: %s" % (name, found[0]))
            elif sigs is None:
                if not synthesized(message, found):
                    faults.append("%s: no signature" % name)
            else:
                faults += ["%s: %s" % (name, fault) for sig in sigs
                           for fault in self.one(found, sig, now)]
        return faults

    def one(self, found, sig, now):
        if not sig.inception <= now < sig.expiration:
            yield "good from %d to %d only, now is %d" % (sig.inception, sig.expiration, now)
        if found.ttl > sig.original_ttl:
            yield "TTL %d is more than the %d that is signed" % (found.ttl, sig.original_ttl)
        keys = [key for key in self.tags.get(sig.key_tag, ()) if key.algorithm == sig.algorithm]
        if not keys:
            yield "key %d is not in the zone" % sig.key_tag
        elif CRYPTO and not any(self.verifies(found, sig, key, now) for key in keys):
            yield "the signature by %d is wrong" % sig.key_tag

    def verifies(self, found, sig, key, now):
        what = (found.name, found.rdtype, sig.to_text(), key.to_text(),
                tuple(sorted(rdata.to_wire() for rdata in found)))
        if what in self.good:
            return True
        ring = {sig.signer: dns.rrset.from_rdata(sig.signer, 0, key)}
        try:
            dns.dnssec.validate_rrsig(found, sig, ring, now=min(now, sig.expiration))
        except dns.dnssec.ValidationFailure:
            return False
        self.good.add(what)
        return True


def check(server, zone, wire, now=None):
    """What is wrong with a response by the keys that the server has now."""
    return Checker(dnskeys(server, zone)).wrong(wire, now)


def refused(wire):
    return read(wire).rcode() == dns.rcode.SERVFAIL


def ends(wire):
    """The earliest expiration of any signature in a response."""
    message = read(wire)
    return min((sig.expiration for section in (message.answer, message.authority,
                                               message.additional)
                for found in section if found.rdtype == RRSIG for sig in found), default=None)


def signer_tags(server, zone):
    """Tags of the keys that the zone's SOA is signed with."""
    message = read(server.ask(zone, "SOA", do=True, tcp=True))
    return {sig.key_tag for found in message.answer if found.rdtype == RRSIG for sig in found}


class SigningCase(harness.Case):
    """Questions of the list above, asked with DO, and what their answers have to be."""

    def signer(self, **items):
        """An unguarded server that signs the zone, and the zone as it is signed."""
        server = self.serve({ZONE: zone_text()}, options={None: sign_with("s")},
                            extra=policies(policy("s", **items)))
        wait_signed(server, ZONE)
        return server, written(server, ZONE)

    def server(self, text, prepare=None, **items):
        """A guarded server that has a signed zone and does not sign, not started.

        prepare  is called with it
        items    more of the stanza
        """
        server = harness.Knotd({ZONE: text}, POLICY.with_(ede=True, **items))
        self.addCleanup(server.stop)
        if prepare is not None:
            prepare(server)
        return server

    def faults(self, server, question, zone=ZONE, tcp=False):
        """What is wrong with the answer to one question, its contents and its signatures."""
        wire = server.ask(absolute(question[0], zone), question[1], do=True, tcp=tcp)
        bad = disagrees(question, wire, zone)
        return ([bad] if bad else []) + check(server, zone, wire)

    def loaded_once(self, server, zone=ZONE, found=1, missing=0):
        """The module was loaded once, and said only once whether it has keys."""
        self.loaded(server, zone, 1, found, missing)

    def loaded(self, server, zone=ZONE, loads=1, found=1, missing=0):
        self.assertEqual(signing_lines(server, zone), (loads, found, missing), server.log())
        if not missing:
            self.assertNotIn("finding[sign-failure]", server.counters(zone))
        else:
            self.missing_line(server, zone)

    def missing_line(self, server, zone=ZONE):
        """The last line that says that there is no key. It names one that signs the zone."""
        line = server.log_lines("warning: [%s] module 'mod-mxguard/" % zone, MISSING)[-1]
        tag = int(re.search(r"the key with tag (\d+) and algorithm", line)[1])
        self.assertIn(tag, signer_tags(server, zone), line)
        self.assertIn("'signing-key'", line)
        return line

    def right(self, server, questions=QUESTIONS, zone=ZONE):
        """Asks all, over UDP and TCP."""
        for question in questions:
            for tcp in (False, True):
                with self.subTest(question=question[:2], tcp=tcp):
                    self.assertEqual(self.faults(server, question, zone, tcp), [])

    def becomes_right(self, server, question, seconds, zone=ZONE):
        """Asks until the answer is right; until then only SERVFAIL will do."""
        def is_right():
            wire = server.ask(absolute(question[0], zone), question[1], do=True)
            if refused(wire):
                return False
            bad = disagrees(question, wire, zone)
            self.assertEqual(([bad] if bad else []) + check(server, zone, wire), [], server.log())
            return True
        harness.wait_for(is_right, seconds, "%s %s to be signed\n%s" % (*question[:2],
                                                                      server.log()))

    def resolves(self, server, questions=QUESTIONS, zone=ZONE, aggressive=True, opt_out=False):
        """Asks all through a validating resolver, twice, there and back.

        With opt-out, that a name is not there need not be secure (RFC 5155 9.2).
        """
        if not Unbound.available():
            print("# no Unbound")
            return
        keys = {zone: wait_anchors(server, zone)}
        with Unbound({zone: server.port}, keys, aggressive) as resolver:
            for question in (*questions, *reversed(questions)):
                with self.subTest(question=question[:2], resolver="unbound"):
                    secure = not opt_out or (question[2] == 0 and "wild" not in question[0])
                    self.assertIsNone(resolved_wrongly(resolver, question, zone, secure),
                                      server.log())
            self.assertEqual(resolver.bogus(), [])


def resolved_wrongly(resolver, question, zone=ZONE, secure=True):
    """What is wrong with what a validating resolver says to one of the questions, or None."""
    name, rdtype, rcode, texts = question
    got_rcode, authentic, answer = resolver.ask(absolute(name, zone), rdtype)
    key = dns.name.from_text(absolute(name, zone)), dns.rdatatype.from_text(rdtype)
    got = got_rcode, authentic, sorted(answer.get(key, (0, ()))[1])
    want = rcode, authentic or secure, sorted(text.replace("%s", zone) for text in texts)
    return None if got == want else "%s %s: got %s, want %s" % (name, rdtype, got, want)


def written(server, zone=ZONE):
    """The zone file of a zone as the server has it now."""
    out = tempfile.mkdtemp(dir=server.folder)
    server.knotc("-b", "zone-flush", zone, "+outdir", out)
    name, = harness.wait_for(lambda: os.listdir(out), what="the zone file")
    with open(os.path.join(out, name)) as file:
        return file.read()


# Keys

def keymgr(server, zone, *args):
    """Runs keymgr on the server's configuration and returns what it says."""
    where = ["-c", server.conf]
    if os.environ.get("KNOTD_PRELOAD"):
        # With the configuration comes the module, which then needs its sanitizer.
        where = ["-D", server.path("db", "keys")]
        os.makedirs(where[1], exist_ok=True)
    done = subprocess.run([harness.program("keymgr"), *where, zone, *args],
                          capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise AssertionError("keymgr %s: %s%s" % (args, done.stdout, done.stderr))
    return done.stdout


def have_keymgr():
    return installed("keymgr") is not None


def private_key(server, ident):
    """Path of a private key in the server's KASP database."""
    return server.path("db", "keys", "keys", ident + ".pem")


def imports(signer, but="ksk", zone=ZONE):
    """Imports a signer's keys into a server's key store as an operator would, but for one kind."""
    def prepare(server):
        for ident, kind, algorithm in listed_keys(signer, zone):
            if kind != but:
                keymgr(server, zone, "import-pem", private_key(signer, ident),
                       "algorithm=" + algorithm, "ksk=" + ("no" if kind == "zsk" else "yes"),
                       "zsk=" + ("no" if kind == "ksk" else "yes"))
    return prepare


def listed_keys(server, zone):
    """[(key ID, "ksk", "zsk" or "csk", algorithm number)] of the server's KASP database."""
    keys = []
    for line in keymgr(server, zone, "-e", "list").splitlines():
        words = line.split()
        if not words or not os.path.exists(private_key(server, words[0])):
            continue
        kind = "csk" if "ksk=yes" in line and "zsk=yes" in line else \
            "ksk" if "ksk=yes" in line else "zsk"
        algorithm = next(word for word in words if word.startswith("algorithm="))
        keys.append((words[0], kind, algorithm.split("=")[1]))
    return keys
