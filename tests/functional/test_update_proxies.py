# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/update-proxies against a local web server: what vendors publish becomes the list, and
nothing else does.

Run alone:  MXGUARD_MODULE=/path/mxguard.so KMXCHECK=/path/kmxcheck \\
            /usr/bin/python3 tests/functional/test_update_proxies.py
"""

import ctypes
import fcntl
import json
import os
import re
import shutil
import stat
import subprocess
import time
import unittest

import harness
import zones
from kmxcheck_case import KMXCHECK, TOP, Case
from stanza import Policy
from web_server import Answer, WebServer

SCRIPT = TOP / "scripts/update-proxies"
TODAY = re.compile(r"(?m)^# date: \d{4}-\d\d-\d\d$")
NOBODY = 65534
MISSING = [name for name in ("bash", "curl", "jq", "flock", "diff") if not shutil.which(name)]

V4, V6 = "www.cloudflare.com/ips-v4", "www.cloudflare.com/ips-v6"
BOTH = "https://%s and https://%s" % (V4, V6)
CLOUDFLARE = (TOP / "etc/proxies/cloudflare").read_text()
TEXTS = {V4: "104.16.0.0/13\n172.64.0.0/13\n8.8.8.0/24", V6: "2606:4700::/32\n"}
SMALL = """\
# Cloudflare, in short.
# date: 2026-01-01

104.16.0.0/13  # the first
172.64.0.0/13
1.1.1.0/24
2606:4700::/32

# Names, and what carries mail.
cdn.cloudflare.net.
!172.65.0.0/16
!162.159.205.11-162.159.205.13
"""
UPDATED = SMALL.replace("1.1.1.0/24\n", "8.8.8.0/24\n")

PAGE = "https://download.microsoft.com/download/7/1/d/71d8-ab/ServiceTags_Public_%s.json"
TAGS = {"values": [
    {"name": "AzureFrontDoor.Backend", "properties": {"addressPrefixes": ["4.4.4.0/24"]}},
    {"name": "AzureFrontDoor.Frontend", "properties": {"addressPrefixes": ["5.5.5.0/24", "2603:1030::/48"]}},
    {"name": "AzureFrontDoor.FirstParty", "properties": {"addressPrefixes": ["6.6.6.0/24"]}}]}
# Of each vendor: what it publishes, and the networks that visitors meet.
VENDORS = {
    "akamai": ({"techdocs.akamai.com/property-manager/pdfs/akamai_ipv4_CIDRs.txt": "23.0.0.0/12\n",
                "techdocs.akamai.com/property-manager/pdfs/akamai_ipv6_CIDRs.txt": "2600:1400::/24\n"},
               ["23.0.0.0/12", "2600:1400::/24"]),
    "arvancloud": ({"www.arvancloud.ir/en/ips.txt": "185.143.232.0/22\r\n\r\n37.32.16.0/27\r\n"},
                   ["185.143.232.0/22", "37.32.16.0/27"]),
    "bunny": ({"api.bunny.net/system/edgeserverlist/plain": "5.9.71.119\r\n5.9.98.45",
               "api.bunny.net/system/edgeserverlist/IPv6/plain": "2A01:4F8::2\n"},
              ["5.9.71.119", "5.9.98.45", "2a01:4f8::2"]),
    "cachefly": ({"cachefly.cachefly.net/ips/cdn.txt": "# CDN\n205.234.175.0/24 # one\n82.80.224.190/32\n"},
                 ["205.234.175.0/24", "82.80.224.190"]),
    "cloudflare": (TEXTS, ["104.16.0.0/13", "172.64.0.0/13", "8.8.8.0/24", "2606:4700::/32"]),
    "cloudfront": ({"ip-ranges.amazonaws.com/ip-ranges.json": json.dumps({
        "syncToken": "1", "prefixes": [
            {"ip_prefix": "3.160.0.0/14", "service": "CLOUDFRONT"},
            {"ip_prefix": "4.160.0.0/14", "service": "CLOUDFRONT_ORIGIN_FACING"},
            {"ip_prefix": "5.160.0.0/14", "service": "AMAZON"}],
        "ipv6_prefixes": [{"ipv6_prefix": "2600:9000::/28", "service": "CLOUDFRONT"},
                          {"ipv6_prefix": "2600:1f00::/24", "service": "EC2"}]})},
                   ["3.160.0.0/14", "2600:9000::/28"]),
    "fastly": ({"api.fastly.com/public-ip-list": json.dumps({
        "addresses": ["23.235.32.0/20"], "ipv6_addresses": ["2a04:4e40::/32"]})},
               ["23.235.32.0/20", "2a04:4e40::/32"]),
    "frontdoor": ({"www.microsoft.com/en-us/download/details.aspx?id=56519":
                   '<html><a href="%s">old</a> <a href="%s">new</a> <a href="%s">elsewhere</a>' % (
                       PAGE % "20261116", PAGE % "20261123",
                       (PAGE % "20261130").replace("microsoft", "example")),
                   (PAGE % "20261123")[8:]: json.dumps(TAGS)}, ["5.5.5.0/24", "2603:1030::/48"]),
    "gcore": ({"api.gcore.com/cdn/public-net-list": json.dumps({
        "addresses": ["5.188.7.0/24"], "addresses_v6": ["2a03:90c0::/32"]})},
              ["5.188.7.0/24", "2a03:90c0::/32"]),
    "github-pages": ({"api.github.com/meta": json.dumps({
        "hooks": ["192.30.252.0/22"], "pages": ["185.199.108.153/32", "2606:50c0:8000::153/128"]})},
                     ["185.199.108.153", "2606:50c0:8000::153"]),
    "imperva": ({"my.imperva.com/api/integration/v1/ips": Answer(json.dumps({
        "ipRanges": ["45.60.0.0/16"], "ipv6Ranges": ["2a02:e980::/29"], "res": 0}),
                                                                  form="resp_format=json")},
                ["45.60.0.0/16", "2a02:e980::/29"]),
}


def entries(text):
    """The networks of a list, in its order."""
    lines = (re.sub(r"[#;].*", "", line).strip() for line in text.splitlines())
    return [line for line in lines if line and line[0] != "!" and line[-1] != "."]


PR_CAPBSET_DROP = 24
LIBC = ctypes.CDLL(None, use_errno=True)


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def as_unit():
    """Root as the systemd service leaves it: with CAP_CHOWN, number 0, alone."""
    with open("/proc/sys/kernel/cap_last_cap") as file:
        last = int(file.read())
    for capability in range(1, last + 1):
        if LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


@unittest.skipIf(MISSING, "not installed: %s" % ", ".join(MISSING))
class UpdateCase(Case):
    def setUp(self):
        super().setUp()
        os.chmod(self.dir, 0o755)
        self.folder = self.dir / "proxies"
        self.folder.mkdir()
        self.web = self.serve()

    def serve(self, certificate=None):
        web = WebServer(certificate)
        self.addCleanup(web.stop)
        return web

    def publish(self, answers, web=None):
        for path, answer in answers.items():
            (web or self.web).answers["/" + path] = (
                answer if isinstance(answer, Answer) else Answer(answer))

    def install(self, text=SMALL, name="cloudflare"):
        path = self.folder / name
        path.write_text(text)
        return path

    def command(self, *args, status=0, mirror=None, env=None, preexec=None, script=None):
        """Runs the script. Returns both outputs."""
        start = [script] if script else [SCRIPT, "-d", self.folder]
        environ = {**os.environ, "KMXCHECK": KMXCHECK, "TMPDIR": str(self.dir), **(env or {})}
        done = subprocess.run(["bash", *start, "--mirror", mirror or self.web.url,
                               *map(str, args)], env=environ, capture_output=True, text=True,
                              timeout=120, check=False, stdin=subprocess.DEVNULL,
                              preexec_fn=preexec)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        # Nothing is left.
        self.assertEqual(sorted(path.name for path in self.dir.glob("tmp.*")), [])
        self.assertEqual(sorted(path.name for path in self.folder.glob(".*")), [])
        return done.stdout, done.stderr

    def refused(self, *args, path=None, vendor="cloudflare", url="https://" + V4, said="", **options):
        """The list stays as it is, and one line says why. Returns this line."""
        path = path or self.folder / "cloudflare"
        before, known = path.read_bytes(), os.stat(path)
        stdout, stderr = self.command(*args, status=1, **options)
        self.assertEqual(path.read_bytes(), before)
        self.assertEqual(os.stat(path), known)
        self.assertEqual(stdout, "")
        self.assertRegex(stderr, r"\Aupdate-proxies: %s, %s: [ -~]*; the list stays as it is\n\Z" % (
            vendor, re.escape(str(url))))
        self.assertIn(said, stderr)
        return stderr


class Lists(UpdateCase):
    def test_each_vendor(self):
        for vendor, (answers, networks) in VENDORS.items():
            with self.subTest(vendor):
                self.publish(answers)
                installed = TOP / "etc/proxies" / vendor
                names = []
                if installed.exists():
                    text = installed.read_text()
                    names = re.findall(r"(?m)^\S+\.$", text)
                    self.install(text, vendor)
                stdout, _ = self.command("--allow-shrink", vendor)
                self.assertRegex(stdout, r"\A%s: %d network" % (vendor, len(networks)))
                text = (self.folder / vendor).read_text()
                self.assertEqual(sorted(entries(text)), sorted(networks))
                found = re.findall(r"(?m)^\S+\.$", text)
                self.assertTrue(found)
                self.assertEqual(found, names or found)
                self.assertEqual(len(TODAY.findall(text)), 1)

    def test_vendors_that_are_known(self):
        """The help and the page name those above, and no other."""
        text = self.command("--help")[0]
        self.assertEqual(re.search(r"(?s)VENDOR: (.*?)\nDefault", text)[1].split(), list(VENDORS))
        page = (TOP / "doc/update-proxies.8").read_text()
        table = page[page.index(".Sh VENDORS"):page.index(".Sh ENVIRONMENT")]
        self.assertEqual(re.findall(r"(?m)^\.It Cm (\S+)$", table), list(VENDORS))

    def test_default_is_what_is_there(self):
        self.publish(TEXTS)
        self.publish(VENDORS["fastly"][0])
        for name in "cloudflare", "fastly", "sucuri":
            self.install((TOP / "etc/proxies" / name).read_text(), name)
        self.command("--allow-shrink")
        self.assertEqual({path.split("/")[1] for path in self.web.asked},
                         {"www.cloudflare.com", "api.fastly.com"})
        self.assertEqual((self.folder / "sucuri").read_text(),
                         (TOP / "etc/proxies/sucuri").read_text())

    def test_little_changes(self):
        """Names, exceptions, comments and the order stay; so does a line whose network does."""
        path = self.install()
        self.publish(TEXTS)
        self.command()
        today = time.strftime("%Y-%m-%d", time.gmtime())
        self.assertEqual(path.read_text(), UPDATED.replace("2026-01-01", today))
        inode = os.stat(path).st_ino
        self.assertEqual(self.command()[0], "cloudflare: no change\n")
        self.assertEqual(os.stat(path).st_ino, inode)

    def test_the_installed_list(self):
        """What it was made of makes it again, exceptions and all."""
        networks = entries(CLOUDFLARE)
        self.publish({V4: "\n".join(net for net in networks if ":" not in net),
                      V6: "\n".join(net.upper() for net in networks if ":" in net)})
        path = self.install(CLOUDFLARE)
        self.command("cloudflare")
        self.assertEqual(TODAY.sub("", path.read_text()), TODAY.sub("", CLOUDFLARE))

    def test_a_family_that_is_new(self):
        path = self.install(SMALL.replace("2606:4700::/32\n", ""))
        self.publish(TEXTS)
        self.command()
        self.assertTrue(path.read_text().endswith("\n# IPv6\n2606:4700::/32\n"))

    def test_windows_list(self):
        path = self.install("\ufeff" + SMALL.replace("\n", "\r\n"))
        self.publish(TEXTS)
        self.command()
        self.assertEqual(sorted(entries(path.read_text(encoding="utf-8-sig"))),
                         sorted(entries(UPDATED)))

    def test_mode_owner_and_link_stay(self):
        self.publish(TEXTS)
        path = self.install()
        os.chmod(path, 0o640)
        if os.geteuid() == 0:
            os.chown(path, 12345, 54321)
        before = os.stat(path)
        elsewhere = self.dir / "elsewhere"
        elsewhere.mkdir()
        os.rename(path, elsewhere / "list")
        os.symlink("../elsewhere/list", path)
        self.command()
        self.assertTrue(path.is_symlink())
        after = os.stat(path)
        self.assertNotEqual(after.st_ino, before.st_ino)
        self.assertEqual((stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid),
                         (0o640, before.st_uid, before.st_gid))
        self.assertEqual([name.name for name in elsewhere.iterdir()], ["list"])

    def test_a_new_list(self):
        self.publish(VENDORS["gcore"][0])
        self.command("gcore")
        path = self.folder / "gcore"
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o644)
        self.assertIn("\ngcdn.co.\n", path.read_text())
        self.assertIn("no such list in the folder", self.command("fastly", status=1)[1])
        self.assertFalse((self.folder / "fastly").exists())

    def test_one_of_several_fails(self):
        self.install()
        fastly = self.install("23.235.32.0/20\n", "fastly")
        self.publish(VENDORS["fastly"][0])
        _, stderr = self.command(status=1)
        self.assertEqual(stderr.count("\n"), 1)
        self.assertIn("2a04:4e40::/32", fastly.read_text())

    def test_dry_run(self):
        path = self.install()
        self.publish(TEXTS)
        stdout, _ = self.command("-n")
        self.assertIn("\n-1.1.1.0/24\n+8.8.8.0/24\n", stdout)
        self.assertEqual(path.read_text(), SMALL)
        self.publish({V4: "10.0.0.0/8"})
        self.refused("-n", said="10.0.0.0/8")

    def test_usage(self):
        self.install()
        for args, said in ((["none"], "publishes no list"), (["--what"], "unknown option"),
                           (["--timeout", "1s"], "not a number"), (["-d", "/none"], "no folder"),
                           (["--mirror", "ftp://x"], "has to begin with"),
                           (["--mirror", "file:///"], "has to begin with"),
                           (["--zone", "a.test"], "takes one VENDOR"), (["--zone"], "an argument"),
                           (["--zone", "../a", "cloudflare"], "no name of a zone")):
            with self.subTest(args):
                self.assertIn(said, self.command(*args, status=2)[1])
        os.unlink(self.folder / "cloudflare")
        self.assertIn("no list in", self.command(status=2)[1])
        self.assertIn("nothing-there is not installed", self.command(
            "gcore", status=2, env={"KMXCHECK": "nothing-there"})[1])
        self.assertEqual(self.web.asked, [])

    def test_installed(self):
        """The first list of the operator's own is made of the installed one, which stays."""
        installed = self.dir / "installed"
        installed.mkdir()
        text = SCRIPT.read_text()
        for name, folder in (("folder", self.folder), ("installed", installed)):
            text, count = re.subn(r"(?m)^%s=/.*$" % name, "%s=%s" % (name, folder), text)
            self.assertEqual(count, 1)
        script = self.write("update-proxies", text)
        self.assertIn("no list in", self.command(status=2, script=script)[1])
        (installed / "cloudflare").write_text(SMALL)
        self.publish(TEXTS)
        self.assertIn("\n-1.1.1.0/24\n+8.8.8.0/24\n", self.command("-n", script=script)[0])
        self.assertEqual(list(self.folder.iterdir()), [])
        self.command(script=script)
        path = self.folder / "cloudflare"
        today = time.strftime("%Y-%m-%d", time.gmtime())
        self.assertEqual(path.read_text(), UPDATED.replace("2026-01-01", today))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o644)
        self.assertEqual((installed / "cloudflare").read_text(), SMALL)
        # From now on the own one counts.
        path.write_text(path.read_text() + "own.example.\n")
        self.publish({V4: "104.16.0.0/12", V6: TEXTS[V6]})
        self.command(script=script)
        self.assertIn("\nown.example.\n", path.read_text())
        # Half as long as the installed one is refused, too.
        path.unlink()
        self.publish({V4: "104.16.0.0/16", V6: TEXTS[V6]})
        self.assertIn("less than half", self.command(status=1, script=script)[1])
        self.assertFalse(path.exists())

    def test_one_at_a_time(self):
        self.install()
        lock = os.open(self.folder, os.O_RDONLY)
        self.addCleanup(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX)
        self.assertIn("is being updated already", self.command(status=2)[1])


class Refusals(UpdateCase):
    """The old list stays, to the last octet."""

    def setUp(self):
        super().setUp()
        self.install()
        self.publish(TEXTS)

    def test_bad_texts(self):
        for text, said in (("", "no network in it"), ("\n\n# none\n", "no network in it"),
                           ("<!DOCTYPE html><title>Sorry</title>", "'<!DOCTYPE html>"),
                           ("104.16.0.0/13\nevil.test.\n", "'evil.test.'"),
                           ("104.16.0.0/13\nbad.de.\n", "'bad.de.'"),
                           ("104.16.0.0/13\n!172.64.0.0/13\n", "'!172.64.0.0/13'"),
                           ("$INCLUDE /etc/passwd\n", "'$INCLUDE"),
                           ("104.16.0.0/13\n\0\x1b[31m\n", "not a network"),
                           (b"\xff\xfe1\x000\x004\x00", "not a network"),
                           ("104.16.0.0/13\n104.16.0.0/33\n", "'104.16.0.0/33'"),
                           ("104.16.0.0/13\n104.16.256.0/24\n", "'104.16.256.0/24'"),
                           ("104.16.0.0/13\n::::\n", "'::::'"),
                           ("104.16.0.0/13 172.64.0.0/13", "not a network"),
                           ("1" * 100000, "line too long")):
            with self.subTest(repr(text[:30])):
                self.publish({V4: text})
                self.refused(said=said)

    def test_what_visitors_never_meet(self):
        for bad in ("10.0.0.0/8", "192.168.7.7", "0.0.0.0/0", "127.0.0.1", "169.254.1.0/24",
                    "100.64.0.0/10", "240.0.0.0/4", "224.0.0.1"):
            with self.subTest(bad):
                self.publish({V4: TEXTS[V4] + "\n" + bad})
                self.refused(said="addresses that no visitor meets")
        self.publish({V4: TEXTS[V4], V6: "2606:4700::/32\nfd00::/8\n"})
        self.refused(url="https://" + V6, said="fd00::/8 holds")
        self.refused("--allow-shrink", url="https://" + V6, said="fd00::/8 holds")

    def test_shrunk(self):
        self.publish({V4: "104.16.0.0/14\n8.8.8.0/24\n"})
        self.refused(url=BOTH, said="less than half")
        self.publish({V4: TEXTS[V4], V6: "2606:4700::/34\n"})
        self.refused(url=BOTH, said="less than half")
        self.command("--allow-shrink")
        self.assertIn("\n2606:4700::/34\n", (self.folder / "cloudflare").read_text())

    def test_bad_json(self):
        answers, _ = VENDORS["cloudfront"]
        (path, good), = answers.items()
        fine = {"prefixes": [], "ipv6_prefixes": []}
        listed = self.install("3.160.0.0/14\n2600:9000::/28\n", "cloudfront")
        for text, said in ((good[:len(good) // 2], "not the JSON"), ("", "no network"),
                           ("<html>", "not the JSON"), ("[]", "not the JSON"), ("{}", "not the JSON"),
                           (json.dumps(fine), "no network"),
                           (json.dumps(dict(fine, prefixes=[{"service": "CLOUDFRONT"}])),
                            "a list of networks is missing"),
                           (json.dumps(dict(fine, prefixes=[{
                               "service": "CLOUDFRONT", "ip_prefix": "evil.test.\n"}])), "evil.test.")):
            with self.subTest(text[:40]):
                self.publish({path: text})
                self.refused("cloudfront", path=listed, vendor="cloudfront", url="https://" + path,
                             said=said)

        for vendor, key in (("fastly", "addresses"), ("fastly", "ipv6_addresses"),
                            ("gcore", "addresses_v6"), ("github-pages", "pages")):
            (path, good), = VENDORS[vendor][0].items()
            listed = self.install("8.8.8.0/24\n", vendor)
            for wrong in None, "8.8.8.0/24", [1], [["8.8.8.0/24"]]:
                with self.subTest(vendor=vendor, key=key, wrong=wrong):
                    self.publish({path: json.dumps(dict(json.loads(good), **{key: wrong}))})
                    self.refused(vendor, path=listed, vendor=vendor, url="https://" + path,
                                 said="a list of networks is missing")

    def test_page_without_the_file(self):
        (page, text), (file, _) = VENDORS["frontdoor"][0].items()
        listed = self.install("5.5.5.0/24\n", "frontdoor")
        for bad in "<html>", text.replace("download.microsoft", "download.example"), \
                text.replace("https:", "http:"):
            self.publish({page: bad})
            self.refused("frontdoor", path=listed, vendor="frontdoor", url="https://" + page,
                         said="no address of a file")
        self.publish({page: text, file: json.dumps({"values": TAGS["values"][:1]})})
        self.refused("frontdoor", path=listed, vendor="frontdoor", url="https://" + file,
                     said="a list of networks is missing")

    def test_errors_of_the_server(self):
        for answer, said in ((Answer(TEXTS[V4], status=404), "404"),
                             (Answer(TEXTS[V4], status=500), "500"),
                             (Answer(TEXTS[V4], form="x"), "405"),
                             (Answer(TEXTS[V4], short=1), "curl 18")):
            with self.subTest(said):
                self.publish({V4: answer})
                self.refused(said=said)
        self.refused(mirror="http://127.0.0.1:%d" % harness.free_port(), said="onnect")

    def test_slow(self):
        for hang in Answer(TEXTS[V4], hang=60), Answer(TEXTS[V4], hang=60, chunked=True):
            self.publish({V4: hang})
            began = time.monotonic()
            self.refused("--timeout", 1, said="timed out")
            self.assertLess(time.monotonic() - began, 20)

    def test_too_large(self):
        large = (TEXTS[V4] + "\n").encode() + b"# more\n" * (5 << 20)
        for chunked in False, True:
            with self.subTest(chunked=chunked):
                self.publish({V4: Answer(large, chunked=chunked)})
                self.refused(said="file size" if not chunked else "")

    def test_redirects(self):
        def to(where):
            return Answer(status=302, headers={"Location": where})
        self.publish({V4: to("/moved"), "moved": to(self.web.url + "/again"), "again": TEXTS[V4]})
        self.command()
        self.assertIn("8.8.8.0/24", (self.folder / "cloudflare").read_text())
        for where, said in (("file:///etc/passwd", "rotocol"), ("ftp://127.0.0.1/", "rotocol"),
                            ("dict://127.0.0.1/", "rotocol"), ("/" + V4, "redirects")):
            with self.subTest(where):
                self.publish({V4: to(where)})
                self.refused(said=said)

    def test_the_list_itself(self):
        for text, said in ((SMALL + "nonsense\n", "neither a network nor a name"),
                           ("$ORIGIN a.test.\n@ 0 SOA . . 1 1 1 1 1\n@ 0 APL 1:8.8.8.0/24\n",
                            "not a list"), (SMALL + "8.8.8.0/24 8.8.9.0/24\n", "not a list")):
            with self.subTest(said):
                path = self.install(text)
                url = path if said == "not a list" else BOTH
                self.refused(url=url, said=said)

    @unittest.skipUnless(os.geteuid() == 0, "not root")
    def test_an_owner_that_can_not_be_kept(self):
        os.chmod(self.dir, 0o777)
        os.chown(self.folder, NOBODY, NOBODY)
        path = self.folder / "cloudflare"
        self.refused(url=path, said="ermitted", preexec=as_nobody)
        os.chown(path, NOBODY, NOBODY)
        self.command(preexec=as_nobody)
        self.assertEqual(os.stat(path).st_uid, NOBODY)

    @unittest.skipUnless(os.geteuid() == 0, "not root")
    def test_an_owner_that_is_kept_by_the_unit(self):
        self.publish(TEXTS)
        path = self.install()
        os.chmod(path, 0o664)
        os.chown(path, NOBODY, NOBODY)
        self.command(preexec=as_unit)
        after = os.stat(path)
        self.assertEqual((stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid),
                         (0o664, NOBODY, NOBODY))

    @unittest.skipUnless(os.geteuid() == 0, "not root")
    def test_a_folder_that_can_not_be_written(self):
        os.chmod(self.dir, 0o777)
        self.refused(url=self.folder / "cloudflare", said="denied", preexec=as_nobody)


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Https(UpdateCase):
    def setUp(self):
        super().setUp()
        pem = self.dir / "both.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", pem, "-out", self.dir / "cert.pem"], check=True, capture_output=True)
        pem.write_text(pem.read_text() + (self.dir / "cert.pem").read_text())
        self.tls = self.serve(pem)
        self.trust = {"CURL_CA_BUNDLE": str(self.dir / "cert.pem")}
        self.install()

    def test_certificate(self):
        self.publish(TEXTS, self.tls)
        self.refused(mirror=self.tls.url, said="ertificate")
        self.command(mirror=self.tls.url + "/", env=self.trust)
        self.assertIn("8.8.8.0/24", (self.folder / "cloudflare").read_text())

    def test_no_way_down(self):
        """From https nothing leads to http."""
        self.publish(TEXTS)
        self.publish({V4: Answer(status=302, headers={"Location": self.web.url + "/" + V4})}, self.tls)
        self.refused(mirror=self.tls.url, env=self.trust, said="rotocol")
        self.assertEqual(self.web.asked, [])

    def test_no_configuration_of_curl(self):
        """What a user has set for curl does not count."""
        (self.dir / ".curlrc").write_text("insecure\n")
        self.publish(TEXTS, self.tls)
        self.refused(mirror=self.tls.url, env={"HOME": str(self.dir)}, said="ertificate")


class Zone(UpdateCase, harness.Case):
    NAME = "cloudflare.proxies.test."

    def setUp(self):
        super().setUp()
        self.install()
        self.publish(TEXTS)
        self.file = self.dir / (self.NAME + "zone")

    def write_zone(self, *args, name=NAME, **options):
        return self.command("--zone", name, "--zone-folder", self.dir, *args, "cloudflare", **options)

    def serial(self):
        return int(re.search(r"SOA \S+ \S+ (\d+)", self.file.read_text())[1])

    def test_zone(self):
        before = (self.folder / "cloudflare").read_text()
        self.write_zone(name="Cloudflare.Proxies.TEST")
        self.assertEqual((self.folder / "cloudflare").read_text(), before)
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o644)
        text = self.file.read_text()
        self.assertEqual(sorted(re.findall(r"APL\t(\S+)", text)), sorted(
            ["1:104.16.0.0/13", "1:172.64.0.0/13", "1:8.8.8.0/24", "2:2606:4700::/32",
             "!1:172.65.0.0/16", "!1:162.159.205.11/32", "!1:162.159.205.12/31"]))
        self.assertEqual(re.findall(r"PTR\t(\S+)", text), ["cdn.cloudflare.net."])
        # Only what changes changes the serial.
        known = os.stat(self.file)
        self.assertIn("no change", self.write_zone()[0])
        self.assertEqual(os.stat(self.file), known)
        os.chmod(self.file, 0o600)
        serial = self.serial()
        self.publish({V4: TEXTS[V4] + "\n8.8.4.0/24"})
        self.write_zone()
        self.assertGreater(self.serial(), serial)
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        # Also where it is ahead of the time.
        self.file.write_text(self.file.read_text().replace(str(self.serial()), "4294967295"))
        self.publish(TEXTS)
        self.write_zone()
        self.assertEqual(self.serial(), 0)

    def test_refused(self):
        self.write_zone()
        args = "--zone", self.NAME, "--zone-folder", self.dir, "cloudflare"
        self.publish({V4: "104.16.0.0/13\n10.0.0.0/8\n172.64.0.0/13"})
        self.refused(*args, path=self.file, said="10.0.0.0/8")
        # Half of the list is fine here, but not of the zone.
        self.publish(TEXTS)
        self.install("104.16.0.0/16\ncdn.cloudflare.net.\n2606:4700::/32\n")
        self.publish({V4: "104.16.0.0/15"})
        self.refused(*args, path=self.file, url=BOTH, said="less than half")
        self.publish(TEXTS)
        for text in "@ no zone", zones.small("other.test.", "a APL 1:8.8.8.0/24"), \
                zones.small(self.NAME, "a A 192.0.2.1"):
            self.file.write_text(text)
            self.refused(*args, path=self.file, url=self.file)
        self.install(SMALL + "!mail.cdn.cloudflare.net.\n")
        os.unlink(self.file)
        self.assertIn("no record can say", self.write_zone(status=1)[1])
        self.assertFalse(self.file.exists())

    def test_server(self):
        """knotd serves it and the module reads it, as it is and as knotd writes it."""
        self.write_zone()
        zone = "example.test."
        text = zones.small(zone, "@ MX 1 a\n@ MX 2 b\n@ MX 3 c\na A 104.16.1.2\nb A 172.65.1.2\n"
                           "c A 8.8.4.4\nx MX 1 y.cdn.cloudflare.net.")
        server = harness.Knotd({zone: text, self.NAME: self.file.read_text()},
                               options={self.NAME: "    semantic-checks: on\n    zonefile-sync: 0\n"
                                                   "    journal-content: changes\n"})
        self.addCleanup(server.stop)
        listed = server.zone_file(self.NAME)
        server.write_conf({zone: Policy(proxy=None, proxy_file=(listed,), mail_exchange=None,
                                        list_reload=1)})
        server.start()
        self.assertEqual(server.log_lines("error") + server.log_lines("warning"), [])
        answers = {name: server.answer(name + "." + zone, "A").rdata(name + "." + zone, "A")
                   for name in "abc"}
        self.assertEqual(answers, {"a": ["198.51.100.25"], "b": ["172.65.1.2"], "c": ["8.8.4.4"]})
        self.assertEqual(server.answer("x." + zone, "MX").rdata("x." + zone, "MX"),
                         ["1 mx-direct." + zone])

        # knotd writes it in its own way, and then it changes.
        server.knotc("zone-flush", self.NAME)
        self.publish({V4: TEXTS[V4] + "\n8.8.4.0/24"})
        os.unlink(self.file)
        os.symlink(listed, self.file)
        self.write_zone()
        server.knotc("zone-reload", self.NAME)
        harness.wait_for(lambda: server.answer("c." + zone, "A").rdata("c." + zone, "A") ==
                         ["198.51.100.25"], what="the list:\n" + server.log())
        harness.wait_for(lambda: str(self.serial()) in server.answer(self.NAME, "SOA").rdata(
            self.NAME, "SOA")[0], what="the zone:\n" + server.log())


class Style(unittest.TestCase):
    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shellcheck(self):
        done = subprocess.run(["shellcheck", SCRIPT], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_page(self):
        done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", TOP / "doc/update-proxies.8"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


class Units(Case):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_verify(self):
        for name in "update-proxies.service", "update-proxies.timer":
            text = (TOP / "etc/examples" / name).read_text()
            self.write(name, text.replace("/usr/sbin/update-proxies", "/bin/true"))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no",
                               self.dir / "update-proxies.service", self.dir / "update-proxies.timer"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
