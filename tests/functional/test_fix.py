# SPDX-License-Identifier: GPL-3.0-or-later
"""What kmxcheck says would fix a zone, put to the test: --diff against what a guarded server
answers, -f nsupdate by the real knsupdate, --axfr, and the formats other programs read.

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
TAKES_UPDATES = "    acl: all\n    journal-content: changes\n"


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


class Diff(AuditCase):
    """A server without the module and with the fixed zone answers like the guarded one."""

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
        for zone, qname, qtype in sorted(every):
            with self.subTest(title(zone), qname=str(qname), qtype=qtype):
                got, want = (server.answer(qname, qtype, tcp=True)
                             for server in (guarded, plain))
                self.assertEqual((got.rcode, got.answer), (want.rcode, want.answer),
                                 "\n-- guarded\n%s\n-- fixed\n%s\n-- diff\n%s" % (
                                     got, want, edits.get(guarded.zone_file(zone))))
        return edits

    def test_lab(self):
        texts = lab_zones()
        # Nobody sends mail to null.example. Its exchange is answered (4.4), and not put there.
        questions = [(zone, dns.name.from_text(label + zone), qtype) for zone in texts
                     for label in ("", "www.", "mail.", "backup.", "_submission._tcp.")
                     for qtype in ("A", "AAAA", "MX", "SRV", "CNAME", "TXT")
                     if label + zone != "mail.null.example."]
        edits = self.compare(texts, POLICY, questions)
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


class Update(AuditCase):
    """The script fixes a zone that is served, without the module."""

    def knsupdate(self, server, script):
        path = server.path("script")
        script = re.sub(r"(?m)^; server .*$", "server 127.0.0.1 %d" % server.port, script)
        with open(path, "w") as file:
            file.write(script)
        done = subprocess.run([harness.program("knsupdate"), path], capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertNotRegex(done.stderr, "(?i)error|fail")

    def round_trip(self, texts, policies):
        config = self.serve(texts, policies)
        server = self.serve(texts, extra=UPDATES, options={None: TAKES_UPDATES})
        script = self.audit("-c", config.conf, "--fail-on", "never", "-f", "nsupdate")
        self.assertIn("\n; server ", script)
        self.knsupdate(server, script)

        # As it answers, as it transfers, and as it writes its zone files.
        report = self.report("-c", config.conf, "-s", address(server), "--fail-on", "never")
        left = {zone: [found for found in findings(one) if found[0] in FIXED]
                for zone, one in report.items()}
        self.assertEqual({zone: found for zone, found in left.items() if found}, {})
        again = self.audit("-c", config.conf, "-s", address(server), "--axfr", "--diff",
                           "--fail-on", "never")
        self.assertEqual(again, "")
        flushed = server.path("flushed")
        os.mkdir(flushed)
        for zone in texts:
            server.knotc("-b", "-f", "zone-flush", zone, "+outdir", flushed)
            shutil.copy(os.path.join(flushed, os.path.basename(server.zone_file(zone))),
                        config.zone_file(zone))
        return self.report("-c", config.conf, "--fail-on", "never")

    def test_lab(self):
        texts = lab_zones()
        for zone, found in self.round_trip(texts, POLICY).items():
            self.assertEqual(findings(found), [], zone)

    def test_nothing_to_mend(self):
        server = self.serve({"healthy.example.": lab_zones()["healthy.example."]}, POLICY)
        self.assertEqual(self.audit("-c", server.conf, "-f", "nsupdate"), "")
        self.assertEqual(self.audit("-c", server.conf, "--diff"), "")


    def run_file(self, file):
        every = [case for case in cases.read(file)
                 if case.title not in (*NO_ZONE, *ELSEWHERE, GLUE)]
        after = self.round_trip({case.zone: case.text() for case in every},
                                {case.zone: case.policy() for case in every})
        for case in every:
            left = [found for found in findings(after[case.zone]) if found[0] in FIXED]
            self.assertEqual(left, [], case.title)


def add_methods(case):
    for file in cases.files():
        name = "test_" + file.rsplit("/", 1)[1][:-len(".txt")].replace(".", "_").replace("-", "_")
        setattr(case, name, lambda self, file=file: self.run_file(file))


add_methods(Diff)
add_methods(Update)


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

    def test_json_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        with open(TOP / "doc/kmxcheck.schema.json") as file:
            schema = json.load(file)
        validator = jsonschema.Draft202012Validator
        validator.check_schema(schema)
        check = validator(schema, format_checker=jsonschema.FormatChecker())
        at = "-s", address(self.server)
        outputs = [json.loads(self.audit("-c", self.server.conf, "-f", "json", "--fail-on",
                                         "never", *args))
                   for args in ((), at, ("--ignore", "proxied-host"),
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
