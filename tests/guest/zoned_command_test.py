"""The zoned family of the command on QEMU's zoned namespaces."""

from devices import device
from xnvme_command import CommandTest, main


class ZonedCommand(CommandTest):
    def setUp(self):
        super().setUp()
        for node in (device("zoned").generic, device("zoned512").block):
            self.succeed("zoned", "reset", node, "--all")

    def test_report_and_info_by_either_node(self):
        for node in (device("zoned").block, device("zoned").generic):
            self.assertEqual(len(self.json("zoned", "report", node)["zones"]), 16)
            info = self.json("zoned", "info", node)
            self.assertEqual((info["max_open_zones"], info["max_active_zones"]), (4, 6))
            self.assertEqual(info["states"]["empty"], 16)

    def test_append_then_read(self):
        for node in (device("zoned").block, device("zoned").generic):
            self.succeed("zoned", "reset", node, "--zone", "1")
            done = self.json("zoned", "append", node, "--zone", "1", "--fill", "0x5a", "--blocks",
                             "2", "--count", "10", "--depth", "4")
            where = sorted(append["lba"] for append in done["appends"])
            self.assertEqual(where, [512 + 2 * i for i in range(10)])
            read = self.succeed("read", node, "--slba", "530", "--blocks", "2", "--data", "-")
            self.assertEqual(read, b"\x5a" * 8192)
            zone = self.json("zoned", "report", node, "--slba", "512", "--max", "1")["zones"][0]
            self.assertEqual((zone["state"], zone["write_pointer"]), ("implicitly-open", 532))

    def test_zone_states(self):
        node = device("zoned512").block
        self.assertEqual(self.json("zoned", "open", node, "--zone", "2")["zone"]["state"],
                         "explicitly-open")
        self.assertEqual(self.json("zoned", "close", node, "--zone", "2")["zone"]["state"],
                         "closed")
        self.assertEqual(self.json("zoned", "finish", node, "--zone", "2")["zone"]["state"], "full")
        self.fail_with(1, "zoned", "append", node, "--zone", "2", "--fill", "1",
                       says="Zone Is Full")
        self.fail_with(2, "zoned", "append", node, "--slba", "1", "--fill", "1",
                       says="not the first of a zone")
        self.assertEqual(self.json("zoned", "report", node, "--state", "full", "--count")["zones"],
                         1)

    def test_perf_appends_and_verifies(self):
        node = device("zoned").generic
        # More than fits, so that each queue goes round its zones.
        zones = self.json("zoned", "report", node)["zones"]
        capacity = sum(zone["capacity_blocks"] for zone in zones) * 4096
        self.assertLess(capacity, 2000 * 16384)
        done = self.json("perf", node, "--pattern", "append", "--size", "16KiB", "--queues", "2",
                         "--count", "2k", "--compare", "io_uring_cmd,thrpool", "--verify",
                         "--force")
        self.assertEqual([row["async"] for row in done["results"]], ["io_uring_cmd", "thrpool"])
        for row in done["results"]:
            self.assertEqual((row["ios"], row["writes"]), (2000, 2000))
            self.assertGreater(row["zone_resets"], 0)
            # All zones are full but the two that were written last.
            self.assertGreater(row["verified_bytes"], capacity * 14 / 16)
        self.fail_with(2, "perf", node, "--pattern", "append", "--queues", "5", "--force",
                       says="4 zones")
        self.fail_with(2, "perf", node, "--pattern", "write", "--force", says="--pattern append")

    def test_random_write_area(self):
        node = device("zoned_zrwa").generic
        self.succeed("zoned", "reset", node, "--all")
        self.succeed("zoned", "open", node, "--zone", "0", "--zrwa")
        self.succeed("write", node, "--slba", "4", "--blocks", "4", "--fill", "1")
        self.succeed("write", node, "--slba", "0", "--blocks", "4", "--fill", "2")
        self.assertEqual(self.json("zoned", "flush", node, "--last", "7")["zone"]["write_pointer"],
                         8)


if __name__ == "__main__":
    main()
