"""fdp and directive: where writes go."""

from xnvme_command import CommandTest, main

DEVICE = "mem:1MiB?fdp=1&ruh=4&ru=64KiB"


class Fdp(CommandTest):
    def test_state_and_configurations(self):
        state = self.json("fdp", "state", DEVICE)
        self.assertEqual((state["endurance_group"], state["enabled"]), (1, True))
        configs = self.json("fdp", "configs", DEVICE)["configurations"]
        self.assertEqual(len(configs), 1)
        self.assertEqual(configs[0]["reclaim_unit_bytes"], 65536)
        self.assertEqual(configs[0]["handles"], ["persistently isolated"] * 4)

    def test_status_usage_statistics_and_events(self):
        handles = self.json("fdp", "status", DEVICE)["handles"]
        self.assertEqual([row["placement_identifier"] for row in handles], [0, 1, 2, 3])
        self.assertEqual({row["available_blocks"] for row in handles}, {128})
        usage = self.json("fdp", "usage", DEVICE)["handles"]
        self.assertEqual([row["used_by"] for row in usage], ["host"] * 4)
        self.assertEqual(self.json("fdp", "stats", DEVICE)["host_bytes_written"], "0")
        self.assertEqual(self.json("fdp", "events", DEVICE)["events"], [])
        self.assertEqual(self.json("fdp", "events", DEVICE, "--controller")["events"], [])

    def test_write_takes_room_from_the_unit_it_names(self):
        done = self.json("fdp", "write", DEVICE, "--pid", "2", "--slba", "8", "--blocks", "5",
                         "--fill", "0xa5")
        self.assertEqual((done["slba"], done["blocks"], done["bytes"]), (8, 5, 2560))
        self.assertEqual([(row["ruhid"], row["available_blocks"]) for row in done["handles"]],
                         [(2, 123)])
        done = self.json("fdp", "write", DEVICE, "--pid", "1", "--data",
                         self.file("blocks", 3 * 512))
        self.assertEqual(done["handles"][0]["available_blocks"], 125)
        self.fail_with(2, "fdp", "write", DEVICE, "--pid", "1", "--data", self.file("odd", 700),
                       says="no multiple")
        self.fail_with(2, "fdp", "write", DEVICE, "--pid", "1", "--slba", "2048", "--fill", "1",
                       says="past the end")
        self.fail_with(2, "fdp", "write", DEVICE, "--pid", "4", "--fill", "1",
                       says=["no placement identifier 4", "fdp status"])

    def test_update(self):
        done = self.json("fdp", "update", DEVICE, "--pid", "0", "--pid", "3")
        self.assertEqual([row["placement_identifier"] for row in done["handles"]], [0, 3])
        self.fail_with(1, "fdp", "update", DEVICE, "--pid", "4", says="Invalid Field")
        self.fail_with(2, "fdp", "update", DEVICE, "--pid", "65536", says="65535")

    def test_event_types(self):
        types = self.json("fdp", "event-types", DEVICE, "--handle", "2", "--enable",
                          "unit-not-full", "media-reallocated")["types"]
        self.assertEqual([row["name"] for row in types if row["enabled"]],
                         ["unit-not-full", "media-reallocated"])
        self.fail_with(2, "fdp", "event-types", DEVICE, "--enable", "unit-not-ful",
                       says="did you mean 'unit-not-full'")

    def test_enable_and_disable(self):
        self.assertIs(self.json("fdp", "disable", DEVICE)["enabled"], False)
        self.assertIs(self.json("fdp", "enable", DEVICE)["enabled"], True)
        self.fail_with(1, "fdp", "enable", DEVICE, "--config", "1", says="Invalid Field")

    def test_without_it_a_sentence_says_so(self):
        self.fail_with(2, "fdp", "status", "mem:1MiB", says=["no flexible data placement",
                                                            "fdp=1"])

    def test_logs_and_features_know_it(self):
        log = self.json("log", "raw", DEVICE, "--lid", "0x22", "--lsi", "1")["log"]
        self.assertEqual(log["media_bytes_written"], "0")
        feature = self.json("feature", "get", DEVICE, "--fid", "fdp", "--cdw11", "1")
        self.assertIs(feature["enabled"], True)


class Directive(CommandTest):
    def test_show(self):
        rows = self.json("directive", "show", DEVICE)["directives"]
        self.assertEqual([(row["name"], row["enabled"]) for row in rows],
                         [("identify", True), ("data-placement", True)])
        rows = self.json("directive", "show", "mem:1MiB?streams=4")["directives"]
        self.assertEqual([(row["name"], row["enabled"]) for row in rows],
                         [("identify", True), ("streams", False)])

    def test_enable_and_refusals(self):
        done = self.json("directive", "enable", "mem:1MiB?streams=4", "--type", "streams")
        self.assertIs(done["enabled"], True)
        self.fail_with(1, "directive", "enable", "mem:1MiB", says="Invalid Field")
        self.fail_with(1, "directive", "streams", "mem:1MiB?streams=4", says="Invalid Field")
        self.fail_with(1, "directive", "allocate", "mem:1MiB", "--count", "2",
                       says="Invalid Field")
        self.fail_with(2, "directive", "release", "mem:1MiB", says="--all")

    def test_any_directive(self):
        done = self.json("directive", "receive", DEVICE, "--type", "identify", "--operation", "1",
                         "--bytes", "64")
        self.assertEqual(done["data"]["bytes"], 64)
        self.assertTrue(done["data"]["lines"][0].startswith("0000: 05"))
        done = self.json("directive", "send", "mem:1MiB?streams=4", "--type", "identify",
                         "--operation", "1", "--cdw12", "0x101")
        self.assertEqual(done["result"], 0)
        self.fail_with(2, "directive", "receive", DEVICE, "--operation", "1", "--bytes", "6",
                       says="multiple of 4")


if __name__ == "__main__":
    main()
