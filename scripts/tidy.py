#!/usr/bin/env python3
"""Runs clang-tidy over the files named on standard input, as many at once as there are processors.

A file that passed is remembered by what clang-tidy saw of it: its text after the preprocessor,
comments included, the configuration, and the program's version. The same text is not checked twice.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

TIDY = "clang-tidy-19"
KEPT_SECONDS = 30 * 24 * 3600


def preprocessed(entry):
    words = shlex.split(entry["command"])
    # Without the launcher in front, the output, and the separate step that writes dependencies.
    start = next(i for i, word in enumerate(words) if "clang++" in os.path.basename(word))
    words = words[start:]
    output = words.index("-o")
    del words[output : output + 2]
    words += ["-E", "-P", "-C"]
    return subprocess.run(words, cwd=entry["directory"], check=True, stdout=subprocess.PIPE).stdout


def check(path, entry, build, memory, salt):
    key = hashlib.sha256(salt + path.encode() + b"\0" + preprocessed(entry)).hexdigest()
    stamp = memory / key
    if stamp.exists():
        os.utime(stamp)
        return True, True, ""
    run = subprocess.run(
        [TIDY, "--quiet", "-p", build, path],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
    )
    if run.returncode == 0:
        stamp.touch()
        return True, False, ""
    return False, False, run.stdout or run.stderr


def main():
    build, memory = sys.argv[1], pathlib.Path(sys.argv[2])
    memory.mkdir(parents=True, exist_ok=True)
    for stamp in memory.iterdir():
        if stamp.stat().st_mtime < time.time() - KEPT_SECONDS:
            stamp.unlink()
    entries = {
        entry["file"]: entry
        for entry in json.loads(pathlib.Path(build, "compile_commands.json").read_text())
    }
    version = subprocess.run([TIDY, "--version"], check=True, stdout=subprocess.PIPE).stdout
    salt = version + pathlib.Path(".clang-tidy").read_bytes()
    # The files that this system does not compile have no compile command.
    files = [path for path in sys.stdin.read().split() if os.path.abspath(path) in entries]
    failed = remembered = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        work = [
            pool.submit(check, path, entries[os.path.abspath(path)], build, memory, salt)
            for path in files
        ]
        for done in concurrent.futures.as_completed(work):
            passed, known, text = done.result()
            remembered += known
            failed += not passed
            print(text, end="", flush=True)
    print(f"    {len(files)} files, {remembered} of them known from before, {failed} with findings")
    return 1 if failed else 0


sys.exit(main())
