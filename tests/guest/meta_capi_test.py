"""The C API on namespaces with metadata and protection information."""

import unittest

from capi_programs import CapiTest
from devices import device


class MetaCapi(CapiTest):
    def test_protection_information(self):
        for role in ("pi1", "pi2", "pi3", "pi1_ext", "pi1_first", "pi1_64", "pi2_64", "pi3_64"):
            self.run_program("protection", device(role).generic)

    def test_lists_of_data_and_metadata(self):
        for role in ("meta_sep", "meta_ext"):
            self.run_program("vectored", device(role).generic)


if __name__ == "__main__":
    unittest.main()
