"""The C API on a namespace with flexible data placement."""

import unittest

from capi_programs import CapiTest
from devices import device


class FdpCapi(CapiTest):
    def test_placement(self):
        self.run_program("placement", device("fdp").generic)


if __name__ == "__main__":
    unittest.main()
