# SPDX-License-Identifier: GPL-3.0-or-later
"""Validating resolvers and tools in front of a test's own knotd: Unbound, Knot Resolver, delv, drill.

The zone's own keys are the trust anchors. Nothing leaves this machine: each resolver asks the ports
that it was given, and is told not to ask anything else. What is not installed says so by
available().

Environment:
  UNBOUND, KRESD, DELV, DRILL  the programs, default: those in PATH or /usr/sbin
"""

import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

import client
from system import end_with_parent, free_port, left, program, replace, short_tmp, wait_for

ASK_TRIES, ASK_WAIT = 4, 5.0
STOP_WAIT = 30
TOOL_WAIT = 60
SEP = 0x0001
# Everything but 127.0.0.0/8, for what a resolver must never ask.
ELSEWHERE = ("0.0.0.0/2", "64.0.0.0/3", "96.0.0.0/4", "112.0.0.0/5", "120.0.0.0/6", "124.0.0.0/7",
             "126.0.0.0/8", "128.0.0.0/1", "::/0")


def anchors(server, zone):
    """The zone's keys that others are to trust: DNSKEY RDATA with the SEP flag, or all without."""
    message = dns.message.from_wire(server.ask(zone, "DNSKEY", tcp=True))
    keys = [key for rrset in message.answer if rrset.rdtype == dns.rdatatype.DNSKEY
            for key in rrset]
    return [key for key in keys if key.flags & SEP] or keys


def wait_anchors(server, zone):
    """The same, once the server has signed the zone."""
    return wait_for(lambda: anchors(server, zone), what="%s to be signed" % zone)


def key_lines(keys):
    """{zone: keys} as lines of a zone file."""
    return ["%s 3600 IN DNSKEY %s" % (zone, key.to_text())
            for zone, of_zone in keys.items() for key in of_zone]


def questions(lines):
    """The questions that lines of Resolver.bogus() are about: {"name type"}."""
    matches = (re.search(r"failure <(\S+ \S+) IN>|failure: (\S+ \S+)", line) for line in lines)
    return {(match[1] or match[2]).lower() for match in matches if match}


def installed(name):
    try:
        return program(name)
    except FileNotFoundError:
        return None


class Resolver:
    """A resolver as a process of its own, asked over UDP by one question at a time.

    zones    {zone: port of the server on 127.0.0.1 that has it}; "." stands for all the rest
    keys     {zone: keys that are trusted}
    """

    name = None

    def __init__(self, zones, keys):
        self.zones, self.keys = dict(zones), dict(keys)
        self.folder = tempfile.mkdtemp(prefix="mxg-", dir=short_tmp())
        left[self.folder] = None
        self.process = self.sock = None
        self.port = free_port()

    @classmethod
    def available(cls):
        return installed(cls.name) is not None

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def config(self):
        raise NotImplementedError

    def command(self, config):
        raise NotImplementedError

    def started(self):
        """True once it listens."""
        if self.process.poll() is not None:
            raise AssertionError("%s ended with %s:\n%s" % (self.name, self.process.returncode,
                                                            self.log()))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.2)
            try:
                sock.connect((client.HOST, self.port))
                sock.send(client.query("localhost.", "A", flags=dns.flags.RD))
                return bool(sock.recv(65535))
            except OSError:
                return False

    def start(self):
        try:
            for attempt in range(3):
                config = self.path("conf")
                replace(config, self.config())
                with open(self.path("log"), "ab") as log:
                    self.process = subprocess.Popen(
                        self.command(config), cwd=self.folder, stdin=subprocess.DEVNULL,
                        stdout=log, stderr=log, preexec_fn=end_with_parent)
                left[self.folder] = self.process
                try:
                    wait_for(self.started, what="%s to listen" % self.name)
                    break
                except AssertionError:
                    if attempt == 2 or "already in use" not in self.log():
                        raise
                    self.process.wait()
                    self.port = free_port()
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.connect((client.HOST, self.port))
            self.sock.settimeout(ASK_WAIT)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        if self.sock is not None:
            self.sock.close()
            self.sock = None
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_WAIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)
        left.pop(self.folder, None)

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()

    def ask(self, qname, qtype):
        """(rcode, True if it says that the answer is authentic, answer section)."""
        wire = client.query(qname, qtype, flags=dns.flags.RD | dns.flags.AD)
        for attempt in range(ASK_TRIES):
            self.ident = (getattr(self, "ident", 0) + 1) & 0xffff
            self.sock.send(struct.pack("!H", self.ident) + wire[2:])
            try:
                data = self.sock.recv(65535)
                while data[:2] != struct.pack("!H", self.ident):
                    data = self.sock.recv(65535)
            except TimeoutError:
                continue
            if data[2] & 0x02:
                data = client.tcp(self.port, wire)
            answer = client.Answer.read(data)
            return answer.rcode, bool(answer.flags & dns.flags.AD), answer.answer
        raise TimeoutError("%s says nothing to %s %s:\n%s" % (self.name, qname, qtype, self.log()))

    def log(self):
        with open(self.path("log"), errors="replace") as file:
            return file.read()

    def bogus(self):
        """The lines of its log that say that something did not validate."""
        return [line for line in self.log().splitlines()
                if re.search(r"validation fail|bogus", line, re.IGNORECASE)]


class Unbound(Resolver):
    """aggressive: it synthesizes denials from the NSEC and NSEC3 in its cache (RFC 8198).

    options  more lines of the server section
    """

    name = "unbound"

    def __init__(self, zones, keys, aggressive=True, options=""):
        super().__init__(zones, keys)
        self.aggressive, self.options = aggressive, options

    def command(self, config):
        return [program("unbound"), "-d", "-c", config]

    def config(self):
        text = UNBOUND.format(folder=self.folder, port=self.port, options=self.options,
                              aggressive="yes" if self.aggressive else "no")
        text += "".join("    do-not-query-address: %s\n" % net for net in ELSEWHERE)
        text += "".join('    trust-anchor: "%s"\n' % line for line in key_lines(self.keys))
        for zone, port in {".": None, **self.zones}.items():
            if port is None:
                # With nobody to ask, everything else is SERVFAIL, and at once.
                text += "forward-zone:\n    name: .\n    forward-addr: 0.0.0.1\n"
            else:
                text += "stub-zone:\n    name: %s\n    stub-addr: 127.0.0.1@%d\n" % (zone, port)
        return text


UNBOUND = """\
server:
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    do-daemonize: no
    use-syslog: no
    logfile: ""
    verbosity: 1
    val-log-level: 2
    interface: 127.0.0.1@{port}
    outgoing-interface: 127.0.0.1
    do-ip6: no
    num-threads: 1
    outgoing-range: 128
    num-queries-per-thread: 64
    so-rcvbuf: 0
    so-sndbuf: 0
    module-config: "validator iterator"
    do-not-query-localhost: no
    aggressive-nsec: {aggressive}
    qname-minimisation: yes
    prefetch: no
    prefetch-key: no
    trust-anchor-signaling: no
    serve-expired: no
    msg-cache-size: 8m
    rrset-cache-size: 16m
    key-cache-size: 4m
    neg-cache-size: 8m
    local-zone: "test." nodefault
    local-zone: "invalid." nodefault
{options}
"""


class Kresd(Resolver):
    """It always synthesizes, from NSEC and NSEC3, wildcards as well.

    options  more lines of the configuration
    """

    name = "kresd"

    def __init__(self, zones, keys, options=""):
        super().__init__(zones, keys)
        self.options = options

    def command(self, config):
        return [program("kresd"), "-n", "-c", config, self.folder]

    def config(self):
        lines = ["trust_anchors.add([[%s]])" % line for line in key_lines(self.keys)]
        for zone, port in self.zones.items():
            what = "policy.all(%s)" if zone == "." else \
                "policy.suffix(%%s, {todname('%s')})" % zone
            lines.append("policy.add(%s)" % what % ("policy.FORWARD({'127.0.0.1@%d'})" % port))
        if "." not in self.zones:
            lines.append("policy.add(policy.all(policy.DENY))")
        return KRESD % self.port + self.options + "\n".join(lines) + "\n"


KRESD = """\
net.listen('127.0.0.1', %d, { kind = 'dns' })
net.ipv6 = false
net.outgoing_v4('127.0.0.1')
cache.size = 16 * MB
for _, name in ipairs({'ta_update', 'ta_signal_query', 'ta_sentinel', 'priming',
                       'detect_time_skew', 'detect_time_jump'}) do
    pcall(modules.unload, name)
end
trust_anchors.remove('.')
modules.load('bogus_log')
"""


class Tool:
    """A tool that asks a server once and validates what it gets by the keys of the zone."""

    name = None

    def __init__(self, server, zone, keys):
        self.server, self.zone = server, zone
        self.folder = tempfile.mkdtemp(prefix="mxg-", dir=short_tmp())
        left[self.folder] = None
        self.file = os.path.join(self.folder, "anchor")
        with open(self.file, "w") as file:
            file.write(self.anchor_file(keys))

    @classmethod
    def available(cls):
        return installed(cls.name) is not None

    def stop(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        left.pop(self.folder, None)

    def run(self, *args):
        """(exit status, what it says)."""
        done = subprocess.run([program(self.name), *args, "@127.0.0.1", "-p",
                               str(self.server.port)], capture_output=True, text=True,
                              errors="replace", timeout=TOOL_WAIT, check=False, cwd=self.folder,
                              stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout + done.stderr

    def anchor_file(self, keys):
        raise NotImplementedError

    def ask(self, qname, qtype):
        """(True if the answer or denial is fully validated, what the tool says)."""
        raise NotImplementedError


class Delv(Tool):

    name = "delv"

    def anchor_file(self, keys):
        return "trust-anchors {\n%s};\n" % "".join(
            '  "%s" static-key %d %d %d "%s";\n' % (self.zone, key.flags, key.protocol,
                                                   key.algorithm, key.to_text().split(None, 3)[3])
            for key in keys)

    def ask(self, qname, qtype):
        _, said = self.run("-a", self.file, "+root=" + self.zone, "+vtrace", qname, qtype)
        verdicts = re.findall(r"(?m)^; (?:negative response, )?([a-z ]+)$", said)
        return bool(verdicts) and set(verdicts) == {"fully validated"}, said


class Drill(Tool):
    """It chases the signatures of the first RRset of an answer, or of the denial, to a key."""

    name = "drill"

    def anchor_file(self, keys):
        return "".join(line + "\n" for line in key_lines({self.zone: keys}))

    def ask(self, qname, qtype):
        status, said = self.run("-S", "-D", "-k", self.file, qname, qtype)
        return status == 0 and "Chase successful" in said, said
