"""Every function of the table that prints: null for nothing, a document for a structure of zeroes
and one of random bytes, which a device may send; always YAML, always as many bytes as it says.

  LIBXNVME, SOURCE_DIR    as for abi_test.py
"""

import ctypes
import json
import os
import random
import re
import subprocess
import tempfile
import unittest

SOURCE_DIR = os.environ["SOURCE_DIR"]
LIB = ctypes.CDLL(os.environ["LIBXNVME"])
LIBC = ctypes.CDLL(None)
LIBC.fdopen.restype = ctypes.c_void_p
LIBC.fclose.argtypes = LIBC.fflush.argtypes = [ctypes.c_void_p]

with open(os.path.join(SOURCE_DIR, "tests/capi/abi_table.json"), encoding="utf-8") as file:
    TABLE = json.load(file)

FUNCTIONS = {name: function
             for name, function in {**TABLE["functions"], **TABLE["further_functions"]}.items()
             if re.search(r"_(f?prn?|pp|yaml)$", name) and not function.get("inline")}
# Members of an indented block, which is a part of a document and has no line feed at its end.
PARTS = {"xnvme_ident_yaml", "xnvme_spec_znd_descr_fpr_yaml"}
# These are the library's own, and no bytes of a device.
OWN = {"xnvme_dev", "xnvme_be_attr", "xnvme_be_attr_list", "xnvme_opts", "xnvme_cmd_ctx",
       "xnvme_geo", "xnvme_lba_range"}
LINE = re.compile(r'^ *(- )?("[^"]*"|[\w. /()-]+):( .*)?$|^ *- \S.*$')


def is_yaml(text):
    """Lines of "name: value" and lists, with nothing else; indented by two more at most."""
    before = 0
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip(" "))
        if not LINE.match(line) or "\t" in line or indent % 2 or indent > before + 4:
            return False
        before = indent
    return text.endswith("\n")


class Printing(unittest.TestCase):
    def call(self, name, pointed_at):
        """Calls a function with a pointer, or null, and 2 for numbers. What it printed, and what it
        returned."""
        with tempfile.TemporaryFile() as out:
            arguments, streams = [], []
            for argument in FUNCTIONS[name]["arguments"].split(", "):
                if argument.startswith("FILE"):
                    streams.append(LIBC.fdopen(os.dup(out.fileno()), b"w"))
                    arguments.append(ctypes.c_void_p(streams[0]))
                elif argument.startswith("const char *sep"):
                    arguments.append(ctypes.c_char_p(b"\n"))
                elif "*" in argument:
                    arguments.append(pointed_at)
                else:
                    arguments.append(ctypes.c_uint64(2))
            LIBC.fflush(None)
            kept = os.dup(1)
            os.dup2(out.fileno(), 1)
            try:
                returned = getattr(LIB, name)(*arguments)
                LIBC.fflush(None)
            finally:
                os.dup2(kept, 1)
                os.close(kept)
                for stream in streams:
                    LIBC.fclose(stream)
            out.seek(0)
            return out.read().decode(), returned

    def check(self, name, text, returned):
        if FUNCTIONS[name]["returns"] != "void":
            self.assertEqual(returned, len(text.encode()))
        self.assertTrue(is_yaml(text + ("\n" if name in PARTS else "")), text)

    def test_there_are_as_many_as_there_should_be(self):
        self.assertGreater(len(FUNCTIONS), 60)

    def test_nothing_prints_as_null(self):
        for name, function in FUNCTIONS.items():
            pointers = [argument for argument in function["arguments"].split(", ")
                        if "*" in argument and not argument.startswith("FILE")]
            if not pointers or name in PARTS:
                continue
            with self.subTest(function=name):
                text, returned = self.call(name, None)
                self.check(name, text, returned)
                if name != "xnvme_buf_diff_pr":
                    self.assertRegex(text, r"^\w+: null\n$")

    def test_structures_of_any_bytes(self):
        noise = random.Random(5)
        contents = [bytes(1 << 20)] + [noise.randbytes(1 << 16) + bytes(1 << 20) for _ in range(8)]
        for name, function in FUNCTIONS.items():
            if any(re.search(rf"\b{own} \*", function["arguments"]) for own in OWN):
                continue
            for content in contents:
                with self.subTest(function=name):
                    # Lengths in the structure are the caller's word for what is there.
                    content = self.bounded(name, content)
                    memory = ctypes.create_string_buffer(content, len(content))
                    self.check(name, *self.call(name, memory))

    @staticmethod
    def bounded(name, content):
        """The same bytes, with lengths that the buffer has room for."""
        if name == "xnvme_spec_log_fdp_conf_pr":
            return content[:4] + (4096).to_bytes(4, "little") + content[8:]
        if name.startswith("xnvme_znd_report"):
            return content[:32] + (3).to_bytes(4, "little") + bytes(4) + (64).to_bytes(8, "little") \
                + content[48:]
        return content

    def test_a_stream_that_is_not_there_is_refused(self):
        for name, function in FUNCTIONS.items():
            if not function["arguments"].startswith("FILE"):
                continue
            with self.subTest(function=name):
                count = function["arguments"].count(",")
                returned = getattr(LIB, name)(None, *([None] * count))
                self.assertLess(returned, 0)

    def test_the_library_has_no_other_way_to_print(self):
        done = subprocess.run(["nm", "-D", "--undefined-only", os.environ["LIBXNVME"]],
                              capture_output=True, check=True)
        used = {line.split()[-1].split("@")[0] for line in done.stdout.decode().splitlines()}
        self.assertIn("fwrite", used)
        ways = {"printf", "puts", "putchar", "perror", "stderr", "syslog", "__printf_chk",
                "_ZSt4cout", "_ZSt4cerr", "_ZSt4clog"}
        self.assertEqual(sorted(used & ways), [])


if __name__ == "__main__":
    unittest.main()
