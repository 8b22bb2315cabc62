"""Runs the examples of these pages: every line behind a `$` in a `console` block."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.environ["SOURCE_DIR"]
BINARY = os.environ["XNVME"]
PAGES = {"admin.md": 20, "perf.md": 5}  # With how many there are at least.


def examples(page):
    with open(page, encoding="utf-8") as text:
        blocks = re.findall(r"^```console\n(.*?)^```", text.read(), re.DOTALL | re.MULTILINE)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="xnvme-examples-")
        self.addCleanup(shutil.rmtree, self.folder)

    def test_each_succeeds_and_says_something_or_writes_a_file(self):
        environment = dict(os.environ, PATH=os.path.dirname(BINARY) + os.pathsep
                           + os.environ["PATH"])
        for page, least in PAGES.items():
            lines = examples(os.path.join(SOURCE, "docs", page))
            self.assertGreater(len(lines), least, msg=f"the examples of {page} were not found")
            for line in lines:
                with self.subTest(line=line):
                    done = subprocess.run(["bash", "-c", line], cwd=self.folder, check=False,
                                          capture_output=True, text=True, timeout=120,
                                          env=environment)
                    self.assertEqual(done.returncode, 0, msg=done.stderr)
                    if ">" not in line and "--data" not in line:
                        self.assertTrue(done.stdout.strip(), msg=line)


if __name__ == "__main__":
    unittest.main(verbosity=2)
