"""xnvme read, write, compare, verify and copy with protection information, on a controller that
checks it by itself."""

import os

import devices
from xnvme_command import CommandTest, main

ROLES = ["pi1", "pi2", "pi3", "pi1_ext", "pi1_first", "pi1_64", "pi2_64", "pi3_64"]


class Protection(CommandTest):
    def block_bytes(self, path):
        return self.json("info", path)["geometry"]["block_bytes"]

    def test_what_was_written_is_read_and_holds(self):
        for role in ROLES:
            with self.subTest(role=role):
                path = devices.device(role).generic
                data = os.urandom(4 * self.block_bytes(path))
                wrote = self.json("write", path, "--slba", "100", "--data",
                                  self.file("in", content=data), "--pi", "--app-tag", "0x1234")
                self.assertEqual(wrote["protection"][3]["reference_tag"],
                                 100 if role.startswith("pi3") else 103)
                read = self.json("read", path, "--slba", "100", "--blocks", "4", "--pi",
                                 "--app-tag", "0x1234")
                self.assertEqual(read["hex"], data.hex())
                self.assertEqual(read["protection"], wrote["protection"])
                self.json("verify", path, "--slba", "100", "--blocks", "4", "--pi")
                self.json("compare", path, "--slba", "100", "--data", self.path("in"), "--pi",
                          "--app-tag", "0x1234")

    def test_what_is_wrong_is_named_with_its_block(self):
        for role in ROLES:
            with self.subTest(role=role):
                path = devices.device(role).generic
                size = self.block_bytes(path)
                self.json("write", path, "--slba", "200", "--blocks", "4", "--fill", "3", "--pi",
                          "--app-tag", "7")
                self.fail_with(1, "verify", path, "--slba", "200", "--blocks", "4", "--pi",
                               "--app-tag", "8",
                               says=["Application Tag Check Error",
                                     "the application tag of block 200 is 0x7, and should be 0x8"])
                # Block 202 is written again with the protection information of what it was.
                self.text("read", path, "--slba", "202", "--prchk", "none", "--pi", "--data",
                          self.path("data"), "--metadata", self.path("metadata"))
                self.text("write", path, "--slba", "202", "--data",
                          self.file("data", content=bytes([9] * size)), "--metadata",
                          self.path("metadata"))
                for command in ("read", "verify"):
                    self.fail_with(1, command, path, "--slba", "200", "--blocks", "4", "--pi",
                                   says=["Guard Check Error", "the guard of block 202 is"])

    def test_a_misplaced_block_is_named(self):
        for role in ROLES:
            with self.subTest(role=role):
                path = devices.device(role).generic
                self.json("write", path, "--slba", "300", "--fill", "3", "--pi")
                self.text("read", path, "--slba", "300", "--pi", "--data", self.path("data"),
                          "--metadata", self.path("metadata"))
                self.text("write", path, "--slba", "301", "--data", self.path("data"), "--metadata",
                          self.path("metadata"))
                if role.startswith("pi3"):
                    self.json("verify", path, "--slba", "301", "--pi")
                    continue
                self.fail_with(1, "verify", path, "--slba", "301", "--pi",
                               says="the reference tag of block 301 is 0x12c, and should be 0x12d")

    def test_the_device_generates_and_copies_anew(self):
        for role in ROLES:
            with self.subTest(role=role):
                path = devices.device(role).generic
                self.json("write", path, "--slba", "400", "--blocks", "4", "--fill", "5", "--pract",
                          "--app-tag", "6")
                self.json("read", path, "--slba", "400", "--blocks", "4", "--pi", "--app-tag", "6")
                self.json("read", path, "--slba", "400", "--blocks", "4", "--pract",
                          "--app-tag", "6")
                self.json("copy", path, "--source", "400:1", "--source", "401:3", "--to", "500",
                          "--pract", "--app-tag", "6")
                self.json("read", path, "--slba", "500", "--blocks", "4", "--pi", "--app-tag", "6")
                self.json("write-zeroes", path, "--slba", "600", "--blocks", "2", "--pract",
                          "--app-tag", "9")
                self.json("verify", path, "--slba", "600", "--blocks", "2", "--pi",
                          "--app-tag", "9")

    def test_what_the_controller_lacks_is_said_by_name(self):
        for role in ROLES:
            with self.subTest(role=role):
                path = devices.device(role).generic
                self.fail_with(1, "write-uncor", path, "--slba", "1", says="Invalid Command Opcode")

    def test_the_block_device_says_where_protection_information_goes(self):
        node = devices.device("pi1")
        self.fail_with(1, "read", node.block, "--pi", says=["does not carry", node.generic])

    def test_commands_over_a_whole_device_move_no_metadata_and_say_so(self):
        for role in ("meta_sep", "pi1"):
            node = devices.device(role)
            for words in (("check", node.generic), ("perf", node.generic, "--count", "1"),
                          ("dd", "--in", node.generic, "--out", self.path("out"))):
                self.fail_with(2, *words, says=["8 bytes of metadata beside each block",
                                                "block device"])
            self.json("check", node.block, "--blocks", "64", "--direct")


if __name__ == "__main__":
    main()
