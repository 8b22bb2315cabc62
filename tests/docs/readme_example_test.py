"""The C++ examples of the README compile and run as a reader would copy them."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
BUILD = pathlib.Path(os.environ["BUILD_DIR"])


def examples():
    text = (SOURCE / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```(?:cpp|c\+\+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


class ReadmeExample(unittest.TestCase):
    def test_there_is_an_example(self):
        self.assertTrue(examples(), "README.md has no ```cpp block")

    def test_each_example_compiles_and_runs(self):
        for number, text in enumerate(examples(), 1):
            with self.subTest(example=number), tempfile.TemporaryDirectory() as folder:
                source = pathlib.Path(folder) / "example.cpp"
                source.write_text(text, encoding="utf-8")
                done = subprocess.run(
                    [os.environ["CXX"], "-std=c++23", "-Wall", "-Wextra", "-Wconversion", "-Werror",
                     f"-I{SOURCE / 'include'}", f"-I{BUILD / 'generated'}", str(source),
                     f"-L{BUILD / 'lib'}", "-lxnvmepp", f"-Wl,-rpath,{BUILD / 'lib'}",
                     "-o", str(source.with_suffix(""))],
                    capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                ran = subprocess.run([str(source.with_suffix("")), "mem:64MiB"], timeout=60,
                                     capture_output=True, text=True, check=False)
                self.assertEqual(ran.returncode, 0, ran.stderr)


if __name__ == "__main__":
    unittest.main()
