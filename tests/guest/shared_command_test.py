"""The command on a namespace that two controllers share, and on a controller with virtual
functions."""

from devices import device
from xnvme_command import CommandTest, main


class Shared(CommandTest):
    def test_scan_lists_the_namespace_once_with_both_controllers(self):
        node = device("shared")
        names = sorted(path.removeprefix("/dev/") for path in node.controllers)
        rows = [row for row in self.json("scan")["devices"]
                if row["class"] == "nvme-generic" and row["serial"] == "both"]
        self.assertEqual([row["uri"] for row in rows], [node.generic])
        self.assertEqual(rows[0]["controllers"], names)
        self.assertIn(" ".join(names), self.text("scan"))

    def test_a_reset_wants_one_controller_named(self):
        node = device("shared")
        self.fail_with(2, "controller", "reset", node.generic, says=node.controllers)
        self.assertEqual(self.json("controller", "reset", node.controllers[1])["done"], "reset")
        self.json("write", node.controllers[1], "--fill", "7")
        self.assertEqual(self.succeed("read", node.controllers[0], "--data", "-"), b"\x07" * 512)

    def test_a_primary_controller_lists_what_it_has_for_others(self):
        node = device("sriov").controller
        for command in ("idfy-primary", "idfy-secondary-list", "idfy-ctrlr-list"):
            self.assertNotIn("lines", self.json(command, node)["identify"], msg=command)


if __name__ == "__main__":
    main()
