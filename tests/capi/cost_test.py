"""What a command costs through the C API, against the C++ API: instructions, as valgrind counts them.

The same loop runs twice, with N and with 2N reads; the difference is what N reads cost, without
opening and closing. It is the user's instructions alone, of the library and of the loop.

  BUILD_DIR    this build's folder
"""

import os
import re
import subprocess
import tempfile
import unittest

READS = 20000
# A function of another library, its look-up in the table of its linker, and the checks for NULL, of
# each of: taking a context, passing the command, giving the context back. docs/c_api.md has what is
# measured.
MOST_MORE = 80


def instructions(program, device, interface, reads):
    """Instructions that the program takes."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out",
             os.path.join(os.environ["BUILD_DIR"], "tests/capi", program), device, interface,
             str(reads)], capture_output=True, check=False)
    said = done.stderr.decode()
    if done.returncode != 0:
        raise AssertionError(f"{program} {device} {interface}: {done.returncode}\n{said}")
    return int(re.search(r"Collected : (\d+)", said)[1])


def per_read(program, device, interface):
    once = instructions(program, device, interface, READS)
    twice = instructions(program, device, interface, 2 * READS)
    return (twice - once) / READS


class Cost(unittest.TestCase):
    def compare(self, device, interface):
        through_c = per_read("cost", device, interface)
        through_cpp = per_read("cost_cpp", device, interface)
        print(f"{interface}: {through_c:.0f} instructions per read through the C API, "
              f"{through_cpp:.0f} through the C++ API", flush=True)
        self.assertLess(through_c - through_cpp, MOST_MORE)

    def test_nil(self):
        self.compare("mem:16MiB", "nil")

    def test_io_uring(self):
        with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
            file.truncate(1 << 20)
            self.compare(file.name, "io_uring")


if __name__ == "__main__":
    unittest.main()
