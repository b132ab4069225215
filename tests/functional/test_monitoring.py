# SPDX-License-Identifier: GPL-3.0-or-later
"""What etc/examples has for Prometheus, and the commands of doc/monitoring.md, at a real knotd.

Run alone:  MXGUARD_MODULE=/path/mxguard.so /usr/bin/python3 tests/functional/test_monitoring.py
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.request

import harness
import zones
from stanza import Policy
from system import end_with_parent

TOP = pathlib.Path(os.environ.get("MXGUARD_SRCDIR") or pathlib.Path(__file__).parents[2]).resolve()
EXAMPLES = TOP / "etc/examples"
RULES = (EXAMPLES / "prometheus-rules.yml").read_text()
PAGE = (TOP / "doc/monitoring.md").read_text()
COMMANDS = re.findall(r"(?ms)^```sh\n(.*?)^```", PAGE)
PROMTOOL = shutil.which("promtool")
EXPORTER = shutil.which("knot-exporter", path=os.environ.get("PATH", "") + ":/usr/sbin")
RECORDED = set(re.findall(r"- record: (\S+)", RULES))
NAMES = ["a.test.", "b.test.", "plain.test."]


def run(command, **env):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120,
                          shell=isinstance(command, str), env={**os.environ, **env})


def expressions():
    """The PromQL of the dashboard, its variables replaced by what Grafana puts there."""
    board = json.loads((EXAMPLES / "grafana-dashboard.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield re.sub(r"\$\w+", ".*", target["expr"])


@unittest.skipUnless(PROMTOOL, "promtool is not installed (it comes with the package prometheus)")
class Promtool(unittest.TestCase):
    def test_rules(self):
        for name in "rules.yml", "rules-days.yml":
            done = run([PROMTOOL, "test", "rules", str(TOP / "tests/data/prometheus" / name)])
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_dashboard(self):
        rules = [{"record": "x:%d" % number, "expr": text}
                 for number, text in enumerate(expressions())]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            json.dump({"groups": [{"name": "x", "rules": rules}]}, file)
            file.flush()
            done = run([PROMTOOL, "check", "rules", file.name])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Texts(unittest.TestCase):
    def test_dashboard_knows_its_metrics(self):
        known = RECORDED | set(re.findall(r"# TYPE (\w+)",
                                          (EXAMPLES / "mxguard-textfile").read_text()))
        used = [name for text in expressions()
                for name in re.findall(r"\bmxguard[:_][a-z:_]+", text)]
        self.assertGreater(len(used), 5)
        self.assertEqual(set(used) - known, set())

    def test_page_has_each_alert(self):
        self.assertEqual(re.findall(r"- alert: (\S+)", RULES),
                         re.findall(r"(?m)^\| (Mxguard\w+) \|", PAGE))

    def test_each_alert_has_a_case(self):
        cases = "".join(path.read_text() for path in (TOP / "tests/data/prometheus").iterdir())
        raised = set(re.findall(r"alertname: (\w+)\n +exp_alerts:\n", cases))
        self.assertEqual(raised, set(re.findall(r"- alert: (\S+)", RULES)))


class Server(harness.Case):
    def setUp(self):
        policy = Policy(proxy=("104.16.0.0/13",), mode="log")
        self.server = self.serve(
            {zone: zones.small(zone, "@ MX 10 mail\nmail A 104.16.1.2") for zone in NAMES},
            {zone: policy for zone in NAMES[:2]})
        self.knotc = "%s -s %s" % (harness.program("knotc"), self.server.path("knot.sock"))

    def textfile(self, log, lists):
        done = run(["sh", str(EXAMPLES / "mxguard-textfile")], KNOTC=self.knotc,
                   JOURNAL="cat " + log, LISTS=lists)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return dict(line.rsplit(" ", 1) for line in done.stdout.splitlines() if line[0] != "#")

    def test_textfile(self):
        folders = self.server.path("local"), self.server.path("installed")
        for folder in folders:
            os.mkdir(folder)
        local, installed = map(pathlib.Path, folders)
        for path, text in ((local / "cdn", "# date: 1970-01-03\n192.0.2.0/24\n"),
                           (local / "own", "192.0.2.0/24\n"),
                           (installed / "cdn", "# date: 1970-01-02\n192.0.2.0/24\n"),
                           (installed / "other", "# date: 1970-01-04\n192.0.2.0/24\n")):
            path.write_text(text, encoding="ascii")
        metrics = self.textfile(self.server.path("log"), " ".join(folders))
        self.assertAlmostEqual(int(metrics.pop("mxguard_metrics_time_seconds")), time.time(),
                               delta=60)
        self.assertEqual(metrics, {
            'mxguard_list_date_seconds{list="cdn"}': "172800",
            'mxguard_list_date_seconds{list="other"}': "259200",
            'mxguard_zone_protected{zone="a.test."}': "1",
            'mxguard_zone_protected{zone="b.test."}': "1", "mxguard_load_failures": "0"})

    def test_a_module_that_does_not_load(self):
        # What knotd says of it, read from a second log.
        wrong = self.server.path("wrong.conf")
        text = re.sub("proxy: .*", "proxy-file: /nonexistent/list", self.server.config())
        pathlib.Path(wrong).write_text(re.sub(r"(?m)^( *)file: .*\.so$", r"\1file: /none/mxguard.so",
                                              text), encoding="ascii")
        done = run([harness.program("knotc"), "-c", wrong, "conf-check"])
        log = pathlib.Path(self.server.path("wrong"))
        log.write_text(done.stdout + done.stderr, encoding="ascii")
        self.assertEqual(self.textfile(str(log), "/none")["mxguard_load_failures"], "1")
        search, = (text for text in COMMANDS if "failed to open" in text)
        search = search.replace("journalctl -u knot -b -o cat", "cat %s" % log)
        self.assertIn("module, failed to open", run(search).stdout)

    def test_stats_of_all_zones(self):
        self.server.ask("mail.a.test.", "A")
        want = ["[a.test.] mod-mxguard.finding[proxied-host] = 1",
                "[a.test.] mod-mxguard.action[logged] = 1"]
        done = self.server.knotc("zone-stats", "--")
        self.assertEqual([line for line in done.stdout.splitlines() if "mod-mxguard" in line], want)
        done = self.server.knotc("zone-stats", "--", "mod-mxguard", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual((done.stdout + done.stderr).splitlines(),
                         want + ["error: (operation failed for some zones) mod-mxguard"])
        protected, = (text for text in COMMANDS if text.startswith("knotc -f zone-stats"))
        self.assertEqual(run(protected.replace("knotc", self.knotc, 1)).stdout.split(), NAMES[:2])

    @unittest.skipUnless(EXPORTER, "knot-exporter is not installed (Debian 13 and later have it)")
    def test_exporter(self):
        port = harness.free_port()
        process = subprocess.Popen(
            [EXPORTER, "--web-listen-addr", "127.0.0.1", "--web-listen-port", str(port),
             "--knot-socket-path", self.server.path("knot.sock")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=end_with_parent)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

        def metrics():
            """The module's, or None as long as nobody listens."""
            try:
                with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port) as page:
                    text = page.read().decode()
            except OSError:
                return None
            return {(name, tuple(sorted(re.findall(r'(\w+)="([^"]*)"', labels)))): float(value)
                    for name, labels, value in re.findall(r"(?m)^(\w+)\{(.*)\} (\S+)$", text)
                    if "mod-mxguard" in labels}

        harness.wait_for(lambda: metrics() is not None, what="the exporter to listen")
        self.assertEqual(metrics(), {}, "counters that are zero are left out")
        self.server.ask("mail.a.test.", "A")
        stem, owner = (("knot_zone_stats_", "module") if harness.version() >= (3, 5)
                       else ("knot_", "section"))
        for counter, value in ("finding", "proxied-host"), ("action", "logged"):
            labels = tuple(sorted({"zone": "a.test.", owner: "mod-mxguard",
                                   "type": value}.items()))
            self.assertEqual(metrics()[stem + counter + "_total", labels], 1)
            self.assertIn("%s%s_total{%s=\"mod-mxguard\"}" % (stem, counter, owner), RULES)

    def test_old_lists(self):
        command, = (text for text in COMMANDS if "90 days ago" in text)
        today = time.strftime("%Y-%m-%d")
        for where, name, date in (("/etc", "own", "2020-01-01"), ("/etc", "fetched", today),
                                  ("/usr/share", "fetched", "2020-01-02"),
                                  ("/usr/share", "old", "2020-01-03"), ("/usr/share", "new", today)):
            folder = pathlib.Path(self.server.path("dates" + where.replace("/", "-")))
            folder.mkdir(exist_ok=True)
            (folder / name).write_text("# date: %s\n" % date, encoding="ascii")
            command = command.replace(where + "/knot/proxies", str(folder))
        done = run(command)
        self.assertEqual((done.stdout, done.stderr), ("own 2020-01-01\nold 2020-01-03\n", ""))


if __name__ == "__main__":
    unittest.main()
