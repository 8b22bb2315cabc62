"""zoned: report, info, open, close, finish, reset, offline, append, flush, changed."""

import os

from xnvme_command import CommandTest, main

ZONED = "mem:16MiB?zoned=1&zone=1MiB&zone_capacity=768KiB"


class Report(CommandTest):
    def test_a_line_for_each_zone(self):
        lines = self.text("zoned", "report", ZONED).splitlines()
        self.assertEqual(len(lines), 17)
        self.assertRegex(lines[0], r"^first block +state +write pointer +capacity")
        self.assertEqual(lines[3].split()[:4], ["4096", "empty", "4096", "1536"])

    def test_json(self):
        report = self.json("zoned", "report", ZONED, "--slba", "4097", "--max", "3")
        self.assertEqual([zone["zslba"] for zone in report["zones"]], [4096, 6144, 8192])
        zone = report["zones"][0]
        self.assertEqual((zone["state"], zone["type"]), ("empty", "sequential"))
        self.assertEqual((zone["write_pointer"], zone["room_blocks"]), (4096, 1536))

    def test_by_state(self):
        self.assertEqual(self.json("zoned", "report", ZONED, "--state", "full")["zones"], [])
        self.assertEqual(self.text("zoned", "report", ZONED, "--state", "full"), "no such zones\n")
        self.assertEqual(self.json("zoned", "report", ZONED, "--count", "--state", "empty")["zones"],
                         16)
        self.fail_with(2, "zoned", "report", ZONED, "--state", "half", says="--state")

    def test_extensions(self):
        report = self.json("zoned", "report", ZONED + "&extension=64", "--extensions", "--max", "1")
        self.assertEqual(report["zones"][0]["extension"], "00" * 64)
        self.fail_with(2, "zoned", "report", ZONED, "--extensions", says="no zone descriptor")

    def test_past_the_end(self):
        self.fail_with(2, "zoned", "report", ZONED, "--slba", "32768", says="the last is 32767")


class Info(CommandTest):
    def test_limits_and_states(self):
        info = self.json("zoned", "info", ZONED + "&max_open=3&max_active=5&append=64KiB&zrwa=8KiB")
        self.assertEqual((info["zones"], info["zone_blocks"]), (16, 2048))
        self.assertEqual((info["max_open_zones"], info["max_active_zones"]), (3, 5))
        self.assertEqual(info["max_append_bytes"], 65536)
        self.assertEqual(info["random_write_area_blocks"], 16)
        self.assertEqual(info["states"]["empty"], 16)
        self.assertIsNone(self.json("zoned", "info", ZONED)["max_open_zones"])


class Manage(CommandTest):
    def test_one_zone(self):
        for name, state in (("open", "explicitly-open"), ("finish", "full"), ("reset", "empty")):
            done = self.json("zoned", name, ZONED, "--zone", "3")
            self.assertEqual((done["command"], done["zslba"]), (name, 6144))
            self.assertEqual(done["zone"]["state"], state)
        by_block = self.json("zoned", "open", ZONED, "--slba", "0x1800")
        self.assertEqual(by_block["zone"]["zslba"], 6144)

    def test_several_and_all(self):
        self.assertEqual(self.json("zoned", "finish", ZONED, "--zone", "0", "--count", "4")["zones"],
                         4)
        self.assertTrue(self.json("zoned", "reset", ZONED, "--all")["all"])

    def test_zrwa(self):
        done = self.json("zoned", "open", ZONED + "&zrwa=8KiB", "--zone", "0", "--zrwa")
        self.assertTrue(done["zone"]["random_write_area"])
        self.fail_with(2, "zoned", "open", ZONED, "--zone", "0", "--zrwa",
                       says="no zone random write areas")

    def test_mistakes(self):
        self.fail_with(2, "zoned", "reset", ZONED, says="Say which zone")
        self.fail_with(2, "zoned", "reset", ZONED, "--zone", "16", says="0 to 15")
        self.fail_with(2, "zoned", "reset", ZONED, "--slba", "5",
                       says="block 5 is not the first of a zone; the zone that has it starts at "
                            "block 0")
        self.fail_with(2, "zoned", "reset", ZONED, "--zone", "1", "--all", says="--")
        self.fail_with(2, "zoned", "reset", says="DEVICE")
        self.fail_with(2, "zoned", "rest", ZONED, says="did you mean 'reset'?")

    def test_what_the_device_refuses(self):
        self.fail_with(1, "zoned", "close", ZONED, "--zone", "0",
                       says=["close of the zone at block 0", "Invalid Zone State Transition"])
        self.fail_with(1, "zoned", "offline", ZONED, "--zone", "0",
                       says="Invalid Zone State Transition")

    def test_a_file_has_no_zones(self):
        disk = self.file("disk.img", 1 << 20)
        for words in (("report",), ("info",), ("reset", "--all"), ("changed",),
                      ("append", "--zone", "0", "--fill", "1")):
            self.fail_with(2, "zoned", words[0], disk, *words[1:],
                           says=["regular file", "zoned block device", "mem:1GiB?zoned=1"])
        self.fail_with(2, "zoned", "report", "mem:1MiB", says="add zoned=1")


class Append(CommandTest):
    def test_where_it_went(self):
        done = self.json("zoned", "append", ZONED, "--zone", "2", "--fill", "0x5a", "--blocks", "8",
                         "--count", "20", "--depth", "4")
        where = sorted(append["lba"] for append in done["appends"])
        self.assertEqual(where, [4096 + 8 * i for i in range(20)])
        self.assertEqual((done["blocks"], done["bytes"], done["depth"]), (160, 81920, 4))

    def test_a_file_is_cut_into_what_the_device_takes(self):
        data = self.file("data", content=os.urandom(40 * 512))
        done = self.json("zoned", "append", ZONED + "&append=8KiB", "--zone", "0", "--data", data)
        self.assertEqual([append["blocks"] for append in done["appends"]], [16, 16, 8])
        self.assertEqual(self.json("zoned", "append", ZONED, "--zone", "0", "--data", "-",
                                   stdin=bytes(512))["blocks"], 1)

    def test_an_unaligned_append(self):
        self.fail_with(2, "zoned", "append", ZONED, "--slba", "7", "--fill", "1",
                       says=["append of 1 block", "block 7 is not the first of a zone"])

    def test_a_zone_that_fills_up(self):
        self.fail_with(1, "zoned", "append", ZONED, "--zone", "0", "--fill", "1", "--blocks", "512",
                       "--count", "4", "--depth", "1", says=["after 3 of 4 appends", "Zone Is Full"])

    def test_more_than_one_append_takes(self):
        self.fail_with(2, "zoned", "append", ZONED + "&append=8KiB", "--zone", "0", "--fill", "1",
                       "--blocks", "17", says="one append, which is 8 KiB")

    def test_mistakes(self):
        self.fail_with(2, "zoned", "append", ZONED, "--fill", "1", says="Say which zone")
        self.fail_with(2, "zoned", "append", ZONED, "--zone", "0", says="")
        self.fail_with(2, "zoned", "append", ZONED, "--zone", "0", "--data",
                       self.file("odd", content=b"x" * 100), says="no multiple")
        self.fail_with(2, "zoned", "append", ZONED, "--zone", "0", "--data",
                       self.file("empty"), says="is empty")


class AreasAndChanges(CommandTest):
    def test_flush(self):
        self.fail_with(2, "zoned", "flush", ZONED, "--last", "7", says="nothing to commit")
        self.fail_with(1, "zoned", "flush", ZONED + "&zrwa=8KiB", "--last", "7",
                       says="flush of the random write area up to block 7")

    def test_changed(self):
        self.assertEqual(self.json("zoned", "changed", ZONED, "--keep"),
                         {"device": ZONED, "too_many_to_list": False, "zslbas": []})

    def test_set_extension(self):
        extension = self.file("extension", content=bytes(64))
        done = self.json("zoned", "set-extension", ZONED + "&extension=64", "--zone", "1", "--data",
                         extension)
        self.assertEqual((done["zslba"], done["bytes"]), (2048, 64))
        self.fail_with(2, "zoned", "set-extension", ZONED + "&extension=128", "--zone", "1",
                       "--data", extension, says=["128 bytes", "64 were given"])


class Surroundings(CommandTest):
    def test_identify_and_logs_of_a_zoned_namespace(self):
        ns = self.json("idfy", ZONED, "--cns", "5", "--csi", "2")["identify"]
        self.assertEqual(ns["formats"][0]["zone_blocks"], 2048)
        self.assertIn("max_append_bytes", self.json("idfy", ZONED, "--cns", "6", "--csi", "2")
                      ["identify"])
        # The command set is the namespace's unless another is named.
        self.assertEqual(self.json("idfy-ns-csi", ZONED)["identify"], ns)
        self.assertIn("max_append_bytes", self.json("idfy-ctrlr-csi", ZONED)["identify"])
        self.assertNotIn("formats", self.json("idfy", ZONED, "--cns", "5", "--csi", "0")
                         ["identify"])
        names = [row["name"] for row in self.json("log", "effects", ZONED)["log"]["io"]]
        self.assertIn("zone-append", names)
        self.assertEqual(self.json("info", ZONED)["geometry"]["zones"], 16)

    def test_every_command_has_examples(self):
        for name in ("report", "info", "open", "close", "finish", "reset", "offline", "append",
                     "set-extension", "flush", "changed"):
            self.assertIn(f"xnvme zoned {name}", self.text("zoned", name, "--help"))

    def test_shells_complete_them(self):
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("set-extension", self.text("completion", shell))


if __name__ == "__main__":
    main()
