"""check and perf."""

import collections
import html.parser
import json
import os
import subprocess

from xnvme_command import BINARY, CommandTest, main


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

    def test_create_comes_before_all_interfaces_are_tried(self):
        done = self.json("perf", self.path("new.img"), "--create", "256KiB", "--compare", "all",
                         "--count", "16")
        self.assertGreater(len(done["results"]), 2)
        # A mistake is noticed before a file is made.
        self.fail_with(2, "perf", self.path("other.img"), "--create", "256KiB", "--compare", "emo",
                       says="did you mean 'emu'")
        self.assertEqual(os.listdir(self.folder), ["new.img"])

    def test_create(self):
        disk = self.path("new.img")
        self.json("perf", disk, "--create", "256KiB", "--pattern", "randwrite", "--count", "16")
        self.assertEqual(os.path.getsize(disk), 256 * 1024)

    def test_an_interface_that_does_not_serve_is_an_error_with_the_others_measured(self):
        # It serves NVMe devices alone, or is left out of this build.
        done = self.run_command("perf", "mem:1MiB", "--async", "emu,io_uring_cmd", "--count", "8")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"io_uring_cmd did not run", done.stdout)
        self.assertIn(b"1 of 2 interfaces", done.stderr)

    def test_a_name_that_no_interface_has_is_refused_before_anything_runs(self):
        self.fail_with(2, "perf", "mem:1MiB", "--compare", "emu,io_urign", says=["io_urign",
                                                                              "library-info"])

    def test_a_failed_io_ends_it(self):
        self.fail_with(1, "perf", "mem:64KiB?fault=read@lba:0..127,sct=2,sc=0x81", "--time", "10s",
                       says=["read of blocks ", "Unrecovered Read Error"])

    def test_what_rounds_found_before_one_failed_is_kept(self):
        # The device is opened anew in each round, and is gone before the third.
        disk = self.file("disk.img", 1 << 20)
        arguments = ["perf", disk, "--compare", "emu,nil", "--time", "200ms", "--rounds", "1000"]
        process, shown, output = self.on_a_terminal(
            *arguments, "--output", "json", when="emu 2/1000", then=lambda: os.remove(disk))
        self.assertEqual(process.returncode, 1, msg=shown)
        for row in json.loads(output)["results"]:
            self.assertIs(row["ok"], False)
            self.assertIn(disk, row["reason"])
            self.assertGreaterEqual(row["rounds"], 1)
            self.assertLess(row["rounds"], 4)
            self.assertGreater(row["ios"], 0)

    def test_numbers_of_ios_in_thousands(self):
        row = self.json("perf", "mem:8MiB", "--count", "2k", "--rate", "1M")["results"][0]
        self.assertEqual(row["ios"], 2000)
        for wrong in ("k", "2x", "0", "-1", "20000M"):
            self.fail_with(2, "perf", "mem:8MiB", "--rate", wrong, says="--rate")

    def test_json_says_what_was_asked_for_and_all_that_was_found(self):
        done = self.json("perf", "mem:8MiB", "--count", "5000", "--seed", "9", "--depth", "4",
                         "--rate", "100k", "--ramp", "20ms")
        self.assertEqual((done["seed"], done["depth"], done["rate"], done["ramp_ns"]),
                         (9, 4, 100_000, 20_000_000))
        self.assertIsNone(done["time_ns"])
        row = done["results"][0]
        for name in ("latency_buckets", "service_buckets"):
            self.assertEqual(sum(count for _, count in row[name]), 5000)
            ends = [end for end, _ in row[name]]
            self.assertEqual(ends, sorted(set(ends)))
        # A percentile is the end of a bucket, but never more than the longest.
        half = row["latency_ns"]["p50"]
        self.assertTrue(any(end == half for end, _ in row["latency_buckets"])
                        or half == row["latency_ns"]["max"])
        self.assertGreater(len(row["timeline"]["ios"]), 10)
        self.assertLessEqual(sum(row["timeline"]["ios"]), 5000)

    def test_several_devices_at_the_same_time(self):
        names = ["mem:8MiB", "mem:4MiB?block=4096", self.file("disk.img", 1 << 20)]
        done = self.json("perf", *names, "--queues", "2", "--count", "601", "--async", "thrpool")
        self.assertEqual(done["devices"], names)
        row = done["results"][0]
        self.assertEqual(row["ios"], 601)
        self.assertEqual([device["device"] for device in row["devices"]], names)
        # Six queues share them, the first one more.
        self.assertEqual([device["ios"] for device in row["devices"]], [201, 200, 200])
        iops = sum(device["iops"] for device in row["devices"])
        self.assertAlmostEqual(iops / row["iops"], 1)
        text = self.text("perf", *names, "--count", "99", "--async", "emu")
        for word in ["DEVICE", "all", *names]:
            self.assertIn(word, text)
        self.fail_with(2, "perf", "mem:8MiB", "mem:4MiB?block=4096", "--size", "512",
                       says=["block", "4096"])
        self.fail_with(1, "perf", "mem:8MiB", self.path("none.img"), says="none.img")

    def test_progress(self):
        done = self.run_command("perf", "mem:8MiB", "--time", "2200ms", "--ramp", "0s",
                                "--progress")
        self.assertEqual(done.returncode, 0)
        lines = done.stderr.decode().splitlines()
        self.assertGreaterEqual(len(lines), 1)
        for line in lines:
            self.assertRegex(line, r"^emu: +[0-9]+%  [0-9 ]+ IOPS  [0-9.]+ [KMGT]?i?B/s$")
        # On a terminal it is one line, which is gone in the end.
        process, shown, output = self.on_a_terminal("perf", "mem:8MiB", "--time", "500ms",
                                                    "--compare", "emu,nil")
        self.assertEqual(process.returncode, 0)
        self.assertIn("TO FIRST", output)
        self.assertIn("IOPS", shown)
        self.assertRegex(shown, r"\remu \[[#.]+\] ")

    def on_a_terminal(self, *arguments, when=None, then=None):
        """Runs the command with standard error on a terminal: what has become of it, what it wrote
        there, and its output. Once it has written `when` there, `then` is called."""
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        with subprocess.Popen([BINARY, *arguments], stderr=theirs, stdout=subprocess.PIPE,
                              text=True) as process:
            os.close(theirs)
            shown = ""
            while True:
                try:
                    part = os.read(ours, 4096)
                except OSError:  # Linux says so when the other end is closed.
                    break
                if not part:
                    break
                shown += part.decode()
                if when is not None and when in shown:
                    when = None
                    then()
            output = process.stdout.read()
            process.wait()
        return process, shown, output


class PerfVerify(CommandTest):
    def test_what_was_written_is_read_back(self):
        disk = self.path("disk.img")
        done = self.json("perf", disk, "--create", "2MiB", "--pattern", "write", "--count", "1000",
                         "--compare", "emu,thrpool", "--verify")
        for row in done["results"]:
            # 1,000 writes of 4 KiB go over all of 2 MiB, and once more.
            self.assertEqual(row["verified_bytes"], 2 << 20)
        for pattern in ("randwrite", "mixed"):
            row = self.json("perf", "mem:8MiB", "mem:4MiB", "--pattern", pattern, "--count", "3k",
                            "--size", "4KiB:60,16KiB:40", "--queues", "2", "--verify")["results"][0]
            self.assertGreater(row["verified_bytes"], 1 << 20)
            self.assertEqual(sum(device["verified_bytes"] for device in row["devices"]),
                             row["verified_bytes"])
        self.assertIn("every block right",
                      self.text("perf", "mem:8MiB", "--pattern", "write", "--count", "9",
                                "--verify"))

    def test_a_write_that_was_lost_is_found(self):
        self.fail_with(1, "perf", "mem:8MiB?fault=write@nth:77,lost", "--pattern", "write",
                       "--count", "100", "--depth", "1", "--verify",
                       says=["Block 608 ", "nothing but zeroes"])
        # Also the second write of a place, with what the first left still there.
        for depth, interface in (("1", "emu"), ("4", "emu"), ("9", "thrpool")):
            self.fail_with(1, "perf", "mem:64KiB?fault=write@nth:20,lost", "--pattern", "write",
                           "--count", "32", "--depth", depth, "--async", interface, "--verify",
                           says=["is wrong", "what an earlier write of this run left there"])
        # Also when a read comes upon it while the run goes on.
        self.fail_with(1, "perf", "mem:64KiB?fault=write@lba:8,lost", "--pattern", "mixed",
                       "--time", "10s", "--verify", says=["Block 8 ", "is wrong"])

    def test_writes_and_reads_of_a_place_at_the_same_time(self):
        # Sixteen places, written and read by more than there are of them.
        for disk, names in ((self.file("disk.img", 1 << 16),
                             "io_uring,libaio,emu,thrpool,posix_aio"), ("mem:64KiB", "emu,thrpool")):
            rows = self.json("perf", disk, "--pattern", "mixed", "--read-percent", "40", "--size",
                             "4KiB:60,8KiB:40", "--queues", "2", "--depth", "24", "--count", "20k",
                             "--ramp", "0s", "--compare", names, "--verify", "--force")["results"]
            self.assertEqual([row["verified_bytes"] for row in rows],
                             [1 << 16] * len(names.split(",")))

    def test_more_at_a_time_than_is_kept_count_of(self):
        self.fail_with(2, "perf", "mem:8MiB", "--pattern", "write", "--verify", "--depth", "1024",
                       "--queues", "16", says=["16383", "--depth"])

    def test_no_two_runs_write_the_same(self):
        disk = self.file("disk.img", 1 << 16)
        held = set()
        for _ in range(2):
            self.json("perf", disk, "--pattern", "write", "--count", "16", "--verify", "--force")
            held.add(self.bytes_of(disk)[:64])
        # What one left is so never taken for what the next has written.
        self.assertEqual(len(held), 2)

    def test_a_flush_that_fails_is_a_run_that_failed(self):
        done = self.run_command("perf", "mem:1MiB?fault=flush", "--pattern", "write", "--count", "9",
                                "--verify", "--compare", "emu,thrpool")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"emu failed: flush of mem:1MiB", done.stdout)

    def test_patterns_that_write_nothing(self):
        self.fail_with(2, "perf", "mem:8MiB", "--verify", says=["--verify", "randread"])

    def test_an_interface_that_moves_no_data(self):
        self.fail_with(2, "perf", "mem:8MiB", "--pattern", "write", "--verify", "--async", "nil",
                       says="moves no data")


class PerfAppend(CommandTest):
    ZONED = "mem:16MiB?zoned=1&zone=1MiB&zone_capacity=768KiB"

    def test_appends_go_round_the_zones(self):
        # A queue's eight zones take 12 appends of 64 KiB each, and 60 more go round again.
        row = self.json("perf", self.ZONED, "--pattern", "append", "--size", "64KiB", "--queues",
                        "2", "--count", str(2 * (96 + 60)), "--verify")["results"][0]
        self.assertEqual(row["ios"], 312)
        self.assertEqual(row["writes"], 312)
        self.assertEqual(row["zone_resets"], 10)
        self.assertEqual(row["verified_bytes"], 16 * 768 * 1024)

    def test_sizes_that_do_not_fill_a_zone(self):
        row = self.json("perf", self.ZONED + "&max_open=1&max_active=1", "--pattern", "append",
                        "--size", "20KiB:50,64KiB:50", "--count", "2k", "--verify", "--rate",
                        "50k")["results"][0]
        self.assertEqual(row["ios"], 2000)
        self.assertGreater(row["zone_resets"], 0)

    def test_one_zone_is_enough(self):
        row = self.json("perf", "mem:1MiB?zoned=1&zone=1MiB", "--pattern", "append", "--count",
                        "1000", "--depth", "7")["results"][0]
        self.assertEqual(row["ios"], 1000)
        self.assertEqual(row["zone_resets"], 3)

    def test_an_append_that_was_lost_is_found(self):
        self.fail_with(1, "perf", self.ZONED + "&fault=zone-append@nth:5,lost", "--pattern",
                       "append", "--count", "20", "--depth", "1", "--verify",
                       says=["Block 32 ", "nothing but zeroes"])

    def test_what_makes_no_sense(self):
        self.fail_with(2, "perf", "mem:8MiB", "--pattern", "append", says="zoned=1")
        self.fail_with(2, "perf", self.ZONED, "--pattern", "randwrite",
                       says=["is zoned", "--pattern append"])
        self.fail_with(2, "perf", self.ZONED + "&max_open=2", "--pattern", "append", "--queues",
                       "3", says="2 zones")
        self.fail_with(2, "perf", self.ZONED, "--pattern", "append", "--queues", "17",
                       says="16 zones")
        self.fail_with(2, "perf", self.ZONED + "&append=16KiB", "--pattern", "append", "--size",
                       "32KiB", says=["32 KiB", "16 KiB"])


class PerfReport(CommandTest):
    def page(self, *arguments):
        path = self.path("out.html")
        self.text("perf", *arguments, "--report", path)
        self.assertEqual(sorted(os.listdir(self.folder)), ["out.html"])
        with open(path, encoding="utf-8") as page:
            return page.read()

    def test_the_page_is_whole_and_needs_nothing_else(self):
        page = self.page("mem:8MiB", "mem:4MiB?block=4096", "--compare", "emu,thrpool,nil",
                         "--count", "2k", "--rounds", "2")
        reader = Tags()
        reader.feed(page)
        reader.close()
        self.assertEqual(reader.open, [])
        self.assertEqual(reader.counts["svg"], 4)
        for word in ("src=", "href=", "http:", "https:", "@import"):
            self.assertNotIn(word, page)
        for word in ("Latency by percentile", "over time", "thrpool", "TO FIRST", "mem:4MiB"):
            self.assertIn(word, page)
        # Each interface has a line in each of three drawings and a bar in one.
        self.assertEqual(reader.counts["polyline"], 9)
        self.assertEqual(reader.counts["rect"], 3)
        self.assertNotRegex(page, "nan|inf[^o]")
        data = json.loads(reader.results)
        self.assertEqual([row["ios"] for row in data["results"]], [4000] * 3)

    def test_names_cannot_break_it(self):
        disk = self.file("<b>&.img", 1 << 16)
        path = self.path("out.html")
        self.text("perf", disk, "--count", "10", "--report", path)
        with open(path, encoding="utf-8") as page:
            text = page.read()
        self.assertNotIn("<b>", text)
        self.assertIn("&lt;b&gt;&amp;", text)

    def test_one_that_cannot_be_written_is_known_before_anything_runs(self):
        self.fail_with(1, "perf", "mem:8MiB", "--time", "100s", "--report",
                       self.path("none/out.html"), says="could not be created")

    def test_a_run_that_fails_leaves_the_old_one(self):
        path = self.file("out.html", content=b"old")
        self.fail_with(1, "perf", "mem:64KiB?fault=read", "--report", path, says="failed")
        self.assertEqual(self.bytes_of(path), b"old")
        self.assertEqual(os.listdir(self.folder), ["out.html"])


class Tags(html.parser.HTMLParser):
    """Which elements a page has, whether all are closed, and the text of its `results`."""

    EMPTY = ("meta", "br")

    def __init__(self):
        super().__init__()
        self.open = []
        self.counts = collections.Counter()
        self.results = ""

    def handle_starttag(self, tag, attrs):
        self.counts[tag] += 1
        if tag not in self.EMPTY:
            self.open.append((tag, dict(attrs).get("id")))

    def handle_startendtag(self, tag, attrs):
        self.counts[tag] += 1

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] == ("script", "results"):
            self.results += data


if __name__ == "__main__":
    main()
