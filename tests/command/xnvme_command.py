"""What the tests of the command share: running it, and files and loop devices to run it on."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest


def binary():
    """The built command: XNVME in the environment, or the first argument that names a program."""
    path = os.environ.get("XNVME")
    if not path and len(sys.argv) > 1 and os.access(sys.argv[1], os.X_OK):
        path = sys.argv.pop(1)
    if not path:
        sys.exit("Set XNVME to the path of the built command, or give it as the first argument.")
    return path


BINARY = binary()


class CommandTest(unittest.TestCase):
    """A test with a folder of its own, which is removed afterwards."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="xnvme-command-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, size=0, content=None):
        """A file with these bytes, or with `size` bytes that differ from place to place."""
        if content is None:
            content = bytes((i * 7 + i // 256) & 0xFF for i in range(size))
        with open(self.path(name), "wb") as out:
            out.write(content)
        return self.path(name)

    def bytes_of(self, path):
        with open(path, "rb") as content:
            return content.read()

    def run_command(self, *arguments, stdin=b"", timeout=120):
        return subprocess.run([BINARY, *map(str, arguments)], input=stdin, capture_output=True,
                              timeout=timeout, check=False)

    def succeed(self, *arguments, stdin=b""):
        """Runs a command that has to succeed and to say nothing on standard error. Its output."""
        done = self.run_command(*arguments, stdin=stdin)
        self.assertEqual(done.stderr.decode(), "", msg=arguments)
        self.assertEqual(done.returncode, 0, msg=arguments)
        return done.stdout

    def text(self, *arguments, stdin=b""):
        return self.succeed(*arguments, stdin=stdin).decode()

    def json(self, *arguments, stdin=b""):
        return json.loads(self.succeed(*arguments, "--output", "json", stdin=stdin))

    def fail_with(self, code, *arguments, says=(), stdin=b""):
        """Runs a command that has to fail with this code, with these words on standard error and
        nothing on standard output. The message."""
        done = self.run_command(*arguments, stdin=stdin)
        message = done.stderr.decode()
        self.assertEqual(done.returncode, code, msg=f"{arguments}: {message}")
        self.assertEqual(done.stdout.decode(), "", msg=arguments)
        for word in [says] if isinstance(says, str) else says:
            self.assertIn(word, message)
        self.assertTrue(message.startswith("xnvme"), msg=message)
        self.assertLessEqual(len(message.strip().splitlines()), 2, msg=message)
        return message

    def loop_device(self, size, *options):
        """A loop device over a fresh file; needs root. It is detached afterwards."""
        backing = self.file("loop.img", content=b"\0" * size)
        device = subprocess.run(["losetup", "--find", "--show", *options, backing], check=True,
                                capture_output=True, text=True).stdout.strip()
        self.addCleanup(subprocess.run, ["losetup", "--detach", device], check=True)
        return device


def is_linux_root():
    return sys.platform.startswith("linux") and os.geteuid() == 0


def main():
    unittest.main(verbosity=2)
