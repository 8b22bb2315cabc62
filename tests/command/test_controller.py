"""controller: what is done to a controller as a whole, on the model device."""

from xnvme_command import CommandTest, main


class Controller(CommandTest):
    def test_the_model_resets(self):
        for action, done in (("reset", "reset"), ("subsystem-reset", "subsystem reset"),
                             ("rescan", "rescan begun")):
            self.assertEqual(self.json("controller", action, "mem:8MiB")["done"], done)

    def test_registers_have_their_fields(self):
        registers = self.json("controller", "registers", "mem:8MiB")
        self.assertEqual(registers["cap"]["queue_entries"], 65536)
        self.assertEqual(registers["vs"]["version"], "2.0")
        self.assertTrue(registers["cc"]["enabled"])
        self.assertTrue(registers["csts"]["ready"])
        self.assertNotIn("bytes", registers["cmbsz"])

    def test_a_file_has_no_controller(self):
        disk = self.file("disk.img", 1 << 20)
        for action in ("reset", "registers"):
            done = self.run_command("controller", action, disk)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"no NVMe controller", done.stderr)

    def test_an_action_is_needed(self):
        self.assertEqual(self.run_command("controller", "mem:8MiB").returncode, 2)


if __name__ == "__main__":
    main()
