# SPDX-License-Identifier: GPL-3.0-or-later
"""What kmxcheck says would fix a zone, put to the test: --diff against what a guarded server
answers, -f nsupdate and -f knotc by the real knsupdate and knotc, --axfr, and the formats other
programs read.

Run alone:  MXGUARD_MODULE=/path/mxguard.so KMXCHECK=/path/kmxcheck \\
            /usr/bin/python3 tests/functional/test_fix.py
"""

import json
import os
import re
import shutil
import subprocess
import unittest

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.wire

import cases
import client
import harness
import zones
from wire_tap import AuditCase, TOP, address, findings, lab_zones
from stanza import Policy

POLICY = Policy(proxy_name=("cdn.cloudflare.net.",),
                mail_address=("198.51.100.25", "2001:db8:25::25"))

IN = dns.rdataclass.IN

UPDATES = """\
acl:
  - id: all
    address: 127.0.0.1
    action: [update, transfer]
"""
JOURNAL = "    journal-content: changes\n"
TAKES_UPDATES = "    acl: all\n" + JOURNAL


def without_ttl(sections):
    """An answer as it is but for the TTL: in the zone records keep theirs, in answers of the module
    there is a limit."""
    return {key: texts for key, (_, texts) in sections.items()}


def changes(diff):
    """{zone file: [(sign, owner, TTL, type, RDATA)]} of the output of --diff."""
    files, lines = {}, None
    for line in diff.splitlines():
        head = re.match(r"--- (.*)", line)
        if head:
            lines = files.setdefault(head[1], [])
        elif not line.startswith("+++ "):
            sign, owner, ttl, rdtype, rdata = re.fullmatch(
                r"([-+])(\S+)\s+(\d+)\s+(\S+)\s+(.*)", line).groups()
            lines.append((sign, dns.name.from_text(owner), int(ttl),
                          dns.rdatatype.from_text(rdtype), rdata))
    return files


def fix(name, text, edits):
    """The text of a zone with the edits made. Each removal has to find its record."""
    zone = zones.load(name, text)
    for sign in "-+":
        for _, owner, ttl, rdtype, rdata in (edit for edit in edits if edit[0] == sign):
            rdata = dns.rdata.from_text(IN, rdtype, rdata)
            node = zone.find_node(owner, create=True)
            rdataset = node.find_rdataset(IN, rdtype, create=True)
            if sign == "-":
                rdataset.remove(rdata)
                if not rdataset:
                    node.delete_rdataset(IN, rdtype)
            else:
                rdataset.add(rdata, ttl)
    return zone.to_text(relativize=False)


# Cases whose answers no zone can hold: there is nothing beside a CNAME, and nothing below a DNAME.
NO_ZONE = ("a DNAME that leads a guarded host to the proxy", "an exchange below a DNAME",
           "an exchange that is an alias to a host with one family",
           "an exchange that is an alias to itself")


# Addresses below a delegation are for another zone to fix.
GLUE = "a referral and its glue stay as they are"
# Only that name has to be fixed, not the one that its alias leads to: without the alias then.
SERVICE = "the name of a mail service that is an alias"
# Nothing can be steered to an exchange of another authority.
ELSEWHERE = ("an exchange below a delegation is not steered to",
             "an exchange below a DNAME is not steered to")
# What enforce fixes, and so does the script.
FIXED = ("proxied-host", "proxied-alias", "proxied-target", "missing-target")


def lab_questions(texts):
    """(zone, QNAME, QTYPE). Nobody sends mail to null.example.: its exchange is answered (4.4), and
    not put there."""
    return [(zone, dns.name.from_text(label + zone), qtype) for zone in texts
            for label in ("", "www.", "mail.", "backup.", "_submission._tcp.")
            for qtype in ("A", "AAAA", "MX", "SRV", "CNAME", "TXT")
            if label + zone != "mail.null.example."]


class FixCase(AuditCase):
    """A server without the module and with the fixed zone answers like the guarded one."""

    def same_answers(self, guarded, plain, questions, title=lambda zone: zone, edits=None):
        for zone, qname, qtype in sorted(questions):
            with self.subTest(title(zone), qname=str(qname), qtype=qtype):
                got, want = (server.answer(qname, qtype, tcp=True)
                             for server in (guarded, plain))
                self.assertEqual((got.rcode, without_ttl(got.answer)),
                                 (want.rcode, without_ttl(want.answer)),
                                 "\n-- guarded\n%s\n-- fixed\n%s\n-- diff\n%s" % (
                                     got, want, edits and edits.get(guarded.zone_file(zone))))


class Diff(FixCase):
    def compare(self, texts, policies, questions, title=lambda zone: zone):
        guarded = self.serve(texts, policies)
        edits = changes(self.audit("-c", guarded.conf, "--fail-on", "never", "--diff"))
        fixed = {zone: fix(zone, text, edits.get(guarded.zone_file(zone), ()))
                  for zone, text in texts.items()}
        plain = self.serve(fixed)
        every = set(questions)
        if harness.looks_up():
            every |= {(zone, edit[1], dns.rdatatype.to_text(edit[3])) for zone in texts
                      for edit in edits.get(guarded.zone_file(zone), ())}
        self.same_answers(guarded, plain, every, title, edits)
        return edits

    def test_lab(self):
        texts = lab_zones()
        edits = self.compare(texts, POLICY, lab_questions(texts))
        self.assertEqual(len(edits), 9)

    def run_file(self, file):
        """Where modules can't look names up, only what does not hang on it."""
        every = [case for case in cases.read(file) if case.title not in (*NO_ZONE, SERVICE)]
        policies = {case.zone: case.policy() for case in every}
        # Someone sends mail to the exchange, so that it is put into the zone.
        texts = {case.zone: "%ssends-mail MX 10 %s\n" % (
            case.text(), policies[case.zone].mail_exchange or "mail") for case in every}
        # Not ANY: a server may answer it with any.
        which = ("", "new") if harness.looks_up() else ("",)
        self.compare(texts, policies,
                     [(case.zone, case.absolute(question.qname), question.qtype)
                      for case in every for question in case.questions
                      if question.which in which and question.qtype != "ANY"],
                     {case.zone: case.title for case in every}.get)


# Labels that mean something to a shell, to knotc, knsupdate or in a zone file.
LABELS = (b"$(touch pwned)", b"`touch pwned`", b"it's", b"';touch pwned;'", b'a"b', b"back\\slash",
          b"-x", b"--help", b"#x", b"@", b"new\nline", b"nul\0", b"tab\t", b"\xff\x80", b"a.b", b"&",
          b"~root", b"!x", b"%s", b"{a,b}", b"(x)", b"$HOME", b"=", b"a", b"300", b"sp ace", b" ",
          b"<x>", b"|", b";", b"$INCLUDE")


def hostile():
    """A zone of such names. The data at its wildcard is copied to the exchange, for which it answers
    until the zone is fixed."""
    lines = ["@ 7200 MX 10 mail", "mail 1234 A 104.16.1.2"]
    for label in LABELS:
        name = "".join("\\%03d" % octet for octet in label)
        lines += ["%s 600 MX 10 www.%s" % (name, name), "www.%s 60 A 104.16.9.9" % name]
    lines.append(r"""
*.wild 60 TXT "it's" "a \"quote\"" "$HOME `touch pwned` $(touch pwned)" "\\" "\010\000\255"
*.wild 60 TXT "' ; touch pwned ; '" "" "-x" "@" "; no comment" "(" "\\010" "\$x"
*.wild 60 A 104.16.1.3
*.wild 60 CAA 0 issue "it's; $x"
*.wild 60 TYPE65280 \# 3 0a270a""")
    return zones.small("hostile.example.", "\n".join(lines))


class Script(FixCase):
    """A script fixes a zone that is served, without the module."""

    extra, options = UPDATES, TAKES_UPDATES

    def config_of(self, guarded, server):
        """The configuration of the guarded server, with the place of the other one."""
        text = guarded.config().replace("@%d" % guarded.port, "@%d" % server.port)
        path = server.path("with-policy.conf")
        with open(path, "w") as file:
            file.write(text.replace(guarded.path("knot.sock"), server.path("knot.sock")))
        return path

    def servers(self, texts, policies):
        guarded = self.serve(texts, policies)
        server = self.serve(texts, extra=self.extra, options={None: self.options})
        return guarded, server, self.config_of(guarded, server)

    def round_trip(self, texts, policies, questions=()):
        config, server, conf = self.servers(texts, policies)
        script = self.audit("-c", conf, "--fail-on", "never", "-f", self.format)
        self.apply(server, script)
        self.same_answers(config, server, questions)

        # As it answers, as it transfers, and as it writes its zone files.
        report = self.report("-c", conf, "-s", address(server), "--fail-on", "never")
        left = {zone: [found for found in findings(one) if found[0] in FIXED]
                for zone, one in report.items()}
        self.assertEqual({zone: found for zone, found in left.items() if found}, {})
        if self.extra:
            again = self.audit("-c", conf, "-s", address(server), "--axfr", "--diff",
                               "--fail-on", "never")
            self.assertEqual(again, "")
        flushed = server.path("flushed")
        os.mkdir(flushed)
        for zone in texts:
            server.knotc("-b", "-f", "zone-flush", zone, "+outdir", flushed)
            shutil.copy(os.path.join(flushed, os.path.basename(server.zone_file(zone))),
                        config.zone_file(zone))
        return self.report("-c", config.conf, "--fail-on", "never")

    def run_lab(self):
        texts = {**lab_zones(), "hostile.example.": hostile()}
        policy = POLICY.with_(mail_exchange="mx.wild")
        policies = {zone: POLICY for zone in texts}
        policies["hostile.example."] = policy.with_(id="hostile")
        questions = lab_questions(lab_zones()) + [
            ("hostile.example.", dns.name.Name(labels + (b"hostile", b"example", b"")), qtype)
            for label in LABELS for labels, qtype in (((label,), "MX"), ((b"www", label), "A"))]
        for zone, found in self.round_trip(texts, policies, questions).items():
            self.assertEqual(findings(found), [], zone)

    def run_file(self, file):
        every = [case for case in cases.read(file)
                 if case.title not in (*NO_ZONE, *ELSEWHERE, GLUE)]
        after = self.round_trip({case.zone: case.text() for case in every},
                                {case.zone: case.policy() for case in every})
        for case in every:
            left = [found for found in findings(after[case.zone]) if found[0] in FIXED]
            self.assertEqual(left, [], case.title)

    def run_ttl(self):
        """What is changed has the TTL that it had."""
        text = zones.small("ttl.example.", """
            @ 7200 MX 10 www
            www 60 A 104.16.1.1
            mail 8000 A 104.16.1.2
            mail 8000 A 198.51.100.7
            alias 9000 CNAME www
            _imap._tcp 4000 SRV 0 0 143 alias
            smtp 5000 A 104.16.1.3
            smtp 6000 AAAA 2606:4700::3""".replace(" " * 12, ""))
        policy = POLICY.with_(mail_host=("alias", "smtp", "mail"), mail_exchange="mx-direct")
        _, server, conf = self.servers({"ttl.example.": text}, policy)
        self.apply(server, self.audit("-c", conf, "-f", self.format, status=1))

        def rrset(owner, qtype):
            answer = server.answer(owner + "ttl.example.", qtype, tcp=True).answer
            return [(ttl, sorted(texts)) for ttl, texts in answer.values()]
        self.assertEqual(rrset("", "MX"), [(7200, ["10 mx-direct.ttl.example."])])
        self.assertEqual(rrset("mail.", "A"), [(8000, ["198.51.100.7"])])
        self.assertEqual(rrset("alias.", "A"), [(9000, ["198.51.100.25"])])
        self.assertEqual(rrset("alias.", "AAAA"), [(9000, ["2001:db8:25::25"])])
        self.assertEqual(rrset("smtp.", "A"), [(5000, ["198.51.100.25"])])
        self.assertEqual(rrset("smtp.", "AAAA"), [(6000, ["2001:db8:25::25"])])
        # There was none.
        self.assertEqual(rrset("mx-direct.", "A"), [(300, ["198.51.100.25"])])


class Nsupdate(Script):
    format = "nsupdate"

    def test_recipe_of_the_page(self):
        """The man page says how a server permits updates."""
        page = (TOP / "doc/kmxcheck.1").read_text()
        acl, item = re.search(r"\n(acl:\n.*\n)\nzone:\n  - domain: example.com\n(.*?\n)\.Ed\n", page,
                              re.S).groups()
        zone = "host.example."
        texts = {zone: lab_zones()[zone]}
        for extra, options, status in ((acl, item, 0), ("", "", 1)):
            server = self.serve(texts, extra=extra, options={None: options + JOURNAL})
            _, _, conf = self.servers(texts, POLICY)
            script = self.audit("-c", conf, "-s", address(server), "-f", "nsupdate",
                                "--fail-on", "never")
            self.assertEqual(self.knsupdate(server, script).returncode, status)

    def knsupdate(self, server, script):
        path = server.path("script")
        self.assertIn("\nserver 127.0.0.1 %d\n" % server.port, script)
        with open(path, "w") as file:
            file.write(script)
        return subprocess.run([harness.program("knsupdate"), path], capture_output=True,
                              text=True, timeout=60, check=False)

    def apply(self, server, script):
        done = self.knsupdate(server, script)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertNotRegex(done.stderr, "(?i)error|fail")

    def test_lab(self):
        self.run_lab()

    def test_ttl(self):
        self.run_ttl()

    def test_where_the_server_is(self):
        """The one of --server, the loopback where the configuration listens there, a comment."""
        server = self.serve({"host.example.": lab_zones()["host.example."]}, POLICY)
        with open(server.conf) as file:
            text = file.read()
        path = server.path("other.conf")
        for listen, want in (("[ 192.0.2.1, 0.0.0.0@5353 ]", "server 127.0.0.1 5353"),
                             ("[ 192.0.2.1, 2001:db8::1@54 ]", "server 192.0.2.1 53"),
                             ('[ "/run/knot/dns.sock", "::" ]', "server ::1 53"),
                             ('"/run/knot/dns.sock"', "; server 127.0.0.1 53")):
            with open(path, "w") as file:
                file.write(text.replace("127.0.0.1@%d" % server.port, listen))
            script = self.audit("-c", path, "-f", "nsupdate", status=1)
            self.assertEqual(re.findall("(?m)^(?:; )?server .*", script), [want])
        script = self.audit("--proxy", "104.16.0.0/13", "--mail-address", "198.51.100.25", "-f",
                            "nsupdate", server.zone_file("host.example."), status=1)
        self.assertIn("\n; server 127.0.0.1 53\n", script)

    def test_nothing_to_fix(self):
        server = self.serve({"healthy.example.": lab_zones()["healthy.example."]}, POLICY)
        for output in ("-f", "nsupdate"), ("-f", "knotc"), ("--diff",):
            self.assertEqual(self.audit("-c", server.conf, *output), "")


class Knotc(Script):
    """No right to update is needed for it."""

    format = "knotc"
    extra, options = "", JOURNAL

    def run_script(self, server, script, status, path=""):
        name = server.path("script")
        with open(name, "w") as file:
            file.write(script)
        folder = os.path.dirname(harness.program("knotc"))
        done = subprocess.run(["/bin/sh", name], capture_output=True, text=True, timeout=120,
                              check=False, cwd=server.folder, stdin=subprocess.DEVNULL,
                              env={"PATH": "%s%s:/usr/bin:/bin" % (path, folder)})
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertFalse(os.path.exists(server.path("pwned")), script)
        return done.stderr

    def apply(self, server, script):
        self.assertIn(" -s %s " % server.path("knot.sock"), script)
        self.assertEqual(self.run_script(server, script, 0), "")

    def test_lab(self):
        self.run_lab()

    def test_ttl(self):
        self.run_ttl()

    def test_a_step_fails(self):
        """Nothing is done of a zone of which a step fails, and nothing of later ones."""
        texts = {zone: text for zone, text in lab_zones().items()
                 if zone in ("apex.example.", "host.example.", "shop.example.")}
        _, server, conf = self.servers(texts, POLICY)
        script = self.audit("-c", conf, "-f", "knotc", status=1)
        # The zone of the server is another one by now.
        server.knotc("zone-begin", "host.example.")
        server.knotc("zone-unset", "host.example.", "mail", "AAAA")
        server.knotc("zone-commit", "host.example.")
        said = self.run_script(server, script, 1)
        self.assertRegex(said, r"(?s)error: .*AAAA.*\nhost\.example\. is as it was\n")
        self.assertEqual(server.answer("apex.example.", "MX").rdata("apex.example.", "MX"),
                         ["10 mail.apex.example."])
        self.assertEqual(server.answer("mail.host.example.", "A").rdata("mail.host.example.", "A"),
                         ["104.16.1.2"])
        self.assertIn("10 www.shop.example.",
                      server.answer("shop.example.", "MX").rdata("shop.example.", "MX"))
        # The transaction is over.
        server.knotc("zone-begin", "host.example.")
        # Somebody's own transaction is left alone.
        self.assertNotIn("as it was", self.run_script(
            server, self.audit("-c", conf, "-f", "knotc", status=1).replace(
                "apex.example.", "host.example."), 1))
        server.knotc("zone-abort", "host.example.")

    def test_a_signal(self):
        """The step that is going on ends, then the transaction is aborted."""
        zone = "host.example."
        _, server, conf = self.servers({zone: lab_zones()[zone]}, POLICY)
        script = self.audit("-c", conf, "-f", "knotc", status=1)
        os.mkdir(server.path("bin"))
        with open(server.path("bin/knotc"), "w") as file:
            file.write("#!/bin/sh\n%s \"$@\" || exit\n"
                       "case $* in *zone-begin*) kill -TERM $PPID ;; esac\n"
                       % harness.program("knotc"))
        os.chmod(server.path("bin/knotc"), 0o755)
        said = self.run_script(server, script, 1, path=server.path("bin:"))
        self.assertIn("host.example. is as it was", said)
        server.knotc("zone-begin", zone)
        server.knotc("zone-abort", zone)

    def test_no_configuration(self):
        """The place of the socket is for the user to say."""
        zone = "host.example."
        server = self.serve({zone: lab_zones()[zone]}, options={None: JOURNAL})
        script = self.audit("--proxy", "104.16.0.0/13", "--proxy", "2606:4700::/32",
                            "--mail-address", "198.51.100.25", "-f", "knotc",
                            server.zone_file(zone), status=1)
        self.assertIn("knotc -s SOCKET\n", script)
        self.run_script(server, script.replace("command knotc", "command knotc -s %s" %
                                               server.path("knot.sock")), 0)
        self.assertEqual(server.answer("mail." + zone, "A").rdata("mail." + zone, "A"),
                         ["198.51.100.25"])


def add_methods(case):
    for file in cases.files():
        name = "test_" + file.rsplit("/", 1)[1][:-len(".txt")].replace(".", "_").replace("-", "_")
        setattr(case, name, lambda self, file=file: self.run_file(file))


add_methods(Diff)
add_methods(Nsupdate)
add_methods(Knotc)


class Transfer(AuditCase):
    """The zone from the server, not from a file."""

    def test_same_as_file(self):
        texts = lab_zones()
        odd = zones.small("odd.example.", "\n".join([
            "@ MX 10 mail", "mail A 104.16.1.2", r'@ TXT "v=spf1 ip4:104.16.0.0/13 -all" "\"x\\"',
            r"sp\032ace\.dot TXT \000\255", "@ TYPE65280 \\# 3 0a0b0c", "@ CAA 0 issue \"ca\"",
            "_25._tcp.mail TLSA 3 1 1 " + "0a" * 32, "@ NAPTR 1 2 \"a\" \"b\" \"c\" .",
            "UPPER CNAME MAIL"]))
        texts["odd.example."] = odd
        server = self.serve(texts, POLICY, extra=UPDATES, options={None: "    acl: all\n"})
        files = self.report("-c", server.conf, "--fail-on", "never")
        for zone in texts:
            # Asked by name only: the file is not there any more.
            os.remove(server.zone_file(zone))
        diff = self.audit("-c", server.conf, "-s", address(server), "--axfr", "--diff",
                          "--fail-on", "never", *texts)
        report = self.report("-c", server.conf, "-s", address(server), "--axfr", *texts)
        self.assertEqual(set(report), set(files))
        self.assertEqual(diff.count("\n+++ "), 10)
        for zone in texts:
            self.assertEqual(report[zone]["records"], files[zone]["records"], zone)
            self.assertEqual(report[zone]["serial"], files[zone]["serial"], zone)

    def test_large(self):
        """Many messages."""
        text = zones.small("large.example.", "@ MX 10 mail\nmail A 104.16.1.2\n" + "".join(
            "host%d TXT %s\n" % (i, "x" * 200) for i in range(3000)))
        server = self.serve({"large.example.": text}, POLICY, extra=UPDATES,
                            options={None: "    acl: all\n"})
        report = self.report("-c", server.conf, "-s", address(server), "--axfr", "large.example.")
        self.assertEqual(report["large.example."]["records"], 3005)

    def fails(self, server, other, complains):
        return self.audit("-c", server.conf, "-s", address(other), "--axfr", "healthy.example.",
                          status=2, complains=complains)

    def test_failures(self):
        server = self.serve({"healthy.example.": lab_zones()["healthy.example."]}, POLICY,
                            extra=UPDATES, options={None: "    acl: all\n"})
        refusing = self.serve({"healthy.example.": lab_zones()["healthy.example."]})
        whole = []

        def half(query, ask):
            messages = client.tcp_stream(server.port, query, lambda message: True)
            whole.append(messages)
            cut = bytearray(messages[0])
            cut[7] -= 1  # One record less: the last one, the SOA.
            return [bytes(cut[:self.without_last(messages[0])])]
        self.fails(server, refusing, "no zone transfer of healthy.example. (")
        self.fails(server, self.tap(server, tcp=None), "no zone transfer")
        self.fails(server, self.tap(server, tcp=lambda query, ask: None), "no zone transfer")
        self.fails(server, self.tap(server, tcp=lambda query, ask: [b"\0" * 40]),
                   "no zone transfer")
        self.fails(server, self.tap(server, tcp=lambda query, ask: []), "no zone transfer")
        self.fails(server, self.tap(server, tcp=half), "no zone transfer")
        self.assertEqual(len(whole) > 0, True)

    @staticmethod
    def without_last(message):
        """Where the last answer record of a message begins."""
        at = len(message)
        parser = dns.wire.Parser(message)
        parser.seek(12)
        parser.get_name()
        parser.get_struct("!HH")
        for _ in range(int.from_bytes(message[6:8], "big")):
            at = parser.current
            parser.get_name()
            _, _, _, size = parser.get_struct("!HHIH")
            parser.get_bytes(size)
        return at


class Formats(AuditCase):
    """What other programs read."""

    def setUp(self):
        super().setUp()
        texts = lab_zones()
        self.server = self.serve(texts, POLICY.with_(web_origin=("198.51.100.80",)))

    def validator(self, path):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        with open(path) as file:
            schema = json.load(file)
        validator = jsonschema.validators.validator_for(schema)
        validator.check_schema(schema)
        return validator(schema, format_checker=jsonschema.FormatChecker())

    def test_json_schema(self):
        check = self.validator(TOP / "doc/kmxcheck.schema.json")
        at = "-s", address(self.server)
        # Of a zone that is another one at the server, and of its name servers.
        path = self.server.path("moved.zone")
        with open(self.server.zone_file("host.example.")) as file:
            text = re.sub(r"A\s+(192[.]0[.]2[.]53|2001:db8::53)", "A 127.0.0.1", file.read())
        text = re.sub(r"(?m)^.*AAA 127.*\n", "", text)
        with open(path, "w") as file:
            file.write(re.sub(r"(SOA\s[^0-9]*)\d+", r"\g<1>99", text))
        moved = "--all-servers", "--port", str(self.server.port), path
        outputs = [json.loads(self.audit("-c", self.server.conf, "-f", "json", "--fail-on",
                                         "never", *args))
                   for args in ((), at, ("--ignore", "proxied-host"), at + moved,
                                (self.server.zone_file("healthy.example."),))]
        for output in outputs:
            check.validate(output)
        self.assertGreater(outputs[0]["errors"], 0)
        self.assertGreater(outputs[2]["ignored"], 0)

        # The schema can fail.
        for spoil in (lambda o: o.pop("errors"), lambda o: o.update(version=2),
                      lambda o: o["zones"][0].pop("serial"), lambda o: o.update(extra=1),
                      lambda o: self.first(o).update(severity="bad"),
                      lambda o: self.first(o).update(rule="bad"),
                      lambda o: self.first(o).update(owner="relative"),
                      lambda o: self.first(o).update(line=0),
                      lambda o: self.first(o).pop("message")):
            output = json.loads(json.dumps(outputs[0]))
            spoil(output)
            self.assertFalse(check.is_valid(output))

    @staticmethod
    def first(output):
        return next(zone["findings"][0] for zone in output["zones"] if zone["findings"])

    def sarif(self, *args):
        return json.loads(self.audit("-f", "sarif", "--fail-on", "never", *args))

    def test_sarif_schema(self):
        """Against what is used of SARIF, and against the schema of OASIS where it is at hand."""
        known = self.server.path("known.json")
        with open(known, "w") as file:
            file.write(self.audit("-c", self.server.conf, "-f", "json", "--fail-on", "never",
                                  "--ignore", "proxied-target"))
        conf = "-c", self.server.conf
        outputs = [self.sarif(*conf), self.sarif(*conf, "-s", address(self.server)),
                   self.sarif(*conf, "--baseline", known),
                   self.sarif(*conf, self.server.zone_file("null.example."))]
        paths = [TOP / "tests/data/sarif-subset.schema.json"]
        if os.environ.get("SARIF_SCHEMA"):
            paths.append(os.environ["SARIF_SCHEMA"])
        for path in paths:
            check = self.validator(path)
            for output in outputs:
                check.validate(output)
            for spoil in (lambda o: o.pop("runs"), lambda o: o.update(version="2.0.0"),
                          lambda o: o["runs"][0]["tool"].clear(),
                          lambda o: o["runs"][0]["results"][0].update(level="bad"),
                          lambda o: o["runs"][0]["results"][0].update(line=1)):
                output = json.loads(json.dumps(outputs[0]))
                spoil(output)
                self.assertFalse(check.is_valid(output))
        self.assertEqual(outputs[3]["runs"][0]["results"], [])
        states = {one["ruleId"]: one["baselineState"] for one in outputs[2]["runs"][0]["results"]}
        self.assertEqual((states["proxied-host"], states["proxied-target"]), ("unchanged", "new"))
        self.assertNotIn("baselineState", outputs[0]["runs"][0]["results"][0])

    def test_sarif_says_what_json_says(self):
        report = self.report("-c", self.server.conf, "--fail-on", "never")
        run = self.sarif("-c", self.server.conf)["runs"][0]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        wanted = [(one["rule"], one["severity"], "file://" + one["file"], one["line"],
                   "%s\nRemedy: %s" % (one["message"], one["remedy"]))
                  for zone in report.values() for one in zone["findings"]]
        got = []
        for one in run["results"]:
            place = one["locations"][0]["physicalLocation"]
            self.assertEqual(rules[one["ruleIndex"]], one["ruleId"])
            got.append((one["ruleId"], one["level"], place["artifactLocation"]["uri"],
                        place["region"]["startLine"], one["message"]["text"]))
        self.assertGreater(len(got), 10)
        self.assertEqual(got, wanted)
        prints = [one["partialFingerprints"]["record/v1"] + one["ruleId"]
                  for one in run["results"]]
        self.assertEqual(len(prints), len(set(prints)))

    def test_json_order(self):
        """Findings are in the order that is promised, and the same each time."""
        text = self.audit("-c", self.server.conf, "-f", "json", "--fail-on", "never")
        self.assertEqual(text, self.audit("-c", self.server.conf, "-f", "json", "--fail-on",
                                          "never"))
        rules = list(json.load(open(TOP / "doc/kmxcheck.schema.json"))
                     ["$defs"]["finding"]["properties"]["rule"]["enum"])
        for zone in json.loads(text)["zones"]:
            keys = [(dns.name.from_text(one["owner"]) if "owner" in one else dns.name.empty,
                     dns.rdatatype.from_text(one.get("type", "NONE")), rules.index(one["rule"]))
                    for one in zone["findings"]]
            self.assertEqual(keys, sorted(keys), zone["zone"])

    def test_dot(self):
        text = self.audit("-c", self.server.conf, "-f", "dot", "--fail-on", "never")
        self.assertIn('"d shop.example." -> "t www.shop.example."', text)
        self.assertRegex(text, '(?m)^\t"d shop.example." -> .*style=dashed')
        self.assertRegex(text, r'"a 104\.16\.3\.1" \[.*fillcolor="#f6821f"')
        self.assertRegex(text, r'"a 198\.51\.100\.25" \[.*fillcolor="#d9d9d9"')
        dot = shutil.which("dot")
        if dot is None:
            self.skipTest("graphviz is not installed")
        done = subprocess.run([dot, "-Tsvg"], input=text, capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("<svg", done.stdout)


if __name__ == "__main__":
    unittest.main()
