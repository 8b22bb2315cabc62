"""kvs: keys and values of a key-value namespace."""

from xnvme_command import CommandTest, main

DEVICE = "mem:1MiB?csi=kv&key_max=8&value_max=64KiB"


class Kvs(CommandTest):
    def script(self, text, device=DEVICE):
        return self.json("kvs", "run", device, "--script", "-", stdin=text.encode())

    def test_store_from_text_file_and_standard_input(self):
        done = self.json("kvs", "store", DEVICE, "--key", "name", "--value", "Ada")
        self.assertEqual((done["key"], done["bytes"]), ("name", 3))
        done = self.json("kvs", "store", DEVICE, "--key-hex", "00ff", "--data",
                         self.file("value", 5000))
        self.assertEqual((done["key"], done["bytes"]), ("0x00ff", 5000))
        done = self.json("kvs", "store", DEVICE, "--key", "k", "--data", "-", stdin=b"12345")
        self.assertEqual(done["bytes"], 5)
        self.assertEqual(self.json("kvs", "store", DEVICE, "--key", "k", "--value",
                                   "")["bytes"], 0)

    def test_a_script_runs_on_one_open_device(self):
        done = self.script("# people\nstore name Ada Lovelace\nstore born 1815\n\n"
                           "retrieve name\nexist died\nlist\nlist b\ndelete born\nlist\n")
        self.assertEqual(done["failed"], 0)
        results = done["results"]
        self.assertEqual(results[2]["value"], "Ada Lovelace")
        self.assertEqual(results[2]["bytes"], 12)
        self.assertIs(results[3]["exists"], False)
        self.assertEqual(results[4]["keys"], ["born", "name"])
        self.assertEqual(results[5]["keys"], ["born"])
        self.assertEqual(results[7]["keys"], ["name"])

    def test_what_the_device_refuses_is_told_and_the_rest_is_done(self):
        script = b"retrieve nobody\nstore k v\nretrieve k\n"
        done = self.run_command("kvs", "run", DEVICE, "--script", "-", stdin=script)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"KV Key Does Not Exist", done.stdout)
        self.assertIn(b"value: v", done.stdout)

    def test_a_script_with_a_slip_does_nothing(self):
        for script, says in ((b"store k v\nremove k\n", ["Line 2", "remove"]),
                             (b"exist k more\n", ["Line 1", "more"]),
                             (b"retrieve\n", "1 to 16 bytes"),
                             (b"retrieve 12345678901234567\n", "1 to 16 bytes")):
            self.fail_with(2, "kvs", "run", DEVICE, "--script", "-", stdin=script, says=says)

    def test_what_is_not_there(self):
        for command in ("retrieve", "delete", "exist"):
            self.fail_with(1, "kvs", command, DEVICE, "--key", "nobody", says="has no key nobody")
        self.fail_with(1, "kvs", "store", DEVICE, "--key", "k", "--value", "v", "--must-exist",
                       says="has no key k")
        self.json("kvs", "store", DEVICE, "--key", "k", "--value", "v", "--must-not-exist",
                  "--no-compression")

    def test_list_and_info(self):
        self.assertEqual(self.json("kvs", "list", DEVICE), {"device": DEVICE, "count": 0,
                                                            "keys": []})
        info = self.json("kvs", "info", DEVICE)
        self.assertEqual((info["key_max_bytes"], info["value_max_bytes"]), (8, 65536))
        self.assertEqual((info["size_bytes"], info["used_bytes"]), (1 << 20, 0))
        self.assertIn("# 1 MiB", self.text("kvs", "info", DEVICE))

    def test_limits_are_told_in_the_devices_numbers(self):
        self.fail_with(2, "kvs", "store", DEVICE, "--key", "123456789", "--value", "v",
                       says=["9 bytes", "has 8"])
        self.fail_with(2, "kvs", "store", DEVICE, "--key", "k", "--value", "v" * 65537,
                       says="65536 bytes")
        self.fail_with(2, "kvs", "store", DEVICE, "--key", "k", "--data",
                       self.file("value", 65537), says="64 KiB")
        self.fail_with(2, "kvs", "store", DEVICE, "--key-hex", "0", "--value", "v",
                       says="hexadecimal")
        self.fail_with(2, "kvs", "store", DEVICE, "--value", "v", says="--key")

    def test_blocks_and_keys_are_not_mixed_up(self):
        self.fail_with(2, "kvs", "list", "mem:1MiB", says=["no keys", "csi=kv"])
        for command in (["read", DEVICE], ["write", DEVICE, "--fill", "1"], ["check", DEVICE],
                        ["perf", DEVICE], ["dsm", DEVICE, "--deallocate", "--blocks", "1"],
                        ["dd", "--in", DEVICE, "--out", self.path("out")]):
            self.fail_with(2, *command, says=["no blocks", "kvs"])

    def test_the_rest_of_the_command_knows_it(self):
        info = self.json("info", DEVICE)
        self.assertEqual(info["geometry"]["command_set"], "key-value")
        self.assertEqual({row["name"] for row in info["commands"] if row["queue"] == "native"} &
                         {"store", "retrieve", "delete", "exist", "list"},
                         {"store", "retrieve", "delete", "exist", "list"})
        self.assertEqual(self.json("idfy", DEVICE, "--cns", "5", "--csi", "1")["identify"]
                         ["nsze_bytes"], 1 << 20)
        names = [row["name"] for row in self.json("log", "effects", DEVICE, "--csi", "1")
                 ["log"]["io"]]
        self.assertEqual(names, ["flush", "store", "retrieve", "list", "delete", "exist"])
        self.text("flush", DEVICE)


if __name__ == "__main__":
    main()
