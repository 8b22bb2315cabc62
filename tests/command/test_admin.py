"""idfy, log, feature, format, sanitize, and raw commands."""

import os
import struct

from xnvme_command import CommandTest, main


class Identify(CommandTest):
    def test_controller_and_namespace(self):
        for device in ("mem:64MiB", self.file("disk.img", 1 << 20)):
            controller = self.json("idfy-ctrlr", device)
            self.assertEqual((controller["cns"], controller["name"]), (1, "controller"))
            self.assertTrue(controller["identify"]["model"])
            namespace = self.json("idfy-ns", device)
            self.assertEqual(namespace["cns"], 0)
            self.assertGreater(namespace["identify"]["nsze_blocks"], 0)

    def test_text_names_the_fields(self):
        text = self.text("idfy-ns", "mem:64MiB")
        self.assertIn("nsze_blocks: 131072", text)

    def test_lists(self):
        self.assertEqual(self.json("idfy-ns-list", "mem:64MiB")["identify"]["nsids"], [1])

    def test_raw_bytes_to_a_file(self):
        self.succeed("idfy", "mem:64MiB", "--cns", "0x00", "--data", self.path("id"))
        content = self.bytes_of(self.path("id"))
        self.assertEqual(len(content), 4096)
        self.assertEqual(struct.unpack_from("<Q", content)[0], 131072)
        self.assertEqual(self.succeed("idfy", "mem:64MiB", "--cns", "0", "--data", "-"), content)

    def test_what_the_device_does_not_know(self):
        message = self.fail_with(1, "idfy", "mem:64MiB", "--cns", "0xee")
        self.assertIn("identify with CNS 0xee", message)


class Log(CommandTest):
    def test_every_page(self):
        for page in ("error", "health", "fw", "effects", "supported"):
            self.assertIn("log", self.json("log", page, "mem:64MiB"))
        self.assertIn("temperature", self.text("log", "health", "mem:64MiB"))

    def test_of_a_file(self):
        self.assertIn("log", self.json("log", "health", self.file("disk.img", 1 << 20)))

    def test_raw(self):
        self.succeed("log", "raw", "mem:64MiB", "--lid", "2", "--data", self.path("log"))
        self.assertEqual(len(self.bytes_of(self.path("log"))), 512)
        self.fail_with(2, "log", "raw", "mem:64MiB", "--lid", "0xca", says="--bytes")
        self.fail_with(2, "log", "raw", "mem:64MiB", "--lid", "2", "--bytes", "6",
                       says="multiple of 4")
        self.fail_with(2, "log", says="missing")


class Feature(CommandTest):
    def test_get_by_name_and_number(self):
        by_name = self.json("feature", "get", "mem:64MiB", "--fid", "volatile-write-cache")
        by_number = self.json("feature", "get", "mem:64MiB", "--fid", "0x06")
        self.assertEqual(by_name, by_number)
        self.assertEqual(by_name["name"], "volatile-write-cache")

    def test_set(self):
        done = self.json("feature", "set", "mem:64MiB", "--fid", "temperature-threshold",
                         "--value", "0x150")
        self.assertEqual(done["value"], 0x150)

    def test_names(self):
        self.fail_with(2, "feature", "get", "mem:64MiB", "--fid", "volatile-write-cash",
                       says="--fid: 'volatile-write-cash' is not a feature; did you mean "
                            "'volatile-write-cache'?")
        self.fail_with(2, "feature", "set", "mem:64MiB", "--fid", "timestamp", says="--data")


class Format(CommandTest):
    def test_changes_the_geometry(self):
        done = self.json("format", "mem:64MiB", "--lbaf", "1")
        self.assertEqual(done["geometry"]["block_bytes"], 4096)

    def test_a_format_that_is_not_there(self):
        self.fail_with(2, "format", "mem:64MiB", "--lbaf", "60", says=["60", "idfy-ns"])


class Raw(CommandTest):
    def test_admin_from_fields_and_from_a_file(self):
        fields = self.path("fields")
        self.succeed("admin", "mem:64MiB", "--opcode", "0x06", "--cdw10", "1", "--data-bytes",
                     "4KiB", "--data-out", fields)
        command = bytearray(64)
        command[0] = 0x06
        struct.pack_into("<I", command, 40, 1)
        stored = self.file("command.bin", content=bytes(command))
        self.assertEqual(self.succeed("admin", "mem:64MiB", "--command", stored, "--data-bytes",
                                      "4096", "--data-out", "-"), self.bytes_of(fields))

    def test_io_writes_and_reads(self):
        disk = self.file("disk.img", 8 * 512)
        data = os.urandom(1024)
        self.json("io", disk, "--opcode", "1", "--cdw10", "2", "--cdw12", "1", "--data-in",
                  self.file("in", content=data))
        self.assertEqual(self.bytes_of(disk)[1024:2048], data)
        done = self.json("io", disk, "--opcode", "2", "--cdw10", "2", "--cdw12", "1",
                         "--data-bytes", "1024")
        self.assertEqual(bytes.fromhex(done["hex"]), data)

    def test_dry_run_sends_nothing(self):
        disk = self.file("disk.img", 8 * 512)
        before = self.bytes_of(disk)
        shown = self.text("io", disk, "--opcode", "8", "--cdw12", "7", "--dry-run")
        self.assertIn("write-zeroes", shown)
        self.assertEqual(self.bytes_of(disk), before)

    def test_bad_commands(self):
        self.fail_with(2, "admin", "mem:1MiB", says="--opcode")
        self.fail_with(2, "admin", "mem:1MiB", "--command", self.file("c", 63),
                       says=["63 bytes", "64"])
        self.fail_with(2, "admin", "mem:1MiB", "--opcode", "256", says="the most is 255")


if __name__ == "__main__":
    main()
