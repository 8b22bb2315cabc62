"""What scan and enum show, held against the devices of whichever set this is."""

import os

from devices import device
from xnvme_command import CommandTest, main

ROLES = [entry.split("=")[0] for entry in os.environ["XNVME_GUEST_DEVICES"].split(",")]


class Everything(CommandTest):
    def rows(self, command):
        return {row["uri"]: row for row in self.json(command)["devices"]}

    def test_scan_lists_every_node(self):
        rows = self.rows("scan")
        text = self.text("scan")
        for role in ROLES:
            with self.subTest(role=role):
                node = device(role)
                for path in node.controllers:
                    self.assertEqual(rows[path]["class"], "nvme-controller")
                    self.assertEqual((rows[path]["transport"], rows[path]["driver"],
                                      rows[path]["state"]), ("pcie", "nvme", "live"))
                    self.assertTrue(rows[path]["subsystem"].startswith("nqn."))
                    self.assertIn(path, text)
                if node.generic:
                    row = rows[node.generic]
                    self.assertEqual(row["class"], "nvme-generic")
                    self.assertEqual(row["twin"], node.block)
                    self.assertGreater(row["nsid"], 0)
                    self.assertIn(node.generic, text)

    def test_enum_shows_every_identity(self):
        rows = self.rows("enum")
        for role in ROLES:
            with self.subTest(role=role):
                node = device(role)
                for path in node.controllers:
                    identity = rows[path]["identity"]
                    self.assertEqual(identity["model"], "QEMU NVMe Ctrl")
                    self.assertTrue(identity["serial"])
                    self.assertTrue(identity["firmware"])
                if not node.generic:
                    continue
                row = rows[node.generic]
                self.assertTrue(row["opened"], msg=row)
                self.assertEqual(row["identity"]["serial"], rows[node.controller]["serial"])
                self.assertEqual(row["identity"]["nsid"], row["nsid"])
                self.assertEqual(row["identity"]["command_set"],
                                 "zoned" if role.startswith("zoned") else "nvm")
                self.assertGreater(row["identity"]["size_bytes"], 0)
                self.assertTrue(row["identity"]["ids"]["well_formed"])


if __name__ == "__main__":
    main()
