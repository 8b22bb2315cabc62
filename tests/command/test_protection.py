"""Protection information: --pi, --pract and their tags, on model devices of every layout."""

import itertools

from xnvme_command import CommandTest, main

LAYOUTS = [f"mem:8MiB?pi={pi}&guard={guard}&meta={meta}&extended={extended}&pi_first={first}"
           for pi, (guard, meta), extended, first in itertools.product(
               (1, 2, 3), ((16, 8), (16, 64), (32, 16), (64, 64)), (0, 1), (0, 1))]


class Generate(CommandTest):
    def test_what_is_generated_here_is_taken_by_the_device(self):
        for device in LAYOUTS:
            with self.subTest(device=device):
                wrote = self.json("write", device, "--slba", "9", "--blocks", "2", "--fill", "7",
                                  "--pi", "--app-tag", "0x1234")
                self.assertEqual(wrote["bytes"], 2 * 4096)
                first, second = wrote["protection"]
                self.assertEqual((first["block"], second["block"]), (9, 10))
                self.assertEqual(first["application_tag"], 0x1234)
                self.assertEqual(first["reference_tag"], 9)
                self.assertEqual(second["reference_tag"], 9 if "pi=3" in device else 10)
                self.assertFalse(first["escapes_checks"])

    def test_the_device_generates(self):
        for device in LAYOUTS:
            with self.subTest(device=device):
                wrote = self.json("write", device, "--fill", "7", "--pract")
                self.assertEqual(wrote["bytes"], 4096)
                self.json("write-zeroes", device, "--blocks", "2", "--pract", "--app-tag", "1")

    def test_the_guard_is_the_checksum_of_the_block(self):
        # The specification's example: 4 KiB of zeroes.
        for guard, crc in ((16, 0), (32, 0x98F94189), (64, 0x6482D367EB22B64E)):
            wrote = self.json("write", f"mem:8MiB?pi=1&guard={guard}", "--fill", "0", "--pi")
            self.assertEqual(wrote["protection"][0]["guard"], crc)


class Read(CommandTest):
    def test_blocks_that_were_never_written_escape_the_checks(self):
        for device in LAYOUTS:
            with self.subTest(device=device):
                read = self.json("read", device, "--blocks", "2", "--pi", "--app-tag", "5")
                self.assertEqual(read["hex"], "00" * 8192)
                self.assertTrue(all(block["escapes_checks"] for block in read["protection"]))
                self.json("verify", device, "--blocks", "2", "--pi", "--app-tag", "5")

    def test_files_have_data_and_metadata_apart(self):
        for extended, first in ((0, 0), (1, 0), (0, 1), (1, 1)):
            device = f"mem:8MiB?meta=64&pi=1&extended={extended}&pi_first={first}"
            self.text("read", device, "--blocks", "2", "--pi", "--data", self.path("data"),
                      "--metadata", self.path("metadata"))
            self.assertEqual(self.bytes_of(self.path("data")), bytes(8192))
            one = b"\xff" * 8 + bytes(56) if first else bytes(56) + b"\xff" * 8
            self.assertEqual(self.bytes_of(self.path("metadata")), 2 * one)
            self.text("write", device, "--data", self.path("data"), "--metadata",
                      self.file("in", 128), "--pi")

    def test_without_options_an_extended_block_is_what_the_device_takes(self):
        device = "mem:8MiB?meta=8&pi=1&extended=1"
        self.assertEqual(len(self.succeed("read", device)), 4104)
        self.assertEqual(self.json("write", device, "--fill", "1")["bytes"], 4104)


class Refuse(CommandTest):
    def test_a_wrong_tag_is_refused_by_name(self):
        metadata = self.file("metadata", content=b"\x01" * 8)
        self.fail_with(1, "write", "mem:8MiB?pi=1", "--fill", "1", "--metadata", metadata,
                       "--prchk", "guard", says="End-to-end Guard Check Error")
        self.fail_with(1, "verify", "mem:8MiB?pi=1", "--pi", "--ref-tag", "5",
                       says="Invalid Protection Information")

    def test_what_makes_no_sense_is_a_usage_error(self):
        self.fail_with(2, "read", "mem:8MiB", "--pi", says="no protection information")
        self.fail_with(2, "read", "mem:8MiB?meta=8", "--pi", says="though it has metadata")
        self.fail_with(2, "write", "mem:8MiB?pi=1", "--fill", "1", says=["--pi", "--metadata"])
        self.fail_with(2, "write", "mem:8MiB?pi=1", "--fill", "1", "--pi", "--pract",
                       says="exclude each other")
        self.fail_with(2, "read", "mem:8MiB?pi=1", "--pi", "--prchk", "guard,refs",
                       says="'refs' is no check")
        self.fail_with(2, "read", "mem:8MiB?pi=3", "--pi", "--prchk", "ref", says="type 3")
        self.fail_with(2, "read", "mem:8MiB?pi=1", "--pi", "--storage-tag", "1",
                       says="0 bits of it")
        self.fail_with(2, "read", "mem:8MiB?pi=2&storage_tag=8", "--pi", "--ref-tag", "0x1000000",
                       says="24 bits")
        self.fail_with(2, "read", "mem:8MiB", "--metadata", self.path("m"), says="no metadata")
        self.fail_with(2, "read", "mem:8MiB?pi=1", "--pract", "--metadata", self.path("m"),
                       says="No metadata")


class Copy(CommandTest):
    def test_the_descriptor_is_what_the_guard_needs(self):
        for guard, form in ((16, 0), (64, 1)):
            device = f"mem:8MiB?pi=1&guard={guard}"
            copied = self.json("copy", device, "--source", "0:2", "--source", "8:4", "--to", "64",
                               "--pract", "--app-tag", "7")
            self.assertEqual((copied["blocks"], copied["format"]), (6, form))
            self.fail_with(1, "copy", device, "--source", "0:2", "--to", "64", "--format",
                           str(1 - form), says="Invalid")

    def test_both_formats_copy_where_there_is_no_protection(self):
        for form in ("0", "1"):
            copied = self.json("copy", "mem:8MiB", "--source", "0:2", "--to", "64", "--format",
                               form)
            self.assertEqual(copied["format"], int(form))

    def test_what_is_written_is_checked_when_it_is_asked_for(self):
        self.text("copy", "mem:8MiB?pi=1", "--source", "0:2", "--to", "64", "--prchk-to", "guard")


if __name__ == "__main__":
    main()
