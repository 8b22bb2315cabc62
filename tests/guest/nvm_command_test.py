"""The commands on blocks, on each way to a namespace: copy, compare, verify, deallocate, write
zeroes, write uncorrectable, and what the namespace's limits refuse."""

from devices import device
from xnvme_command import CommandTest, main

NODE = device("nvme512")
# How each is reached: by itself, and with the options that name another interface.
WAYS = [(NODE.generic,), (NODE.controller, "--nsid", "1"), (NODE.block,),
        (NODE.block, "--sync", "nvme", "--direct")]


class Limits(CommandTest):
    def test_no_requests_of_libaio_left(self):
        # The limit is the whole system's: here nothing else needs it.
        limit = "/proc/sys/fs/aio-max-nr"
        with open(limit, encoding="ascii") as file:
            before = file.read()
        try:
            with open(limit, "w", encoding="ascii") as file:
                file.write("0")
            self.fail_with(2, "info", NODE.block, "--direct", "--async", "libaio",
                           says=["0 of 0 in use", "fs.aio-max-nr"])
            shown = self.json("info", NODE.block, "--direct")
            self.assertNotEqual(shown["interfaces"]["async"], "libaio")
        finally:
            with open(limit, "w", encoding="ascii") as file:
                file.write(before)
        shown = self.json("info", NODE.block, "--direct", "--async", "libaio")
        self.assertEqual(shown["interfaces"]["async"], "libaio")


class Blocks(CommandTest):
    def test_write_read_compare_verify(self):
        data = self.file("in", 8 * 512)
        for way in WAYS:
            with self.subTest(way=way):
                self.json("write", *way, "--slba", "64", "--data", data)
                self.assertEqual(self.succeed("read", *way, "--slba", "64", "--blocks", "8",
                                              "--data", "-"), self.bytes_of(data))
                self.assertIs(self.json("compare", *way, "--slba", "64", "--data", data)["equal"],
                              True)
                self.json("verify", *way, "--slba", "64", "--blocks", "8")
                self.json("flush", *way)
                self.json("write", *way, "--slba", "66", "--fill", "1")
                self.fail_with(1, "compare", *way, "--slba", "64", "--data", data,
                               says=["differs", "of block 66"])

    def test_copy_write_zeroes_and_deallocate(self):
        for fill, way in enumerate(WAYS, start=1):
            with self.subTest(way=way):
                self.json("write", *way, "--slba", "0", "--blocks", "32", "--fill", fill)
                done = self.json("copy", *way, "--source", "0:8", "--source", "16:8", "--to",
                                 "512")
                self.assertEqual(done["blocks"], 16)
                self.assertEqual(self.succeed("read", *way, "--slba", "512", "--blocks", "16",
                                              "--data", "-"), bytes([fill]) * 16 * 512)
                self.json("write-zeroes", *way, "--slba", "514", "--blocks", "2")
                self.assertEqual(self.succeed("read", *way, "--slba", "513", "--blocks", "4",
                                              "--data", "-"),
                                 bytes([fill]) * 512 + bytes(1024) + bytes([fill]) * 512)
                self.json("dsm", *way, "--deallocate", "--range", "0:8", "--range", "16:8")
                self.assertEqual(self.succeed("read", *way, "--slba", "8", "--blocks", "8",
                                              "--data", "-"), bytes([fill]) * 8 * 512)

    def test_perf_verifies_two_devices_at_the_same_time(self):
        other = device("many1")
        for nodes, names in (((NODE.generic, other.generic), "io_uring_cmd,emu"),
                             ((NODE.block, other.block, "--direct"), "io_uring,libaio")):
            done = self.json("perf", *nodes, "--pattern", "mixed", "--count", "2k", "--compare",
                             names, "--verify", "--force")
            for row in done["results"]:
                self.assertEqual([part["ios"] for part in row["devices"]], [1000, 1000])
                self.assertGreater(row["verified_bytes"], 1 << 20)

    def test_write_uncorrectable_is_refused_by_the_controller_by_name(self):
        for way in WAYS[:2] + WAYS[3:]:
            with self.subTest(way=way):
                self.fail_with(1, "write-uncor", *way, "--slba", "1",
                               says="Invalid Command Opcode")
        # The block layer has none.
        self.fail_with(1, "write-uncor", NODE.block, "--slba", "1",
                       says=["does not carry", NODE.generic])

    def test_more_than_one_command_takes_is_refused_with_the_limit(self):
        node = device("many1").generic
        self.fail_with(2, "read", node, "--blocks", "257", says=["128.50 KiB", "at most 128 KiB"])
        self.fail_with(2, "write", node, "--blocks", "257", "--fill", "1",
                       says=["128.50 KiB", "at most 128 KiB"])
        self.json("read", node, "--blocks", "256", "--data", self.path("out"))

    def test_past_the_end(self):
        for way in WAYS:
            with self.subTest(way=way):
                self.fail_with(2, "read", *way, "--slba", "32768", says="past the end")

    def test_check_and_dd_by_every_interface(self):
        for way, interface in ((NODE.generic, "io_uring_cmd"), (NODE.generic, "thrpool"),
                               (NODE.block, "io_uring"), (NODE.block, "libaio"),
                               (NODE.block, "posix_aio")):
            with self.subTest(way=way, interface=interface):
                options = ("--async", interface) + (("--direct",) if way == NODE.block else ())
                self.json("check", way, *options, "--blocks", "512")


if __name__ == "__main__":
    main()
