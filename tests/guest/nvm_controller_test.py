"""scan, enum and controller, on the controllers of the set `nvm`."""

from devices import device
from xnvme_command import CommandTest, main


class Look(CommandTest):
    def found(self, command, uri):
        rows = self.json(command)["devices"]
        return next(row for row in rows if row["uri"] == uri)

    def test_scan_says_what_a_controller_is(self):
        row = self.found("scan", device("nvme512").controller)
        self.assertEqual(row["class"], "nvme-controller")
        self.assertEqual(row["serial"], "conv")
        self.assertEqual(row["transport"], "pcie")
        self.assertEqual(row["driver"], "nvme")
        self.assertEqual(row["state"], "live")
        self.assertRegex(row["address"], r"^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$")
        self.assertTrue(row["subsystem"].startswith("nqn."))

    def test_scan_says_what_a_namespace_is(self):
        node = device("nvme4096")
        row = self.found("scan", node.generic)
        self.assertEqual(row["nsid"], 2)
        self.assertEqual(row["command_set"], "nvm")
        self.assertEqual(row["twin"], node.block)
        self.assertEqual(row["size_bytes"], 16 << 20)
        self.assertEqual(row["controllers"], [node.controller.removeprefix("/dev/")])
        text = self.text("scan")
        for title in ("CONTROLLER", "NAMESPACE", "SUBSYSTEM"):
            self.assertIn(title, text)

    def test_enum_shows_the_identity_of_every_device(self):
        for row in self.json("enum")["devices"]:
            if not row["class"].startswith("nvme"):
                continue
            self.assertTrue(row["opened"], msg=row)
            self.assertEqual(row["identity"]["model"], "QEMU NVMe Ctrl")
            self.assertEqual(row["identity"]["serial"], row["serial"])
            self.assertGreater(row["identity"]["nsid"], 0)
            self.assertEqual(row["identity"]["command_set"], "nvm")
            self.assertTrue(row["identity"]["ids"]["well_formed"])

    def test_enum_shows_what_a_namespace_is_called_everywhere(self):
        ids = self.found("enum", device("nvme512").generic)["identity"]["ids"]
        self.assertEqual(ids["uuid"], "5a1e0c3f-7d42-4b8e-9c61-0f2d3b4a5968")
        self.assertIn("uuid 5a1e0c3f-7d42-4b8e-9c61-0f2d3b4a5968", self.text("enum"))
        ids = self.found("enum", device("nvme4096").block)["identity"]["ids"]
        self.assertEqual(ids["eui64"], "5254000000000002")
        self.assertIn("eui64 5254000000000002", self.text("enum"))

    def test_explain_names_the_generic_device(self):
        node = device("nvme512")
        done = self.run_command("info", node.block, "--async", "io_uring_cmd")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(node.generic.encode(), done.stderr)
        candidates = self.json("info", node.generic, "--explain")["candidates"]
        chosen = {row["contract"]: row["interface"] for row in candidates if row["chosen"]}
        self.assertEqual(chosen["async"], "io_uring_cmd")
        self.assertEqual(chosen["sync"], "nvme")
        self.assertEqual(chosen["admin"], "nvme")


class Controller(CommandTest):
    def test_reset_and_rescan(self):
        for path in (device("nvme512").controller, device("nvme512").generic):
            self.assertEqual(self.json("controller", "reset", path)["done"], "reset")
            self.assertEqual(self.json("controller", "rescan", path)["done"], "rescan begun")

    def test_registers_field_by_field(self):
        registers = self.json("controller", "registers", device("cmb").controller)
        self.assertTrue(registers["cc"]["enabled"])
        self.assertTrue(registers["csts"]["ready"])
        self.assertTrue(registers["cap"]["memory_buffer"])
        self.assertEqual(registers["cc"]["submission_entry_bytes"], 64)

    def test_a_subsystem_reset_that_is_not_there_is_refused_by_name(self):
        done = self.run_command("controller", "subsystem-reset", device("nvme512").controller)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"CAP.NSSRS", done.stderr)

    def test_a_wrong_namespace_is_refused_with_those_there_are(self):
        done = self.run_command("info", device("nvme512").controller, "--nsid", "99")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"no namespace 99; the kernel shows 1, 2", done.stderr)

    def test_a_command_for_another_namespace_is_refused_with_both_numbers(self):
        command = bytearray(64)
        command[0] = 0x02
        command[4] = 99
        node = device("nvme512")
        self.fail_with(2, "io", node.generic, "--command",
                       self.file("command", content=bytes(command)), "--data-bytes", "512",
                       says=["names namespace 99", f"{node.generic} is namespace 1"])
        self.fail_with(1, "read", node.generic, "--nsid", "2",
                       says=f"{node.generic} is namespace 1, not 2")


if __name__ == "__main__":
    main()
