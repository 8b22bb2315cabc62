"""The fdp, directive and namespace families of the command, on controllers that have them."""

from devices import device
from xnvme_command import CommandTest, main

UNIT_BLOCKS = (4 << 20) // 4096


class Fdp(CommandTest):
    def left(self, node, pid):
        handles = self.json("fdp", "status", node)["handles"]
        return next(row["available_blocks"] for row in handles
                    if row["placement_identifier"] == pid)

    def test_state_configurations_and_usage_by_either_node(self):
        for node in (device("fdp").generic, device("fdp").block, device("fdp").controller):
            state = self.json("fdp", "state", node)
            self.assertEqual((state["endurance_group"], state["enabled"]), (1, True))
            config = self.json("fdp", "configs", node)["configurations"][0]
            self.assertEqual(config["reclaim_unit_bytes"], 4 << 20)
            self.assertEqual(len(config["handles"]), 4)
            usage = self.json("fdp", "usage", node)["handles"]
            self.assertEqual([row["used_by"] for row in usage], ["host"] * 4)

    def test_a_write_takes_room_and_an_update_gives_an_empty_unit(self):
        node = device("fdp").generic
        self.json("fdp", "update", node, "--pid", "2")
        self.assertEqual(self.left(node, 2), UNIT_BLOCKS)
        before = int(self.json("fdp", "stats", node)["host_bytes_written"])
        done = self.json("fdp", "write", node, "--pid", "2", "--slba", "8", "--blocks", "5",
                         "--fill", "0xa5")
        self.assertEqual(done["handles"][0]["available_blocks"], UNIT_BLOCKS - 5)
        self.assertEqual(int(self.json("fdp", "stats", node)["host_bytes_written"]) - before,
                         5 * 4096)
        self.assertEqual(self.succeed("read", node, "--slba", "8", "--blocks", "5", "--data", "-"),
                         b"\xa5" * 5 * 4096)
        self.json("fdp", "update", node, "--pid", "2")
        self.assertEqual(self.left(node, 2), UNIT_BLOCKS)

    def test_a_placed_write_through_the_block_device(self):
        node = device("fdp")
        self.json("fdp", "update", node.generic, "--pid", "1")
        self.json("fdp", "write", node.block, "--sync", "nvme", "--direct", "--pid", "1",
                  "--blocks", "3", "--fill", "1")
        self.assertEqual(self.left(node.generic, 1), UNIT_BLOCKS - 3)

    def test_events_are_turned_on_and_logged(self):
        node = device("fdp").generic
        types = self.json("fdp", "event-types", node, "--handle", "3", "--enable",
                          "unit-not-full")["types"]
        self.assertEqual([row["name"] for row in types if row["enabled"]], ["unit-not-full"])
        self.json("fdp", "write", node, "--pid", "3", "--blocks", "2", "--fill", "1")
        before = self.json("fdp", "events", node)["events"]
        self.json("fdp", "update", node, "--pid", "3")
        events = self.json("fdp", "events", node)["events"]
        self.assertEqual(len(events), len(before) + 1)
        self.assertIn(("unit-not-full", 3),
                      [(row["name"], row["placement_identifier"]) for row in events])
        self.json("fdp", "event-types", node, "--handle", "3", "--disable", "unit-not-full")

    def test_what_the_controller_refuses_is_named(self):
        node = device("fdp").generic
        self.fail_with(1, "fdp", "update", node, "--pid", "77", says="Invalid Field")
        self.fail_with(2, "fdp", "write", node, "--pid", "77", "--fill", "1",
                       says="no placement identifier 77")
        self.fail_with(1, "fdp", "disable", node, says="only while endurance group 1 has no")
        self.fail_with(2, "fdp", "status", device("new512").generic,
                       says="no flexible data placement")


class Directive(CommandTest):
    def test_data_placement_is_on_and_streams_are_refused_by_name(self):
        rows = self.json("directive", "show", device("fdp").generic)["directives"]
        enabled = {row["name"]: row["enabled"] for row in rows}
        self.assertIs(enabled["data-placement"], True)
        self.fail_with(1, "directive", "streams", device("fdp").generic, says="(sct")


class Namespaces(CommandTest):
    def test_one_is_attached_listed_and_detached(self):
        node = device("detached").controller

        def attached():
            return {row["nsid"]: row["attached"]
                    for row in self.json("namespace", "list", node)["namespaces"]}
        self.assertEqual(attached(), {1: True, 2: False})
        self.json("namespace", "attach", node, "--id", "2")
        try:
            self.assertEqual(attached(), {1: True, 2: True})
            shown = self.json("info", node, "--nsid", "2")
            self.assertEqual(shown["geometry"]["size_bytes"], 16 << 20)
            self.fail_with(1, "namespace", "attach", node, "--id", "2",
                           says="Namespace Already Attached")
        finally:
            self.json("namespace", "detach", node, "--id", "2")
        self.assertEqual(attached(), {1: True, 2: False})
        self.fail_with(1, "namespace", "create", node, "--blocks", "8",
                       says="Invalid Command Opcode")

    def test_a_controller_without_a_namespace_has_no_blocks(self):
        node = device("attached").controller
        self.json("namespace", "detach", node, "--id", "1")
        try:
            shown = self.json("info", node)
            self.assertEqual((shown["nsid"], shown["serial"]), (0, "attach"))
            self.assertEqual(self.json("idfy-ctrlr", node)["identify"]["serial"], "attach")
            for words in (("read", node), ("write", node, "--fill", "1"), ("perf", node),
                          ("check", node), ("dd", "--in", node, "--out", self.path("out"))):
                self.fail_with(1, *words, says=["no namespace", "namespace list"])
            rows = {row["uri"]: row for row in self.json("enum")["devices"]}
            self.assertTrue(rows[node]["opened"])
            self.assertEqual(rows[node]["identity"]["serial"], "attach")
        finally:
            self.json("namespace", "attach", node, "--id", "1")
        self.json("read", node, "--nsid", "1")


if __name__ == "__main__":
    main()
