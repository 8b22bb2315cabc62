"""scan, enum, info, library-info, help and completion."""

import subprocess
import unittest

from xnvme_command import BINARY, CommandTest, is_linux_root, main


class Info(CommandTest):
    def test_says_what_a_file_is(self):
        disk = self.file("disk.img", 1 << 20)
        text = self.text("info", disk)
        self.assertIn(f"device: {disk}\n", text)
        self.assertIn("class: file\n", text)
        self.assertIn("1048576  # 1 MiB", text)
        self.assertIn("COMMAND", text)

    def test_json_has_the_same(self):
        disk = self.file("disk.img", 1 << 20)
        info = self.json("info", disk)
        self.assertEqual(info["class"], "file")
        self.assertEqual(info["geometry"]["size_bytes"], 1 << 20)
        reads = [row for row in info["commands"] if row["name"] == "read"]
        self.assertEqual(reads[0]["queue"], "native")

    def test_explain_gives_a_reason_for_every_candidate(self):
        disk = self.file("disk.img", 1 << 20)
        candidates = self.json("info", disk, "--explain")["candidates"]
        for contract in ("async", "sync", "admin", "mem"):
            rows = [row for row in candidates if row["contract"] == contract]
            self.assertEqual(len([row for row in rows if row["chosen"]]), 1, msg=contract)
            for row in rows:
                self.assertNotEqual(row["reason"], "", msg=row)

    def test_explain_also_when_opening_fails(self):
        disk = self.file("disk.img", 1 << 20)
        done = self.run_command("info", disk, "--explain", "--async", "emuu")
        self.assertIn(b"There is no async interface 'emuu'", done.stderr)
        self.assertIn(b"thrpool", done.stdout)
        self.assertEqual(done.returncode, 2)

    def test_the_named_interface_is_the_one_used(self):
        info = self.json("info", "mem:8MiB", "--async", "thrpool")
        self.assertEqual(info["interfaces"]["async"], "thrpool")
        self.assertEqual(info["queue"]["interface"], "thrpool")
        self.assertGreater(info["queue"]["threads"], 0)

    def test_nil_says_that_it_moves_no_data(self):
        self.assertIn("moves no data", self.text("info", "mem:8MiB", "--async", "nil"))


class LibraryInfo(CommandTest):
    def test_three_tables(self):
        text = self.text("library-info")
        for title in ("Asynchronous I/O", "Synchronous I/O", "Memory"):
            self.assertIn(title, text)

    def test_what_is_missing_says_why(self):
        info = self.json("library-info")
        rows = info["async"] + info["sync_and_admin"] + info["memory"]
        self.assertIn("emu", [row["name"] for row in info["async"]])
        for row in rows:
            self.assertNotEqual(row["summary"], "")
            self.assertNotEqual(row["classes"], [])
            if not (row["built"] and row["available"]):
                self.assertNotEqual(row["reason"], "", msg=row)


class Scan(CommandTest):
    def test_json_is_a_list_of_devices(self):
        for device in self.json("scan")["devices"]:
            self.assertTrue(device["uri"])
            self.assertTrue(device["class"])

    def test_enum_opens_or_says_why_not(self):
        for device in self.json("enum")["devices"]:
            if not device["opened"]:
                self.assertNotEqual(device["reason"], "")

    @unittest.skipUnless(is_linux_root(), "loop devices need root on Linux")
    def test_scan_finds_a_loop_device(self):
        device = self.loop_device(1 << 20)
        found = [row for row in self.json("scan")["devices"] if row["uri"] == device]
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0]["size_bytes"], 1 << 20)
        self.assertIn(device, self.text("scan"))


class Help(CommandTest):
    def commands(self, *path):
        """The commands below `path`, as the help lists them: lines that are indented by two."""
        text = self.text(*path, "--help")
        names = []
        for line in text.splitlines():
            words = line.split()
            if line.startswith("  ") and not line.startswith("   ") and words[0].isascii():
                if words[0][0].isalpha() and words[0] != "xnvme" and words[0].islower():
                    names.append(words[0])
        return names

    def test_every_command_has_examples(self):
        names = self.commands()
        for expected in ("scan", "enum", "info", "library-info", "idfy", "idfy-ns", "log",
                         "feature", "format", "read", "write", "write-zeroes", "flush", "compare",
                         "verify", "dsm", "copy", "admin", "io", "dd", "check", "perf"):
            self.assertIn(expected, names)
        for name in names:
            text = self.text(name, "--help")
            self.assertIn("Examples:\n", text, msg=name)
            self.assertIn(f"xnvme {name}", text, msg=name)

    def test_exit_codes_are_documented(self):
        self.assertIn("Exit status: 0 done; 1", self.text("--help"))

    def test_nothing_is_a_usage_error(self):
        self.fail_with(2, says="A command is missing")

    def test_a_slip_is_put_right(self):
        self.fail_with(2, "raed", "x", says="did you mean 'read'")
        self.fail_with(2, "read", "x", "--slab", "1", says="did you mean '--slba'")


class Completion(CommandTest):
    def test_bash_takes_it(self):
        script = self.succeed("completion", "bash")
        asked = script + (b"\nCOMP_WORDS=(xnvme rea); COMP_CWORD=1; _xnvme; echo ${COMPREPLY[@]}\n"
                          b"COMP_WORDS=(xnvme log he); COMP_CWORD=2; _xnvme; echo ${COMPREPLY[@]}\n"
                          b"COMP_WORDS=(xnvme scan --output j); COMP_CWORD=3; _xnvme;"
                          b"echo ${COMPREPLY[@]}\n"
                          b"COMP_WORDS=(xnvme perf x --dep); COMP_CWORD=3; _xnvme;"
                          b"echo ${COMPREPLY[@]}\n")
        done = subprocess.run(["bash"], input=asked, capture_output=True, check=True,
                              cwd=self.folder)
        self.assertEqual(done.stderr, b"")
        self.assertEqual(done.stdout.split(), [b"read", b"health", b"json", b"--depth"])

    def test_all_shells_know_all_commands(self):
        for shell in ("bash", "zsh", "fish"):
            script = self.text("completion", shell)
            for word in ("library-info", "write-zeroes", "health", "async"):
                self.assertIn(word, script, msg=shell)

    def test_values_are_asked_for_where_there_are_any(self):
        script = self.text("completion", "zsh")
        self.assertIn(":value:(text json)'", script)
        self.assertIn("[Bypass the system'\\''s page cache]'", script)

    def test_another_shell_is_refused(self):
        self.fail_with(2, "completion", "tcsh", says="tcsh")


if __name__ == "__main__":
    main()
