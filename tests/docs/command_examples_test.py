"""The command lines of the pages about the command run as a reader would type them."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
PAGES = ["zoned.md"]


def command_lines(page):
    text = (SOURCE / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("xnvme ")]


class CommandExamples(unittest.TestCase):
    def test_each_line_runs(self):
        folder = pathlib.Path(os.environ["XNVME"]).parent
        environment = dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}")
        for page in PAGES:
            lines = command_lines(page)
            self.assertTrue(lines, f"docs/{page} has no command lines in a ```sh block")
            for line in lines:
                with self.subTest(page=page, line=line), tempfile.TemporaryDirectory() as work:
                    done = subprocess.run(["bash", "-c", line], cwd=work, env=environment,
                                          capture_output=True, text=True, timeout=60, check=False)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertTrue(done.stdout)


if __name__ == "__main__":
    unittest.main()
