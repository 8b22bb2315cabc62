"""The C++ examples of the README compile and run as a reader would copy them."""

import unittest

from doc_examples import blocks, compile_and_run

EXAMPLES = blocks("README.md", "cpp", "c++")


class ReadmeExample(unittest.TestCase):
    def test_there_is_an_example(self):
        self.assertTrue(EXAMPLES, "README.md has no ```cpp block")

    def test_each_example_compiles_and_runs(self):
        for number, text in enumerate(EXAMPLES, 1):
            with self.subTest(example=number):
                compile_and_run(self, text, "mem:64MiB")


if __name__ == "__main__":
    unittest.main()
