"""What the tests of documents share: taking examples out of a page, and running them."""

import os
import pathlib
import re
import subprocess
import tempfile

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
BUILD = pathlib.Path(os.environ["BUILD_DIR"])


def blocks(page, *languages):
    """The fenced blocks of a page, named from the sources' root, in these languages."""
    text = (SOURCE / page).read_text(encoding="utf-8")
    names = "|".join(re.escape(language) for language in languages)
    return re.findall(rf"^```(?:{names})\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def compile_and_run(test, text, *arguments):
    """Compiles a program as a reader would copy it, and runs it. What it printed."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "example.cpp"
        source.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [os.environ["CXX"], "-std=c++23", "-Wall", "-Wextra", "-Wconversion", "-Werror",
             f"-I{SOURCE / 'include'}", f"-I{BUILD / 'generated'}", str(source),
             f"-L{BUILD / 'lib'}", "-lxnvmepp", f"-Wl,-rpath,{BUILD / 'lib'}",
             "-o", str(source.with_suffix(""))],
            capture_output=True, text=True, check=False)
        test.assertEqual(done.returncode, 0, done.stderr)
        ran = subprocess.run([str(source.with_suffix("")), *arguments], timeout=60,
                             capture_output=True, text=True, check=False)
        test.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout


def console_steps(block):
    """The commands of a console block, which begin with "$ " and may go on after a backslash, each
    with the lines that it is shown to print."""
    steps = []
    going_on = False
    for line in block.splitlines(keepends=True):
        if line.startswith("$ "):
            steps.append([line[2:], ""])
        elif going_on:
            steps[-1][0] += line
        else:
            steps[-1][1] += line
        going_on = (line.startswith("$ ") or going_on) and line.endswith("\\\n")
    return steps
