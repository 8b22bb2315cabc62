"""The C API on zoned NVMe namespaces."""

import unittest

from capi_programs import CapiTest
from devices import device


class ZonedCapi(CapiTest):
    def test_zones_through_either_node(self):
        for role in ("zoned", "zoned_zrwa", "zoned512"):
            self.run_program("zoned", device(role).generic)
        self.run_program("zoned", device("zoned").block, "sync=nvme", "async=emu")

    def test_appends_on_every_interface(self):
        for interface in ("io_uring_cmd", "emu", "thrpool"):
            self.run_program("zoned", device("zoned512").generic, f"async={interface}", "depth=48")


if __name__ == "__main__":
    unittest.main()
