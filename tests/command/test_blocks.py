"""read, write, compare, verify, write-zeroes, write-uncor, flush, dsm, copy."""

import os
import subprocess
import unittest

from xnvme_command import CommandTest, is_linux_root, main


class ReadAndWrite(CommandTest):
    def test_what_was_written_is_in_the_file_and_is_read(self):
        disk = self.file("disk.img", 64 * 512)
        before = self.bytes_of(disk)
        data = os.urandom(2 * 512)
        wrote = self.json("write", disk, "--slba", "8", "--data", self.file("in", content=data))
        self.assertEqual((wrote["slba"], wrote["blocks"], wrote["bytes"]), (8, 2, 1024))
        self.assertEqual(self.bytes_of(disk), before[:4096] + data + before[5120:])
        self.assertEqual(self.succeed("read", disk, "--slba", "8", "--blocks", "2"), data)
        self.text("read", disk, "--slba", "0x8", "--nlb", "1", "--data", self.path("out"))
        self.assertEqual(self.bytes_of(self.path("out")), data)

    def test_standard_input_and_output(self):
        disk = self.file("disk.img", 16 * 512)
        data = os.urandom(512)
        self.text("write", disk, "--slba", "3", "--data", "-", stdin=data)
        self.assertEqual(self.succeed("read", disk, "--slba", "3", "--data", "-"), data)

    def test_hex_dump(self):
        disk = self.file("disk.img", content=b"hello".ljust(1024, b"\0"))
        dump = self.text("read", disk, "--blocks", "2", "--hex").splitlines()
        self.assertTrue(dump[0].startswith("00000000  68 65 6c 6c 6f 00"), msg=dump[0])
        self.assertTrue(dump[0].endswith("|hello...........|"), msg=dump[0])
        self.assertIn("*", dump)
        self.assertTrue(dump[-1].startswith("000003f0"))

    def test_json_has_the_data(self):
        disk = self.file("disk.img", content=b"\x12\xab" * 256)
        self.assertEqual(self.json("read", disk)["hex"], "12ab" * 256)

    def test_fill(self):
        disk = self.file("disk.img", 8 * 512)
        self.text("write", disk, "--slba", "1", "--blocks", "2", "--fill", "0xa5")
        self.assertEqual(self.bytes_of(disk)[512:1536], b"\xa5" * 1024)

    def test_every_sync_interface_of_a_file(self):
        disk = self.file("disk.img", 8 * 512)
        self.assertEqual(len(self.succeed("read", disk, "--sync", "psync")), 512)

    def test_both_counts_at_once_are_refused(self):
        self.fail_with(2, "read", self.file("d", 4096), "--blocks", "1", "--nlb", "0",
                       says="--nlb")


class Refusals(CommandTest):
    def test_past_the_end_nothing_is_written(self):
        disk = self.file("disk.img", 8 * 512)
        before = self.bytes_of(disk)
        self.fail_with(2, "write", disk, "--slba", "7", "--blocks", "2", "--fill", "1",
                       says=["blocks 7 to 8", "8 blocks of 512 bytes", "its last block is 7"])
        self.assertEqual(self.bytes_of(disk), before)
        self.fail_with(2, "read", disk, "--slba", "8", says="past the end")
        self.fail_with(2, "write-zeroes", disk, "--slba", "0xffffffffffffffff", "--blocks", "2",
                       says="past the end")

    def test_no_multiple_of_the_block(self):
        disk = self.file("disk.img", 8 * 512)
        before = self.bytes_of(disk)
        self.fail_with(2, "write", disk, "--data", self.file("in", 700),
                       says=["700 bytes", "no multiple of the 512 bytes"])
        self.assertEqual(self.bytes_of(disk), before)

    def test_count_and_data_that_disagree(self):
        disk = self.file("disk.img", 8 * 512)
        self.fail_with(2, "write", disk, "--blocks", "3", "--data", self.file("in", 1024),
                       says="holds 2 blocks")

    def test_a_missing_path(self):
        self.fail_with(1, "read", self.path("nothing"), says=self.path("nothing"))

    def test_a_directory(self):
        self.fail_with(2, "info", self.folder, says=["is a directory", "Name a file"])

    def test_an_interface_that_does_not_exist(self):
        message = self.fail_with(2, "read", self.file("d", 512), "--sync", "psink", says="psync")
        self.assertIn("psink", message)

    def test_an_interface_that_does_not_serve_the_device(self):
        self.fail_with(2, "read", "mem:1MiB", "--sync", "psync", says="psync")

    def test_sizes_and_numbers(self):
        disk = self.file("disk.img", 512)
        self.fail_with(2, "read", "mem:1GBB", says="1GBB")
        self.fail_with(2, "perf", disk, "--size", "4KBB", says="4KBB")
        self.fail_with(2, "read", disk, "--slba", "twelve", says="'twelve' is not a whole number")
        self.fail_with(2, "read", disk, "--blocks", "0", says="the least is 1")
        self.fail_with(2, "read", disk, "--blocks", "65537", says="the most is 65536")
        self.fail_with(2, "perf", disk, "--depth", "0", says="the least is 1")
        self.fail_with(2, "perf", disk, "--depth", "40000", says="the most is 32768")

    @unittest.skipUnless(is_linux_root(), "loop devices need root on Linux")
    def test_a_read_only_device(self):
        device = self.loop_device(1 << 20, "--read-only")
        before = self.succeed("read", device, "--blocks", "8")
        self.fail_with(1, "write", device, "--fill", "1", says=[device, "read-only"])
        self.assertEqual(self.succeed("read", device, "--blocks", "8"), before)

    @unittest.skipUnless(is_linux_root(), "mounting needs root on Linux")
    def test_a_mounted_device_needs_force(self):
        device = self.loop_device(8 << 20)
        subprocess.run(["mkfs.ext4", "-q", device], check=True)
        mount_point = self.path("mounted")
        os.mkdir(mount_point)
        subprocess.run(["mount", "-o", "ro", device, mount_point], check=True)
        self.addCleanup(subprocess.run, ["umount", mount_point], check=True)
        before = self.succeed("read", device, "--blocks", "8")
        for command in (["write", device, "--fill", "0"],
                        ["write-zeroes", device, "--blocks", "8"],
                        ["dsm", device, "--deallocate", "--blocks", "8"],
                        ["check", device], ["perf", device, "--pattern", "randwrite"],
                        ["format", device],
                        ["dd", "--in", self.file("in", 512), "--out", device]):
            self.fail_with(2, *command, says=["in use", mount_point, "--force"])
        self.assertEqual(self.succeed("read", device, "--blocks", "8"), before)


class Compare(CommandTest):
    def test_equal(self):
        disk = self.file("disk.img", 8 * 512)
        data = self.file("in", content=self.bytes_of(disk)[512:1536])
        self.assertIs(self.json("compare", disk, "--slba", "1", "--data", data)["equal"], True)

    def test_the_first_difference_is_named(self):
        disk = self.file("disk.img", content=b"\0" * 4096)
        data = self.file("in", content=b"\0" * 600 + b"\x07" + b"\0" * 423)
        for device in (disk, "mem:1MiB"):
            self.fail_with(1, "compare", device, "--slba", "2", "--data", data,
                           says=["differs", "byte 88 of block 3", "0x00", "0x07"])


class WithoutData(CommandTest):
    def test_write_zeroes(self):
        disk = self.file("disk.img", 16 * 512)
        before = self.bytes_of(disk)
        self.text("write-zeroes", disk, "--slba", "2", "--blocks", "3")
        self.assertEqual(self.bytes_of(disk), before[:1024] + b"\0" * 1536 + before[2560:])

    def test_flush_and_verify(self):
        disk = self.file("disk.img", 16 * 512)
        self.assertEqual(self.json("flush", disk)["command"], "flush")
        self.assertEqual(self.json("verify", "mem:1MiB", "--blocks", "8")["blocks"], 8)

    def test_write_uncorrectable_is_refused_by_a_file(self):
        self.fail_with(1, "write-uncor", self.file("disk.img", 4096))

    def test_dsm(self):
        disk = self.file("disk.img", 64 * 512)
        before = self.bytes_of(disk)
        done = self.json("dsm", disk, "--deallocate", "--range", "0:8", "--range", "16:8")
        self.assertEqual(len(done["ranges"]), 2)
        self.assertEqual(self.bytes_of(disk)[4096:8192], before[4096:8192])
        self.assertEqual(self.bytes_of(disk)[:4096], b"\0" * 4096)
        self.fail_with(2, "dsm", disk, "--slba", "0", "--blocks", "1", says="--deallocate")
        self.fail_with(2, "dsm", disk, "--deallocate", "--range", "8", says="128:8")

    def test_copy(self):
        done = self.json("copy", "mem:1MiB", "--source", "0:8", "--source", "64:8", "--to", "1024")
        self.assertEqual(done["blocks"], 16)
        self.fail_with(2, "copy", "mem:1MiB", "--source", "0:8", "--to", "2047",
                       says="past the end")


if __name__ == "__main__":
    main()
