"""dd: copies between files and devices, and what it refuses."""

import os
import signal
import subprocess
import unittest

from xnvme_command import BINARY, CommandTest, is_linux_root, main


class Copies(CommandTest):
    def test_files_of_odd_lengths_are_equal(self):
        for size in (0, 1, 511, 512, 4097, 300_001, 1 << 20):
            source = self.file("in", content=os.urandom(size))
            target = self.path(f"out-{size}")
            done = self.json("dd", "--in", source, "--out", target, "--size", "16KiB")
            self.assertEqual(done["copied_bytes"], size)
            self.assertEqual(self.bytes_of(target), self.bytes_of(source))

    def test_every_interface_of_a_file(self):
        source = self.file("in", content=os.urandom(700_001))
        info = self.json("library-info")["async"]
        names = [row["name"] for row in info
                 if row["built"] and row["available"] and "file" in row["classes"]
                 and row["name"] != "nil"]
        self.assertIn("thrpool", names)
        for name in names:
            target = self.path("out-" + name)
            self.json("dd", "--in", source, "--out", target, "--async", name, "--depth", "7")
            self.assertEqual(self.bytes_of(target), self.bytes_of(source), msg=name)

    def test_through_a_model_device_and_back(self):
        source = self.file("in", content=os.urandom(1_000_001))
        done = self.json("dd", "--in", source, "--via", "mem:2MiB", "--out", self.path("out"))
        self.assertEqual([leg["copied_bytes"] for leg in done["copies"]], [1_000_001] * 2)
        self.assertEqual(self.bytes_of(self.path("out")), self.bytes_of(source))

    def test_count_skip_and_seek(self):
        source = self.file("in", content=os.urandom(64 * 1024))
        target = self.file("out", content=b"\x55" * 64 * 1024)
        self.json("dd", "--in", source, "--out", target, "--size", "4KiB", "--count", "3",
                  "--skip", "2", "--seek", "8KiB")
        expected = bytearray(b"\x55" * 64 * 1024)
        expected[8192:8192 + 12288] = self.bytes_of(source)[8192:8192 + 12288]
        self.assertEqual(self.bytes_of(target), bytes(expected))

    def test_an_existing_file_keeps_its_end_unless_truncated(self):
        source = self.file("in", content=b"new")
        target = self.file("out", content=b"old contents")
        self.json("dd", "--in", source, "--out", target)
        self.assertEqual(self.bytes_of(target), b"new contents")
        self.json("dd", "--in", source, "--out", target, "--truncate")
        self.assertEqual(self.bytes_of(target), b"new")

    @unittest.skipUnless(is_linux_root(), "loop devices need root on Linux")
    def test_to_a_block_device_and_back(self):
        device = self.loop_device(1 << 20)
        source = self.file("in", content=os.urandom(100_000))
        self.json("dd", "--in", source, "--out", device)
        self.json("dd", "--in", device, "--out", self.path("back"), "--count", "100352B")
        back = self.bytes_of(self.path("back"))
        self.assertEqual(back[:100_000], self.bytes_of(source))
        self.assertEqual(back[100_000:], b"\0" * 352)

    @unittest.skipUnless(is_linux_root(), "loop devices need root on Linux")
    def test_direct_with_an_odd_length(self):
        device = self.loop_device(1 << 20)
        source = self.file("in", content=os.urandom(100_001))
        self.json("dd", "--in", source, "--out", device, "--out-direct")
        self.assertEqual(self.succeed("read", device, "--blocks", "100")[:51200],
                         self.bytes_of(source)[:51200])


class BadBlocks(CommandTest):
    FAULTY = "mem:256KiB?fault=read@lba:100..107,sct=2,sc=0x81"

    def test_an_error_ends_the_copy(self):
        done = self.run_command("dd", "--in", self.FAULTY, "--out", self.path("out"))
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"--continue-on-error", done.stderr)
        self.assertIn(b"Unrecovered Read Error", done.stderr)

    def test_going_on_lists_exactly_the_bad_blocks(self):
        done = self.run_command("dd", "--in", self.FAULTY, "--out", self.path("out"),
                                "--continue-on-error", "--size", "16KiB", "--output", "json")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"1 range could not be copied, 4096 bytes", done.stderr)
        import json
        bad = json.loads(done.stdout)["bad_ranges"]
        self.assertEqual([(r["offset"], r["bytes"], r["while"]) for r in bad],
                         [(51200, 4096, "reading")])
        self.assertEqual(len(self.bytes_of(self.path("out"))), 256 * 1024)

    def test_skip_leaves_and_zero_overwrites(self):
        for on_bad, left in (("skip", b"\x55"), ("zero", b"\0")):
            target = self.file("out", content=b"\x55" * 256 * 1024)
            self.run_command("dd", "--in", self.FAULTY, "--out", target, "--continue-on-error",
                             "--on-bad", on_bad)
            self.assertEqual(self.bytes_of(target)[51200:55296], left * 4096, msg=on_bad)
            self.assertEqual(self.bytes_of(target)[55296:], b"\0" * (256 * 1024 - 55296))


class Refusals(CommandTest):
    def test_too_small_a_target_names_both_sizes(self):
        source = self.file("in", 8192)
        target = self.file("out", content=b"x" * 1000)
        self.fail_with(2, "dd", "--in", source, "--out", target,
                       says=["1000 bytes", "8192 bytes", "--truncate"])
        self.assertEqual(self.bytes_of(target), b"x" * 1000)
        self.fail_with(2, "dd", "--in", source, "--out", "mem:4KiB", says="8192 bytes")
        self.fail_with(2, "dd", "--in", source, "--via", "mem:4KiB", "--out", self.path("new"),
                       says="8192 bytes")
        self.assertFalse(os.path.exists(self.path("new")))

    def test_the_same_file(self):
        source = self.file("in", 8192)
        self.fail_with(2, "dd", "--in", source, "--out", source, says="the same")
        os.symlink(source, self.path("link"))
        self.fail_with(2, "dd", "--in", source, "--out", self.path("link"), says="the same")

    def test_a_missing_input_creates_nothing(self):
        self.fail_with(1, "dd", "--in", self.path("no"), "--out", self.path("out"),
                       says=self.path("no"))
        self.assertFalse(os.path.exists(self.path("out")))

    def test_sizes_that_do_not_fit(self):
        source = self.file("in", 8192)
        out = self.path("out")
        self.fail_with(2, "dd", "--in", source, "--out", out, "--skip", "9KiB", says="--skip")
        self.fail_with(2, "dd", "--in", source, "--out", out, "--count", "9KiB", says="--count")
        self.fail_with(2, "dd", "--in", "mem:64KiB", "--out", out, "--size", "1000",
                       says=["1000", "512"])
        self.fail_with(2, "dd", "--in", source, "--out", out, "--size", "0", says="--size")
        self.assertFalse(os.path.exists(out))

    @unittest.skipUnless(is_linux_root(), "mounting needs root on Linux")
    def test_a_full_disk_is_noticed_before_anything_is_written(self):
        mount_point = self.path("small")
        os.mkdir(mount_point)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount_point], check=True)
        self.addCleanup(subprocess.run, ["umount", mount_point], check=True)
        target = os.path.join(mount_point, "out")
        self.fail_with(1, "dd", "--in", self.file("in", 2 << 20), "--out", target,
                       says=["2 MiB", "1 MiB", "Nothing was written"])
        self.assertEqual(os.listdir(mount_point), [])


class Interrupted(CommandTest):
    def test_ctrl_c_stops_and_says_how_far_it_came(self):
        # Each I/O takes 20 ms and there are 4096 of them, one at a time: it cannot be done first.
        command = subprocess.Popen(
            [BINARY, "dd", "--in", "mem:16MiB?latency=20ms", "--out", self.path("out"), "--size",
             "4KiB", "--depth", "1", "--progress"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first = command.stderr.readline()
        self.assertIn(b" of 16 MiB", first)
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=60)
        self.assertEqual(command.returncode, 1)
        self.assertIn(b"Interrupted: ", err)
        self.assertIn(b"copied_bytes: ", out)


if __name__ == "__main__":
    main()
