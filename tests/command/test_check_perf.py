"""check and perf."""

import os

from xnvme_command import CommandTest, main


class Check(CommandTest):
    def test_a_new_file_a_model_and_then_only_verifying(self):
        disk = self.path("disk.img")
        done = self.json("check", disk, "--create", "300KiB", "--seed", "7")
        self.assertEqual(done["result"], "every block is right")
        self.assertEqual(done["verified"]["bytes"], 300 * 1024)
        self.assertEqual(os.path.getsize(disk), 300 * 1024)
        self.text("check", disk, "--verify-only", "--seed", "7", "--depth", "3")
        self.text("check", "mem:1MiB", "--async", "thrpool")

    def test_the_first_mismatch_is_named_exactly(self):
        disk = self.path("disk.img")
        self.json("check", disk, "--create", "256KiB")
        content = bytearray(self.bytes_of(disk))
        content[77 * 512 + 99] ^= 0xFF
        content[300 * 512] ^= 0xFF
        self.file("disk.img", content=bytes(content))
        self.fail_with(1, "check", disk, "--verify-only",
                       says=["Block 77 ", "from byte 99 on", f"{content[77 * 512 + 99]:#04x}"])

    def test_stale_and_misplaced_blocks_are_told_apart(self):
        disk = self.path("disk.img")
        self.json("check", disk, "--create", "64KiB")
        self.fail_with(1, "check", disk, "--verify-only", "--generation", "2",
                       says=["Block 0 ", "its data of generation 1"])
        content = bytearray(self.bytes_of(disk))
        content[9 * 512:10 * 512] = content[5 * 512:6 * 512]
        content[20 * 512:21 * 512] = b"\0" * 512
        self.file("disk.img", content=bytes(content))
        self.fail_with(1, "check", disk, "--verify-only",
                       says=["Block 9 ", "what belongs into block 5"])
        self.fail_with(1, "check", disk, "--verify-only", "--slba", "20", says="nothing but zeroes")

    def test_a_range_leaves_the_rest(self):
        disk = self.file("disk.img", 64 * 512)
        before = self.bytes_of(disk)
        self.text("check", disk, "--slba", "8", "--blocks", "8")
        self.assertEqual(self.bytes_of(disk)[:4096], before[:4096])
        self.assertEqual(self.bytes_of(disk)[8192:], before[8192:])

    def test_a_device_that_fails_says_where(self):
        self.fail_with(1, "check", "mem:256KiB?fault=write@lba:100..100,sct=2,sc=0x80",
                       "--size", "512", says="block 100")

    def test_metadata_beside_the_blocks_is_refused(self):
        for command in (("check",), ("perf", "--count", "1")):
            self.fail_with(2, *command, "mem:1MiB?meta=8",
                           says="8 bytes of metadata beside each block")
        self.json("check", "mem:1MiB?meta=8&extended=1")

    def test_nil_is_refused(self):
        self.fail_with(2, "check", "mem:1MiB", "--async", "nil", says="moves no data")


class Perf(CommandTest):
    def test_one_table_over_several_interfaces(self):
        text = self.text("perf", "mem:64MiB", "--async", "nil,emu,thrpool", "--time", "100ms")
        for word in ("IOPS", "P99.9", "nil *", "emu", "thrpool", "moves no data"):
            self.assertIn(word, text)

    def test_json(self):
        done = self.json("perf", "mem:8MiB", "--async", "nil,emu", "--time", "100ms", "--queues",
                         "2", "--depth", "4", "--pattern", "mixed", "--read-percent", "50")
        nil, emu = done["results"]
        self.assertEqual((nil["async"], emu["async"]), ("nil", "emu"))
        self.assertIs(nil["moves_data"], False)
        self.assertIs(emu["moves_data"], True)
        for row in done["results"]:
            self.assertGreater(row["iops"], 0)
            self.assertGreater(row["reads"], 0)
            self.assertGreater(row["writes"], 0)
            latency = row["latency_ns"]
            order = [latency[name] for name in ("p50", "p90", "p99", "p99.9", "p99.99", "p99.999")
                     if name in latency] + [latency["max"]]
            self.assertEqual(order, sorted(order))

    def test_percentiles_that_too_few_ios_tell_of_are_left_out(self):
        row = self.json("perf", "mem:8MiB", "--count", "500")["results"][0]
        self.assertIn("p99", row["latency_ns"])
        self.assertNotIn("p99.9", row["latency_ns"])
        self.assertIn(" - ", self.text("perf", "mem:8MiB", "--count", "500"))
        row = self.json("perf", "mem:8MiB", "--count", "1000")["results"][0]
        self.assertIn("p99.9", row["latency_ns"])

    def test_compare_takes_rounds_and_adds_them_up(self):
        done = self.json("perf", "mem:8MiB", "--compare", "nil,emu", "--count", "100", "--rounds",
                         "3")
        self.assertEqual([(row["async"], row["ios"]) for row in done["results"]],
                         [("nil", 300), ("emu", 300)])
        text = self.text("perf", "mem:8MiB", "--compare", "nil,emu", "--count", "100", "--rounds",
                         "3")
        self.assertIn("3 rounds", text)
        self.assertIn("TO FIRST", text)

    def test_with_a_rate_latency_counts_from_when_an_io_was_due(self):
        row = self.json("perf", "mem:8MiB", "--rate", "20000", "--count", "1000", "--queues",
                        "2")["results"][0]
        self.assertEqual(row["ios"], 1000)
        self.assertGreaterEqual(row["latency_ns"]["mean"], row["service_ns"]["mean"])
        # The last one is due after 999 steps of a fiftieth of a millisecond.
        self.assertGreaterEqual(row["time_ns"], 999 * 50_000)
        self.assertEqual(row["unsent"], 0)
        # Most of it is this program's own waiting.
        self.assertNotIn("cpu_ns_per_io", row)

    def test_a_device_that_does_not_keep_up_with_the_rate(self):
        # One at a time, a millisecond each, and ten are due in one.
        slow = "mem:8MiB?latency=1ms"
        row = self.json("perf", slow, "--rate", "10000", "--time", "100ms", "--depth",
                        "1")["results"][0]
        self.assertGreater(row["unsent"], 0)
        self.assertGreater(row["latency_ns"]["p50"], 2 * row["service_ns"]["p50"])
        # Never more than were asked for, and told also where nothing completed in time.
        row = self.json("perf", slow, "--rate", "10000", "--time", "100ms", "--depth", "1",
                        "--count", "110")["results"][0]
        self.assertLessEqual(row["ios"] + row["unsent"], 110)
        row = self.json("perf", "mem:8MiB?latency=130ms", "--rate", "20", "--time", "120ms", "--ramp",
                        "1ms", "--depth", "1")["results"][0]
        self.assertGreater(row["unsent"], 0)
        self.assertIn("did not keep up", self.text("perf", slow, "--rate", "10000", "--time",
                                                   "100ms", "--depth", "1"))

    def test_compare_and_async_are_one_too_many(self):
        self.fail_with(2, "perf", "mem:8MiB", "--compare", "nil", "--async", "emu",
                       says=["--compare", "--async"])

    def test_a_mix_of_sizes(self):
        done = self.json("perf", "mem:8MiB", "--size", "4KiB:50,64KiB:50", "--count", "1000")
        self.assertEqual(done["sizes"], [{"bytes": 4096, "percent": 50},
                                         {"bytes": 65536, "percent": 50}])
        row = done["results"][0]
        each = row["bytes_per_second"] / row["iops"]
        self.assertGreater(each, 8192)
        self.assertLess(each, 61440)
        self.assertIn("4 KiB (50%), 64 KiB (50%)",
                      self.text("perf", "mem:8MiB", "--size", "4KiB:50,64KiB:50", "--count", "9"))
        for wrong, why in (("4KiB:50", "add up to 50"), ("4KiB,8KiB", "has no share"),
                           ("0:100", "too small"), ("4KiB:101", "101")):
            self.fail_with(2, "perf", "mem:8MiB", "--size", wrong, says=["--size", why])
        self.fail_with(2, "perf", "mem:8MiB", "--size", "4KiB:50,100:50", says="no multiple")

    def test_threads_are_bound_to_processors(self):
        allowed = sorted(os.sched_getaffinity(0))
        row = self.json("perf", "mem:8MiB", "--queues", "3", "--cpus", str(allowed[0]), "--count",
                        "99")["results"][0]
        self.assertEqual(row["ios"], 99)
        self.fail_with(2, "perf", "mem:8MiB", "--cpus", "60000", says=["--cpus", "60000"])
        self.fail_with(2, "perf", "mem:8MiB", "--cpus", "3-1", says="--cpus")

    def test_a_ramp_is_not_counted(self):
        row = self.json("perf", "mem:8MiB", "--ramp", "50ms", "--count", "99")["results"][0]
        self.assertEqual(row["ios"], 99)
        row = self.json("perf", "mem:8MiB", "--ramp", "50ms", "--time", "100ms")["results"][0]
        self.assertGreater(row["ios"], 0)

    def test_count_ends_it(self):
        disk = self.file("disk.img", 1 << 20)
        for pattern in ("randread", "read"):
            row = self.json("perf", disk, "--count", "777", "--queues", "2", "--pattern",
                            pattern)["results"][0]
            self.assertEqual(row["ios"], 777)
            self.assertEqual(row["writes"], 0)

    def test_every_interface_that_serves_a_file(self):
        disk = self.file("disk.img", 1 << 20)
        done = self.json("perf", disk, "--async", "all", "--count", "64")
        names = [row["async"] for row in done["results"]]
        for name in ("emu", "nil", "thrpool"):
            self.assertIn(name, names)
        for row in done["results"]:
            self.assertEqual(row["ios"], 64, msg=row)

    def test_writes_need_force_on_what_exists(self):
        disk = self.file("disk.img", 1 << 20)
        before = self.bytes_of(disk)
        self.fail_with(2, "perf", disk, "--pattern", "randwrite", says=["--force", disk])
        self.fail_with(2, "perf", disk, "--create", "1MiB", says=["--force", disk])
        self.assertEqual(self.bytes_of(disk), before)
        self.json("perf", disk, "--pattern", "write", "--count", "16", "--force")
        self.assertNotEqual(self.bytes_of(disk), before)

    def test_create(self):
        disk = self.path("new.img")
        self.json("perf", disk, "--create", "256KiB", "--pattern", "randwrite", "--count", "16")
        self.assertEqual(os.path.getsize(disk), 256 * 1024)

    def test_an_interface_that_does_not_serve_is_an_error_with_the_others_measured(self):
        done = self.run_command("perf", "mem:1MiB", "--async", "emu,nonesuch", "--count", "8")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"nonesuch did not run", done.stdout)
        self.assertIn(b"1 of 2 interfaces", done.stderr)

    def test_a_failed_io_ends_it(self):
        self.fail_with(1, "perf", "mem:64KiB?fault=read@lba:0..127,sct=2,sc=0x81", "--time", "10s",
                       says="Unrecovered Read Error")


if __name__ == "__main__":
    main()
