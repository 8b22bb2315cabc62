"""The admin family of the command on conventional NVMe namespaces."""

from devices import device
from xnvme_command import CommandTest, main


class Look(CommandTest):
    def test_identify(self):
        node = device("nvme512")
        controller = self.json("idfy-ctrlr", node.controller)["identify"]
        self.assertEqual(controller["serial"], "conv")
        for command in ("idfy-ns", "idfy-ns-csi", "idfy-ns-ids", "idfy-ctrlr-csi", "idfy-cs",
                        "idfy-ns-list", "idfy-ns-list-all"):
            self.assertNotIn("lines", self.json(command, node.generic)["identify"], msg=command)
        listed = self.json("namespace", "list", device("many1").controller)
        self.assertEqual([space["nsid"] for space in listed["namespaces"]], [1, 2, 7])
        self.assertEqual([space["block_bytes"] for space in listed["namespaces"]],
                         [512, 4096, 512])

    def test_logs(self):
        for page in ("error", "health", "fw", "effects", "changed-ns"):
            log = self.json("log", page, device("nvme512").controller)["log"]
            self.assertNotIn("lines", log, msg=page)
        for page in ("telemetry", "persistent-events", "ana"):
            message = self.fail_with(1, "log", page, device("nvme512").controller)
            self.assertIn("sct", message)

    def test_features(self):
        shown = self.json("feature", "get", device("nvme512").controller)
        names = [feature["name"] for feature in shown["features"]]
        for name in ("arbitration", "temperature-threshold", "number-of-queues", "timestamp"):
            self.assertIn(name, names)
        self.assertTrue(all(one["status"] != "Unknown Status" for one in shown["refused"]))


class Change(CommandTest):
    def test_feature_by_field_and_back(self):
        node = device("nvme512").controller

        def threshold():
            return self.json("feature", "get", node, "--fid",
                             "temperature-threshold")["threshold_celsius"]
        before = threshold()
        self.json("feature", "set", node, "--fid", "temperature-threshold", "--field",
                  "threshold_celsius=91")
        self.assertEqual(threshold(), 91)
        self.json("feature", "set", node, "--fid", "temperature-threshold", "--field",
                  f"threshold_celsius={before}")
        self.assertEqual(threshold(), before)

    def test_format_and_back(self):
        node = device("many7").generic
        for block in (4096, 512):
            done = self.json("format", node, "--block", block)
            self.assertEqual(done["geometry"]["block_bytes"], block)
            shown = self.json("info", device("many7").block)
            self.assertIn(f'"block_bytes": {block}', self.text(
                "info", device("many7").block, "--output", "json"), msg=shown)

    def test_what_the_controller_does_not_have(self):
        node = device("nvme512").generic
        for words in (("sanitize", node), ("self-test", node), ("security", "receive", node),
                      ("namespace", "create", node, "--blocks", "8"),
                      ("firmware", "commit", node)):
            self.fail_with(1, *words, says="Invalid Command Opcode")


if __name__ == "__main__":
    main()
