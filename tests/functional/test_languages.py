# SPDX-License-Identifier: GPL-3.0-or-later
"""The languages of kmxcheck: that nothing lacks a translation, and what people and programs see.

Needs no server, but catalogues and a program that finds them where they are built:
  MXGUARD_BUILDDIR=/path /usr/bin/python3 tests/functional/test_languages.py
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from kmxcheck_case import BAD, BUILD, GOOD, POLICY, RUN_WAIT, TOP, WARN, Case, on_terminal

PROGRAM = os.path.abspath(os.environ.get("KMXCHECK_LANG") or BUILD / "tests/kmxcheck")
LANGUAGES = {path.stem: path for path in sorted((TOP / "po").glob("*.po"))}
MSGFMT = os.environ.get("MSGFMT") or "msgfmt"
# A locale of any name is this one by another name: only its messages are in another language.
UTF8_LOCALE = pathlib.Path("/usr/lib/locale/C.utf8")

# What gettext's own programs say is in English and ASCII, whatever the language of those who run the
# tests.
ENGLISH = {**os.environ, "LC_ALL": "C", "LANGUAGE": "C"}

# Calls whose texts people read, and which argument that is, for xgettext. Two functions have one
# name.
CALLS = (("xformat:1", "complain:1", "fatal:1", "error_at:4", "server_error:3", "bad_value:3", "bad_ignore:4"),
         ("bad_value:5",))
# What is given to them and not translated: names of things, and the SARIF report.
NOT_TRANSLATED = {"--ignore '%s': %s", "mod-mxguard/%s: %s", "%s at %s", "knot.sock",
                  "%s\nRemedy: %s"}


def unquoted(lines):
    text = "".join(re.findall(r'"(.*)"', lines))
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), text)


def entries(text):
    """The entries of a PO file but its head: by text and plural, the flags and translations."""
    found = {}
    for block in text.split("\n\n"):
        words = {m[1]: unquoted(m[2]) for m in re.finditer(
            r'^(msgid|msgid_plural|msgstr|msgstr\[\d\]) ((?:".*"\n?)+)', block, re.M)}
        if words.get("msgid"):
            flags = re.findall(r"^#, (.*)$", block, re.M)
            found[words["msgid"], words.get("msgid_plural")] = (
                ", ".join(flags), [v for k, v in words.items() if k.startswith("msgstr")])
    return found


def template(top):
    """The texts of the sources."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "kmxcheck.pot")
        subprocess.run(["sh", top / "po/xgettext", top, out], check=True, timeout=RUN_WAIT)
        return entries(pathlib.Path(out).read_text(encoding="utf-8"))


def faults(texts, path):
    """What is wrong with a PO file, by the texts of the sources."""
    text = path.read_text(encoding="utf-8")
    done = entries(text)
    bad = [f"not there: {key[0]!r}" for key in texts if key not in done]
    bad += [f"not used any more: {key[0]!r}" for key in done if key not in texts]
    bad += ["obsolete entries"] if re.search(r"^#~", text, re.M) else []
    for key, (flags, translations) in done.items():
        if "fuzzy" in flags:
            bad.append(f"fuzzy: {key[0]!r}")
        if not all(translations):
            bad.append(f"not translated: {key[0]!r}")
        for translation in translations:
            for edge in r"\A[ ,\n]*", r"[ ,\n]*\Z":
                if re.search(edge, key[0])[0] != re.search(edge, translation)[0]:
                    bad.append(f"begins or ends otherwise: {key[0]!r}, {translation!r}")
    check = subprocess.run([MSGFMT, "--check", "-o", os.devnull, path], capture_output=True,
                           encoding="utf-8", timeout=RUN_WAIT, check=False, env=ENGLISH)
    if check.returncode != 0 or check.stderr:
        bad.append(check.stderr)
    return bad


class Catalogues(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.texts = template(TOP)

    def copy(self):
        """The sources, to be changed."""
        top = pathlib.Path(tempfile.mkdtemp(prefix="mxg-"))
        self.addCleanup(shutil.rmtree, top)
        for folder in "kmxcheck", "po":
            (top / folder).mkdir()
            for path in (TOP / folder).iterdir():
                if path.is_file():
                    (top / folder / path.name).write_bytes(path.read_bytes())
        return top

    def test_there_are_some(self):
        self.assertLessEqual({"es", "fr"}, set(LANGUAGES))

    def test_nothing_lacks_a_translation_and_formats_agree(self):
        for language, path in LANGUAGES.items():
            with self.subTest(language):
                self.assertEqual(faults(self.texts, path), [])

    def test_each_is_made_and_shipped(self):
        makefile = (TOP / "po/Makefile.inc").read_text()
        listed = re.search(r"^PO_FILES = (.*)$", makefile, re.M)[1].split()
        self.assertEqual(sorted(listed), [f"po/{language}.po" for language in LANGUAGES])
        for language in LANGUAGES:
            self.assertIn(f"\nnodist_catalogue_{language}_DATA =", makefile)

    def test_rules_are_among_the_texts(self):
        texts = {key[0] for key in self.texts}
        self.assertIn("a mail host has a proxied address", texts)
        self.assertIn("error", texts)
        rules = (TOP / "kmxcheck/rules.def").read_text().count("\nRULE(")
        self.assertGreater(rules, 10)
        self.assertEqual(rules, sum(text.count("\n") > 2 and text[0] not in "\nU"
                                    for text in texts))

    def test_a_new_rule_without_translation_is_found(self):
        top = self.copy()
        with open(top / "kmxcheck/rules.def", "a", encoding="ascii") as file:
            file.write('\nRULE(NEW, "new-rule", ERROR, OF_ZONE, check_new,\n"something new",\n'
                       '"It is new.\\n"\n"Fix it.\\n",\nNULL)\n')
        texts = template(top)
        for language, path in LANGUAGES.items():
            self.assertEqual(faults(texts, path),
                             ["not there: 'something new'", "not there: 'It is new.\\nFix it.\\n'"])

    def test_other_faults_are_found(self):
        for fault, old, new in (
                ("not there: 'remedy: '", None, 'x = _("remedy: ");'),
                ("fuzzy: 'warning'", '\nmsgid "warning"', '\n#, fuzzy\nmsgid "warning"'),
                ("not translated: 'warning'", '\nmsgid "warning"\nmsgstr "aviso"',
                 '\nmsgid "warning"\nmsgstr ""'),
                ("obsolete entries", None, '\n#~ msgid "a"\n#~ msgstr "b"\n'),
                ("not used any more: 'a'", None, '\nmsgid "a"\nmsgstr "b"\n'),
                ("begins or ends otherwise: ' and ', 'y'", '" y "', '"y"'),
                ("fatal", '"apúntelo a %s"', '"apúntelo a %d"')):
            with self.subTest(fault):
                top = self.copy()
                source = "_(" in new
                path = top / ("kmxcheck/lang.c" if source else "po/es.po")
                text = path.read_text(encoding="utf-8")
                self.assertIn(old or "", text)
                changed = text.replace(old, new) if old else text + new
                self.assertNotEqual(changed, text)
                path.write_text(changed, encoding="utf-8")
                found = faults(template(top) if source else self.texts, top / "po/es.po")
                self.assertEqual(len(set(found)), 1, found)
                self.assertIn(fault, found[0])

    def test_messages_are_marked(self):
        """No message is given to what prints it without _()."""
        found = set()
        for calls in CALLS:
            args = [os.environ.get("XGETTEXT") or "xgettext", "--language=C", "--output=-",
                    "--keyword", *(f"--keyword={call}" for call in calls),
                    *sorted((TOP / "kmxcheck").glob("*.c"))]
            done = subprocess.run(args, capture_output=True, encoding="utf-8", timeout=RUN_WAIT,
                                  check=True, env=ENGLISH)
            found |= {key[0] for key in entries(done.stdout)}
        self.assertLessEqual({"%s", "--ignore '%s': %s"}, found)
        self.assertEqual({text for text in found if re.search(r"[A-Za-z]{2}", re.sub(
            r"%[-.*\d]*(?:ll|[lzh])?[a-z]", "", text))} - NOT_TRANSLATED, set())


@unittest.skipUnless(UTF8_LOCALE.is_dir(), "there is no locale C.UTF-8 to be named es")
class Run(Case):
    program = PROGRAM

    def setUp(self):
        super().setUp()
        self.locales = self.dir / "locales"
        self.locales.mkdir()
        for name in "es_ES.utf8", "fr_FR.utf8", "xx_XX.utf8":
            (self.locales / name).symlink_to(UTF8_LOCALE)

    def env(self, language, **more):
        return {"LOCPATH": str(self.locales), "LANGUAGE": "", "LC_ALL": "", "LC_CTYPE": "",
                "LC_MESSAGES": "",
                "LANG": language and f"{language}_{language.upper()}.UTF-8", **more}

    def say(self, language, *args, status=0, **options):
        return self.run_it(*args, status=status, env=self.env(language), **options)

    def test_each_language_speaks(self):
        zone = self.zone("bad.test", BAD)
        english = self.say("", *POLICY, zone, status=1)[0]
        self.assertIn("the mail host mail.bad.test. has the proxied address", english)
        for language, path in LANGUAGES.items():
            locale = self.locales / f"{language}_{language.upper()}.utf8"
            if not locale.exists():
                locale.symlink_to(UTF8_LOCALE)
            known = entries(path.read_text(encoding="utf-8"))
            text = self.say(language, *POLICY, zone, status=1)[0]
            self.assertNotEqual(text, english)
            self.assertIn(known["a mail host has a proxied address", None][1][0], text)

    def test_spanish(self):
        zone, web = self.zone("bad.test", BAD), self.zone("good.test", GOOD)
        text, notes = self.say("es", *POLICY, "--ignore", "list-stale:x", zone, web, status=1)
        self.assertEqual(notes, "")
        self.assertEqual(text, f"""bad.test. número de serie 1, 5 registros
  error  proxied-host  mail.bad.test. A  {zone}:7
         el servidor de correo mail.bad.test. tiene la dirección de proxy 104.16.1.2 (104.16.0.0/13)
         solución: no la pase por el proxy, sirva 198.51.100.25

good.test. número de serie 1, 5 registros: no se encontró nada
2 zonas: 1 error en 1 de ellas
      1  error  proxied-host        un servidor de correo tiene una dirección de proxy
primero: corrija los errores, impiden que llegue el correo. kmxcheck --explain proxied-host \
explica más, --diff muestra los registros que hay que cambiar.
""")

    def test_french(self):
        zone = self.zone("warn.test", WARN)
        text = self.say("fr", *POLICY, "--ignore", "proxied-host", zone)
        self.assertEqual(text[0], f"""warn.test. numéro de série 1, 6 enregistrements
  avertissement  proxied-spf  warn.test. TXT  {zone}:8
                 l'enregistrement SPF de warn.test. autorise 104.16.0.0/24, qui est dans le réseau \
de proxy 104.16.0.0/13
                 solution\xa0: n'autorisez que le serveur de messagerie\xa0: 198.51.100.25

1 zone\xa0: 1 avertissement
      1  avertissement  proxied-spf         un enregistrement SPF autorise un réseau de proxy
d'abord\xa0: aucun courrier n'est encore perdu\xa0; occupez-vous des avertissements. \
kmxcheck --explain proxied-spf en dit plus.
""")
        self.assertEqual(text[1], "kmxcheck: note\xa0: --ignore 'proxied-host': "
                                  "ne correspond à rien\n")

    def test_explain(self):
        for language, words in (("es", ("RFC 5321 5.1", "Véase", "nube gris", "ápice")),
                                ("fr", ("RFC 5321 5.1", "Voir", "«\xa0nuage gris\xa0»"))):
            text = self.say(language, "--explain", "proxied-host")[0]
            for word in words:
                self.assertIn(word, text)
        self.assertEqual(self.say("", "--explain", "proxied-host")[0],
                         self.run_it("--explain", "proxied-host")[0])

    def test_usage_and_errors(self):
        self.assertIn("Uso: kmxcheck", self.say("es", "-h")[0])
        self.assertIn("Utilisation\xa0: kmxcheck", self.say("fr", "-h")[0])
        self.assertEqual(self.say("es", status=2), (
            "", "kmxcheck: ¿qué zona? Falta FILE o --config\nPruebe 'kmxcheck --help'.\n"))
        self.assertEqual(self.say("fr", "--port", "x", "y", status=2), (
            "", "kmxcheck: --port 'x'\xa0: ce n'est pas un port\n"))
        self.write("knot.conf", "zone:\n  - domain: bad..test\n")
        self.assertEqual(self.say("es", "-c", "knot.conf", status=2)[1],
                         "kmxcheck: knot.conf:2: elemento 'domain', valor 'bad..test': "
                         "no es un nombre de dominio\n")
        self.assertIn("  proxied-host        un servidor de correo tiene una dirección de proxy\n",
                      self.say("es", "--explain", "nothing", status=2)[1])

    def test_help_names_the_same_options(self):
        def options(text):
            return re.findall(r"^  (?:-\w, |    )(--[a-z-]+.*?)(?:  |$)", text, re.M)
        english = options(self.say("", "-h")[0])
        self.assertGreater(len(english), 20)
        for language in LANGUAGES:
            self.assertEqual(options(self.say(language, "-h")[0]), english)

    def test_what_libraries_say_is_readable(self):
        text = self.say("fr", "missing.zone", status=2)[1]
        self.assertNotIn("?", text)

    def test_reports_and_scripts_are_the_same(self):
        zone = self.zone("bad.test", BAD + '@ TXT "v=spf1 ip4:104.16.0.0/24 -all"\n')
        self.write("knot.conf", "mod-mxguard:\n  - id: one\n    proxy: 104.16.0.0/13\n"
                   "    mail-address: 198.51.100.25\nzone:\n  - domain: bad.test\n"
                   f"    file: {zone}\n    module: mod-mxguard/one\n  - domain: other.test\n")
        for form in ("-f", "json"), ("-f", "sarif"), ("-f", "dot"), ("-f", "nsupdate"), \
                ("-f", "knotc"), ("--diff",):
            with self.subTest(form):
                english = self.say("", *form, "-c", "knot.conf", status=1)
                self.assertNotEqual(english[0], "")
                for language in LANGUAGES:
                    self.assertEqual(self.say(language, *form, "-c", "knot.conf", status=1),
                                     english)
        report = json.loads(self.say("es", "-f", "json", "-c", "knot.conf", status=1)[0])
        self.assertEqual(report["skipped"][0]["reason"], "does not load mod-mxguard")
        self.assertRegex(report["zones"][0]["findings"][0]["message"], "^the ")

    def test_exit_status_is_the_same(self):
        bad, warn = self.zone("bad.test", BAD), self.zone("warn.test", WARN)
        for args, status in (((bad,), 1), ((warn,), 0), (("--fail-on", "warning", warn), 1),
                             (("--fail-on", "never", bad), 0), (("missing",), 2), (("--no",), 2)):
            for language in "", "es", "fr":
                self.say(language, *POLICY, *args, status=status)

    def test_english_where_no_language_can_be_shown(self):
        zone = self.zone("bad.test", BAD)
        english = self.run_it(*POLICY, zone, status=1, env={"LC_ALL": "C", "LANGUAGE": ""})
        for env in ({"LC_ALL": "C", "LANGUAGE": "es"}, {"LANG": "xx_XX.UTF-8"},
                    {"LANG": "nn_NN.UTF-8"}, {"LANG": "es_ES.UTF-8", "LC_CTYPE": "C"},
                    {"LANG": "es_ES.UTF-8", "LANGUAGE": "C"}):
            with self.subTest(env):
                self.assertEqual(self.run_it(*POLICY, zone, status=1, env=self.env("", **env)),
                                 english)

    def test_order_of_preference(self):
        zone = self.zone("bad.test", BAD)
        for env, word in (({"LANG": "es_ES.UTF-8", "LC_ALL": "fr_FR.UTF-8"}, "enregistrements"),
                          ({"LANG": "fr_FR.UTF-8", "LANGUAGE": "xx:es"}, "registros"),
                          ({"LANG": "fr_FR.UTF-8", "LC_MESSAGES": "es_ES.UTF-8"}, "registros")):
            with self.subTest(env):
                self.assertIn(word, self.run_it(*POLICY, zone, status=1,
                                                env=self.env("", **env))[0])

    def on_terminal(self, width, language, *args):
        """What comes out on a terminal of so many columns."""
        env = dict(self.env(language), NO_COLOR="1")
        output = on_terminal((self.program, *args), columns=width, env=env, cwd=self.dir)
        return output.decode().replace("\r\n", "\n")

    def test_lines_end_where_the_terminal_does(self):
        self.write("x.zone", BAD % "bad.test")
        for language, word in ("es", "dirección"), ("fr", "l'hôte"), ("", "proxied"):
            for width in 60, 80, 120:
                text = self.on_terminal(width, language, *POLICY, "x.zone")
                self.assertIn(word, text)
                lines = [line for line in text.split("\n") if not re.match(r" +\d+  ", line)]
                with self.subTest((language, width)):
                    self.assertLessEqual(max(map(len, lines)), width, text)
        # Characters are counted, not octets: one word more fits.
        line = "         el servidor de correo mail.bad.test. tiene la dirección de proxy"
        self.assertIn(f"\n{line}\n", self.on_terminal(len(line), "es", *POLICY, "x.zone"))
        self.assertNotIn(f"\n{line}\n", self.on_terminal(len(line) - 1, "es", *POLICY, "x.zone"))


if __name__ == "__main__":
    unittest.main()
