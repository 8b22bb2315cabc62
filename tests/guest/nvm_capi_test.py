"""The C API on conventional NVMe namespaces, through the driver's ioctls, the block layer, io_uring
passthru and the rest."""

import unittest

from capi_programs import CapiTest
from devices import device


class NvmCapi(CapiTest):
    def test_synchronous(self):
        for role in ("nvme512", "nvme4096"):
            for path in (device(role).block, device(role).generic):
                self.run_program("sync", path)

    def test_asynchronous_at_depth(self):
        generic, block = device("nvme512").generic, device("nvme512").block
        for depth in ("1", "7", "64"):
            self.run_program("async", generic, f"depth={depth}")
            self.run_program("async", block, f"depth={depth}")
        for interface in ("io_uring_cmd", "emu", "thrpool"):
            self.run_program("async", device("nvme4096").generic, f"async={interface}")
        for interface in ("io_uring", "libaio", "posix"):
            self.run_program("async", device("nvme4096").block, f"async={interface}", "direct=1")

    def test_lists(self):
        generic, block = device("nvme512").generic, device("nvme4096").block
        self.run_program("vectored", generic)
        self.run_program("vectored", generic, "async=emu")
        self.run_program("vectored", block, "async=io_uring", "direct=1")
        self.run_program("vectored", block, "async=libaio", "direct=1")

    def test_the_rest_of_the_command_set(self):
        for role in ("nvme512", "nvme4096"):
            self.run_program("nvm", device(role).generic)

    def test_admin_commands(self):
        self.run_program("admin", device("nvme512").generic)
        self.run_program("admin", device("nvme4096").controller)

    def test_controllers(self):
        for path in device("nvme512").controller, device("nvme512").generic:
            self.run_program("topology", path)

    def test_client_like_fio(self):
        self.run_program("fio_like", device("nvme512").generic)
        self.run_program("fio_like", device("nvme512").generic, "async=io_uring_cmd", "depth=16")
        self.run_program("fio_like", device("nvme4096").block, "async=io_uring", "direct=1")

    def test_buffers_queues_and_enumeration(self):
        for program in ("buffers", "queues", "enumerate"):
            self.run_program(program, device("nvme512").generic)
            self.run_program(program, device("nvme512").block)

    def test_printing(self):
        self.run_program("print", device("nvme512").generic)


if __name__ == "__main__":
    unittest.main()
