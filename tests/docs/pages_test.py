"""The examples of the pages on command sets: programs compile and run, and commands print what the
page shows."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from doc_examples import blocks, compile_and_run, console_steps

PAGES = ["docs/fdp.md", "docs/key_value.md", "docs/protection.md"]


class Pages(unittest.TestCase):
    maxDiff = None

    def test_programs_compile_and_run(self):
        for page in PAGES:
            programs = blocks(page, "cpp")
            self.assertTrue(programs, f"{page} has no ```cpp block")
            for number, text in enumerate(programs, 1):
                with self.subTest(page=page, program=number):
                    compile_and_run(self, text)

    def test_commands_print_what_is_shown(self):
        path = f"{pathlib.Path(os.environ['XNVME']).parent}:{os.environ['PATH']}"
        for page in PAGES:
            consoles = blocks(page, "console")
            self.assertTrue(consoles, f"{page} has no ```console block")
            with tempfile.TemporaryDirectory() as folder:
                for block in consoles:
                    for command, output in console_steps(block):
                        with self.subTest(page=page, command=command):
                            done = subprocess.run(
                                ["sh", "-c", command], cwd=folder, timeout=60, text=True,
                                env={**os.environ, "PATH": path}, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                            self.assertEqual(done.stdout, output)


if __name__ == "__main__":
    unittest.main()
