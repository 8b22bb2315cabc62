"""A program that was linked elsewhere runs with this library, and strangers find it by pkg-config.

The program is linked with a library that has the names of the table and nothing behind them, as a
distribution's package was when somebody built the program; LD_LIBRARY_PATH then puts this build's
libxnvme.so in its place.

  CC, LIBXNVME, SOURCE_DIR, BUILD_DIR    as for abi_test.py
"""

import json
import os
import subprocess
import tempfile
import unittest

SOURCE_DIR = os.environ["SOURCE_DIR"]
HERE = os.path.join(SOURCE_DIR, "tests/capi")


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout.decode()}"
                             f"{done.stderr.decode()}")
    return done.stdout.decode()


class Linked(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def make_empty_library(self):
        with open(os.path.join(HERE, "abi_table.json"), encoding="utf-8") as file:
            table = json.load(file)
        functions = {**table["functions"], **table["further_functions"]}
        with open(self.path("empty.c"), "w", encoding="utf-8") as source:
            for name, function in functions.items():
                if not function.get("inline"):
                    source.write(f"int {name}(void) {{ return -1; }}\n")
        run(os.environ["CC"], "-shared", "-fPIC", "-Wl,-soname,libxnvme.so.0",
            self.path("empty.c"), "-o", self.path("libxnvme.so.0"))

    def test_a_program_linked_elsewhere_runs(self):
        self.make_empty_library()
        program = self.path("program")
        run(os.environ["CC"], "-std=c11", "-D_DEFAULT_SOURCE", f"-I{SOURCE_DIR}/include",
            os.path.join(HERE, "sync.c"), self.path("libxnvme.so.0"), "-o", program)
        ours = os.path.dirname(os.environ["LIBXNVME"])
        said = run(program, "mem:16MiB", env={**os.environ, "LD_LIBRARY_PATH": ours})
        self.assertRegex(said, r"^sync: \d+ checks, 0 failed$")
        # The same program with the empty library fails: it is the path that decides.
        empty = subprocess.run([program, "mem:16MiB"], capture_output=True, check=False,
                               env={**os.environ, "LD_LIBRARY_PATH": self.folder.name})
        self.assertNotEqual(empty.returncode, 0)

    def test_pkg_config_finds_an_installed_library(self):
        prefix = self.path("prefix")
        run("cmake", "--install", os.environ["BUILD_DIR"], "--prefix", prefix)
        places = [folder for folder, _, files in os.walk(prefix) if "xnvme.pc" in files]
        self.assertEqual(len(places), 1)
        environment = {**os.environ, "PKG_CONFIG_PATH": places[0]}
        self.assertEqual(run("pkg-config", "--modversion", "xnvme", env=environment).strip(),
                         "0.7.5")
        run("pkg-config", "--atleast-version=0.7.4", "xnvme", env=environment)
        flags = run("pkg-config", "--cflags", "--libs", "xnvme", env=environment).split()
        shared = self.path("shared")
        run(os.environ["CC"], "-std=c11", "-D_DEFAULT_SOURCE", os.path.join(HERE, "sync.c"),
            *flags, "-o", shared)
        library = run("pkg-config", "--variable=libdir", "xnvme", env=environment).strip()
        run(shared, "mem:16MiB", env={**os.environ, "LD_LIBRARY_PATH": library})

        flags = run("pkg-config", "--static", "--cflags", "--libs", "xnvme",
                    env=environment).split()
        flags = ["-l:libxnvme.a" if flag == "-lxnvme" else flag for flag in flags]
        static = self.path("static")
        run(os.environ["CC"], "-std=c11", "-D_DEFAULT_SOURCE", os.path.join(HERE, "sync.c"),
            *flags, "-o", static)
        self.assertNotIn("libxnvme", run("ldd", static))
        run(static, "mem:16MiB")


if __name__ == "__main__":
    unittest.main()
