"""Running the programs of tests/capi, in C, on the devices of the emulated machine."""

import os
import subprocess
import unittest

PROGRAMS = os.path.join(os.path.dirname(os.path.dirname(os.environ["XNVME"])), "tests/capi")


class CapiTest(unittest.TestCase):
    def run_program(self, program, device, *options):
        """Runs a program that has to succeed. A program that was not built is a failure."""
        with self.subTest(program=program, device=device, options=options):
            done = subprocess.run([os.path.join(PROGRAMS, program), device, *options],
                                  capture_output=True, timeout=300, check=False)
            said = done.stdout.decode() + done.stderr.decode()
            self.assertEqual(done.returncode, 0, said)
            self.assertIn(" 0 failed", said)
