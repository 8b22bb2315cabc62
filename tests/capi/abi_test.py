"""Holds the headers and the shared library of the C API against abi_table.json.

The table says what a program that was compiled against xNVMe 0.7.5 relies on. From it a program is
made that does not compile where a size, offset, type, value or function differs, in every language
that the headers are for; when it runs, it looks at the bits of bit-fields. What the library exports
is the functions of the table, and nothing else.

  CC, CXX     the compilers
  LIBXNVME    the shared library
  SOURCE_DIR  the sources
"""

import json
import os
import re
import subprocess
import tempfile
import unittest

SOURCE_DIR = os.environ["SOURCE_DIR"]
INCLUDE = os.path.join(SOURCE_DIR, "include")
STANDARDS = (("CC", "c", "c11"), ("CC", "c", "c17"), ("CXX", "c++", "c++17"),
             ("CXX", "c++", "c++23"))
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")

with open(os.path.join(SOURCE_DIR, "tests/capi/abi_table.json"), encoding="utf-8") as table_file:
    TABLE = json.load(table_file)

HEADERS = sorted(name for name in os.listdir(INCLUDE) if name.endswith(".h"))


def compile_text(variable, language, standard, text, *more):
    """Compiles text with warnings as errors; returns what the compiler said, "" for nothing."""
    command = [os.environ[variable], f"-std={standard}", *WARNINGS, f"-I{INCLUDE}", *more,
               "-x", language, "-"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    said = done.stderr.decode()
    return said or ("" if done.returncode == 0 else f"exit status {done.returncode}")


def all_functions():
    return {**TABLE["functions"], **TABLE["further_functions"]}


def is_flexible(member):
    return member.get("type", "").endswith("[]")


def static_checks():
    """Assertions that C and C++ both understand."""
    lines = []

    def holds(condition, name):
        lines.append(f'XNVME_STATIC_ASSERT({condition}, "{name}")')

    for kind, structure in TABLE["structures"].items():
        holds(f"sizeof({kind}) == {structure['bytes']}", f"size of {kind}")
        for name, member in structure["members"].items():
            if "bit" in member:
                continue
            holds(f"offsetof({kind}, {name}) == {member['offset']}", f"offset of {kind}.{name}")
            if not is_flexible(member):
                holds(f"sizeof((({kind}*)0)->{name}) == {bytes_of(member)}",
                      f"size of {kind}.{name}")
    for enumeration in TABLE["enumerations"].values():
        for name, value in enumeration.items():
            holds(f"(int){name} == {value}", f"value of {name}")
    for name, macro in TABLE["macros"].items():
        plain = name.split("(")[0]
        lines += [f"#ifndef {plain}", f"#error {plain} is missing", "#endif"]
        if "value" in macro:
            holds(f"{plain} == {macro['value']}u" + ("ll" if macro["value"] > 2**31 else ""),
                  f"value of {plain}")
        for argument, value in macro.get("values", {}).items():
            holds(f"{plain}({argument}u) == {value}u", f"value of {plain}({argument})")
    return lines


def bytes_of(member):
    """Bytes in a member, by its type."""
    if "bytes" in member:
        return member["bytes"]
    of_type = member["type"]
    array = re.fullmatch(r"(.*)\[(\d+)\]", of_type)
    if array:
        return int(array[2]) * bytes_of({"type": array[1]})
    if of_type in TABLE["structures"]:
        return TABLE["structures"][of_type]["bytes"]
    if of_type.endswith("*") or of_type == "xnvme_queue_cb":
        return 8
    if of_type.startswith("enum "):
        return 4
    plain = {"_Bool": 1, "char": 1, "int": 4}
    return plain.get(of_type) or int(re.fullmatch(r"u?int(\d+)_t", of_type)[1]) // 8


def types_of_functions():
    """Pointers that only a function of exactly this type initialises."""
    lines = []
    for name, function in all_functions().items():
        result = function["returns"]
        lines.append(f"{result} (*type_of_{name})({function['arguments']}) = {name};")
    for name, callback in TABLE["callbacks"].items():
        pointer = callback.removeprefix("typedef ").replace(f"(*{name})", f"(*callback_of_{name})")
        lines += [pointer + ";", f"{name} *const value_of_{name} = &callback_of_{name};"]
    return lines


def types_of_members():
    """The same for members, in C, which has an expression that compares types."""
    lines = []
    for kind, structure in TABLE["structures"].items():
        for name, member in structure["members"].items():
            if "type" not in member or "bit" in member or is_flexible(member):
                continue
            lines.append(f"_Static_assert(__builtin_types_compatible_p(__typeof__((({kind}*)0)->"
                         f"{name}), {member['type']}), \"type of {kind}.{name}\");")
    return lines


def bit_checks():
    """A program that sets each bit-field, and looks which bits of its structure changed."""
    lines = ["#include <stdio.h>", "#include <string.h>",
             "static int failures;",
             "static void look(const char *name, const unsigned char *bytes, size_t count,",
             "                 size_t first, size_t width) {",
             "    for (size_t bit = 0; bit < count * 8; ++bit) {",
             "        const int is_set = (bytes[bit / 8] >> (bit % 8)) & 1;",
             "        if (is_set == (bit >= first && bit < first + width)) continue;",
             '        printf("%s: bit %zu is %d\\n", name, bit, is_set);',
             "        ++failures;", "        return;", "    }", "}",
             "int main(void) {"]
    for kind, structure in TABLE["structures"].items():
        for name, member in structure["members"].items():
            if "bit" not in member:
                continue
            ones = (1 << member["bits"]) - 1
            lines += ["    {", f"        static {kind} all;",
                      "        memset(&all, 0, sizeof all);",
                      f"        all.{name} = {ones:#x}u" + ("ll;" if ones > 0xffffffff else ";"),
                      f'        look("{kind}.{name}", (const unsigned char *)&all, sizeof all, '
                      f"{member['bit']}, {member['bits']});", "    }"]
    lines += ["    return failures;", "}"]
    return lines


class Headers(unittest.TestCase):
    def test_each_compiles_alone(self):
        for header in HEADERS:
            for variable, language, standard in STANDARDS:
                with self.subTest(header=header, standard=standard):
                    text = f"#include <{header}>\n#include <{header}>\n"
                    self.assertEqual(
                        compile_text(variable, language, standard, text, "-fsyntax-only"), "")

    def test_c_is_pedantically_clean(self):
        for standard in ("c11", "c17"):
            with self.subTest(standard=standard):
                self.assertEqual(compile_text("CC", "c", standard, "#include <libxnvme.h>\n",
                                              "-fsyntax-only", "-Wpedantic"), "")

    def test_what_programs_inline_compiles_in_each_language(self):
        text = ("#include <libxnvme.h>\nint read_one(struct xnvme_queue* queue, void* buffer);\n"
                "int read_one(struct xnvme_queue* queue, void* buffer) {\n"
                "    struct xnvme_cmd_ctx* ctx = xnvme_queue_get_cmd_ctx(queue);\n"
                "    if (!ctx) return -1;\n"
                "    ctx->cmd.common.opcode = 2;\n"
                "    return xnvme_cmd_pass(ctx, buffer, 512, 0, 0) +\n"
                "           xnvme_queue_put_cmd_ctx(queue, ctx);\n}\n")
        for variable, language, standard in STANDARDS:
            pedantic = ["-Wpedantic"] if language == "c" else []
            for level in ("-O1", "-O2", "-O3"):
                with self.subTest(standard=standard, level=level):
                    self.assertEqual(compile_text(variable, language, standard, text, "-S", level,
                                                  *pedantic, "-o", os.devnull), "")

    def test_every_header_of_the_table_is_there(self):
        named = {function["header"] for function in all_functions().values()}
        self.assertEqual(sorted(named - set(HEADERS)), [])

    def test_each_function_is_declared_in_its_header(self):
        for name, function in all_functions().items():
            with self.subTest(function=name):
                text = (f"#include <{function['header']}>\n"
                        f"void (*address)(void) = (void (*)(void)){name};\n")
                self.assertEqual(compile_text("CC", "c", "c11", text, "-fsyntax-only"), "")


class Table(unittest.TestCase):
    def test_sizes_offsets_values_and_types(self):
        text = "\n".join(["#include <stddef.h>", "#include <libxnvme.h>",
                          "#include <libxnvme_more.h>", *static_checks(), *types_of_functions()])
        for variable, language, standard in STANDARDS:
            with self.subTest(standard=standard):
                self.assertEqual(compile_text(variable, language, standard, text + "\n",
                                              "-fsyntax-only", "-Wno-unused-variable"), "")

    def test_types_of_members(self):
        text = "\n".join(["#include <libxnvme.h>", *types_of_members()])
        self.assertEqual(compile_text("CC", "c", "c11", text + "\n", "-fsyntax-only"), "")

    def test_bits_of_bit_fields(self):
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "bits")
            text = "\n".join(["#include <libxnvme.h>", *bit_checks()])
            self.assertEqual(compile_text("CC", "c", "c11", text + "\n", "-o", program), "")
            done = subprocess.run([program], capture_output=True, check=False)
            self.assertEqual((done.stdout.decode(), done.returncode), ("", 0))

    def test_a_wrong_offset_is_seen(self):
        text = ("#include <stddef.h>\n#include <libxnvme.h>\n"
                'XNVME_STATIC_ASSERT(offsetof(struct xnvme_geo, tbytes) == 33, "offset")\n')
        self.assertIn("offset", compile_text("CC", "c", "c11", text, "-fsyntax-only"))


class Library(unittest.TestCase):
    def test_exports_the_functions_of_the_table_and_nothing_else(self):
        done = subprocess.run(["nm", "-D", "--defined-only", os.environ["LIBXNVME"]],
                              capture_output=True, check=True)
        # The map's version nodes are listed too, as absolute symbols.
        rows = [line.split() for line in done.stdout.decode().splitlines()]
        exported = {row[-1].split("@")[0] for row in rows if row[1] != "A"}
        wanted = {name for name, function in all_functions().items() if not function.get("inline")}
        self.assertEqual(sorted(wanted - exported), [], "not exported")
        self.assertEqual(sorted(exported - wanted), [], "leaked")

    def test_has_a_name_of_its_own(self):
        done = subprocess.run(["readelf", "-d", os.environ["LIBXNVME"]], capture_output=True,
                              check=True)
        self.assertIn("soname: [libxnvme.so.0]", done.stdout.decode())
        self.assertNotIn("libxnvmepp", done.stdout.decode())


if __name__ == "__main__":
    unittest.main()
