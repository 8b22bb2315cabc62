"""Runs the examples of docs/admin.md: every line behind a `$` in a `console` block."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.environ["SOURCE_DIR"]
BINARY = os.environ["XNVME"]


def examples(page):
    with open(page, encoding="utf-8") as text:
        blocks = re.findall(r"^```console\n(.*?)^```", text.read(), re.DOTALL | re.MULTILINE)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="xnvme-examples-")
        self.addCleanup(shutil.rmtree, self.folder)

    def test_each_succeeds_and_says_something_or_writes_a_file(self):
        count = 0
        environment = dict(os.environ, PATH=os.path.dirname(BINARY) + os.pathsep
                           + os.environ["PATH"])
        for line in examples(os.path.join(SOURCE, "docs", "admin.md")):
            with self.subTest(line=line):
                done = subprocess.run(["bash", "-c", line], cwd=self.folder, check=False,
                                      capture_output=True, text=True, timeout=120, env=environment)
                self.assertEqual(done.returncode, 0, msg=done.stderr)
                if ">" not in line and "--data" not in line:
                    self.assertTrue(done.stdout.strip(), msg=line)
            count += 1
        self.assertGreater(count, 20, msg="the examples were not found")


if __name__ == "__main__":
    unittest.main(verbosity=2)
