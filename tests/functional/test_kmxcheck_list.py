# SPDX-License-Identifier: GPL-3.0-or-later
"""kmxcheck --list: lists of proxies, checked by what reads them, and written as records of a zone.

Needs no server. Run alone:
  KMXCHECK=/path/kmxcheck /usr/bin/python3 tests/functional/test_kmxcheck_list.py
"""

import ipaddress
import re
import unittest

from kmxcheck_case import GOOD, TOP, Case

HEAD = "$ORIGIN list.test.\n$TTL 300\n@ SOA . . 1 1 1 1 1\n"
LISTS = sorted(path for path in (TOP / "etc/proxies").iterdir() if path.is_file())


class List(Case):
    def list(self, text, *args, status=0):
        return self.run_it("--list", self.write("list", text), *args, status=status)

    def records(self, text):
        return [line.split("\t") for line in self.list(text, "--records")[0].splitlines()]

    def test_installed(self):
        for path in LISTS:
            with self.subTest(path.name):
                said, _ = self.run_it("--list", path)
                self.assertRegex(said, r"\A%s: \d+ networks?, \d+ names?\n\Z" % re.escape(str(path)))
                self.run_it("--list", path, "--replaces", path)

    def test_records_say_the_same(self):
        """Each list, the zone of its records, and the list that this zone is."""
        for path in LISTS:
            with self.subTest(path.name):
                records, _ = self.run_it("--list", path, "--records")
                zone = self.write("zone", HEAD + records)
                self.assertEqual(self.run_it("--list", zone, "--records")[0], records)
                self.run_it("--list", zone, "--replaces", path)
                self.run_it("--list", path, "--replaces", zone)

    def test_records(self):
        self.assertEqual(self.records("8.8.8.1/24\n!2600::1\nX.test.\n"),
                         [["@", "APL", "1:8.8.8.0/24"], ["@", "APL", "!2:2600::1/128"],
                          ["@", "PTR", "x.test."]])

    def test_ranges(self):
        for first, last in (("8.8.8.1", "8.8.8.14"), ("8.0.0.0", "8.255.255.255"),
                            ("8.8.8.8", "8.8.8.8"), ("8.8.8.255", "8.8.9.0"),
                            ("2600::", "2600::ffff"), ("2600::1", "2600:0:0:1::"),
                            ("2600:ff::fffe", "2600:100::")):
            with self.subTest(first=first, last=last):
                expected = ipaddress.summarize_address_range(ipaddress.ip_address(first),
                                                             ipaddress.ip_address(last))
                self.assertEqual([record[2][2:] for record in self.records(first + "-" + last)],
                                 [str(net) for net in expected])

    def test_no_owner_has_too_many(self):
        text = "".join("8.%d.%d.0/24\n" % (i // 250, i % 250) for i in range(2500))
        owners = [record[0] for record in self.records(text)]
        self.assertEqual([owners.count(owner) for owner in ("@", "1", "2")], [1000, 1000, 500])
        # Nor more octets than one message of a transfer holds.
        text = "".join("%s.%04d.test.\n" % ("x" * 63, i) for i in range(1000))
        size = {}
        for owner, _, name in self.records(text):
            size[owner] = size.get(owner, 0) + 12 + len(name) + 1
        self.assertEqual(len(size), 3)
        self.assertLessEqual(max(size.values()), 32768)

    def test_an_exception_of_a_name_is_no_record(self):
        self.list("x.test.\n!y.x.test.\n")
        _, error = self.list("x.test.\n!y.x.test.\n", "--records", status=2)
        self.assertIn("'y.x.test.' is an exception", error)

    def test_special_networks(self):
        for entry, where in (("10.1.2.3", "10.0.0.0/8"), ("0.0.0.0/0", "192.168.0.0/16"),
                             ("172.15.0.0-172.16.0.0", "172.16.0.0/12"), ("fd00::/8", "8000::/1"),
                             ("::ffff:8.8.8.8", "::/3"), ("2001:db8::/32", "2001:db8::/32"),
                             ("240.0.0.0/4", "reserved"), ("239.1.1.1", "multicast")):
            with self.subTest(entry):
                said, _ = self.list("8.8.8.0/24\n%s\n" % entry, status=1)
                self.assertIn(" holds addresses that no visitor meets, ", said)
                self.assertIn(where, said)
                self.assertNotIn("8.8.8.0/24", said)
        for entry in "172.15.255.255", "172.32.0.0/11", "11.0.0.0/8", "223.255.255.255", "2400::/12":
            with self.subTest(entry):
                self.list(entry + "\n")

    def test_replaces(self):
        old = self.write("old", "8.8.0.0/16\n2600::/32\na.test.\nb.test.\n!8.8.0.0/17\n")
        for text, status in (("8.8.0.0/18\n2600::/33\na.test.\n", 0),
                             ("8.8.0.0/19\n2600::/33\na.test.\n", 1),
                             # What is said twice counts once, what is excepted does not.
                             ("8.8.0.0/19\n8.8.0.0/19\n2600::/33\na.test.\n", 1),
                             ("8.8.0.0/16\n!8.8.0.0/17\n!8.8.128.0/18\n!8.8.192.0/19\n2600::/33\n"
                              "a.test.\n", 1),
                             ("8.8.0.0/16\n2600::/34\na.test.\n", 1),
                             ("8.8.0.0/16\n2600::/32\n", 1)):
            with self.subTest(text):
                said, _ = self.list(text, "--replaces", old, status=status)
                self.assertEqual("says less than half of what %s says" % old in said, status == 1)
                self.list(text)

    def test_trouble(self):
        for text, said in (("8.8.8.0/24\nbad\n", "list:2: neither a network nor a name"),
                           ("# nothing\n", "neither a network nor a name in it")):
            self.assertIn(said, self.trouble("--list", self.write("list", text)))
            self.assertIn(said, self.trouble("--list", LISTS[0], "--replaces", self.dir / "list"))
        self.assertIn("No such file", self.trouble("--list", self.dir / "none"))

    def test_names(self):
        """A list is found by its name, as the option --proxy-file finds it."""
        zone, good = self.zone("good.test", GOOD), self.write("good", "8.8.8.0/24\n")
        unknown = self.trouble("--proxy-file", "nosuch", zone)
        self.assertRegex(unknown, r"^kmxcheck: /.*/knot/proxies/nosuch: No such file")
        self.assertEqual(self.trouble("--list", "nosuch"), unknown)
        self.assertEqual(self.trouble("--list", good, "--replaces", "nosuch"), unknown)
        self.assertIn("kmxcheck: ./good/nosuch: ", self.trouble("--list", "./good/nosuch"))
        # A file here comes first.
        self.assertEqual(self.run_it("--list", "good", "--replaces", "good"),
                         ("good: 1 network, 0 names\n", ""))

    def test_usage(self):
        path = self.write("list", "8.8.8.0/24\n")
        for more in (["x.zone"], ["-c", "knot.conf"], ["-s", "192.0.2.1"], ["--proxy", "8.8.8.8"]):
            self.assertIn("--list checks a list", self.trouble("--list", path, *more))
        for alone in ["--records"], ["--replaces", path]:
            self.assertIn("need a --list", self.trouble(*alone))
        self.assertEqual(self.run_it("--list", path, "-q"), ("", ""))


if __name__ == "__main__":
    unittest.main()
