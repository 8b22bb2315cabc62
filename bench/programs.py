"""What is measured: the programs of bench/raw and bench/ours, and the targets that they read."""

import contextlib
import dataclasses
import os
import pathlib
import subprocess
import tempfile

TIMED_MIB = 64
COUNTED_MIB = 4  # Instructions are the same on a small device.


@dataclasses.dataclass(frozen=True)
class Program:
    """A program, and how it is called. `name` is what the reports call it."""
    name: str
    path: str
    interface: str
    flags: tuple = ()

    def argv(self, folder, target, depth, count, mode="poll"):
        # Threads that are polled for take the processor from themselves.
        if self.interface in THREADED:
            mode = "wait"
        argv = [str(pathlib.Path(folder) / self.path), "--device", target.device,
                "--interface", self.interface, "--depth", str(depth), "--count", str(count),
                "--mode", mode]
        if target.fill and self.path.startswith("ours/"):
            argv.append("--fill")
        return argv + list(self.flags) + (["--direct"] if target.direct else [])


THREADED = ("threads", "thrpool", "posix_aio")


def raw(name, path, interface):
    return Program(f"raw {name}", f"raw/{path}", interface)


def cpp(interface, *flags):
    return Program(" ".join(["C++", interface, *(flag.strip("-") for flag in flags)]),
                   "ours/reads", interface, flags)


def c(interface):
    return Program(f"C {interface}", "ours/reads_c", interface)


RAW_NIL = raw("inlined loop", "inlined", "nil")
# Checks each command, fills in all of it and calls it back, as a queue's rules ask.
FLOOR_NIL = raw("checked loop", "checked", "checked")
RAW_MEMORY = raw("inlined copy", "inlined", "memory")
RAW_PLAIN = raw("io_uring plain", "io_uring", "plain")
RAW_TUNED = raw("io_uring tuned", "io_uring", "tuned")
RAW_LIBAIO = raw("libaio batched", "libaio", "libaio")
# Fills in each request, as any layer above libaio has to: the program before it has its buffers and
# control blocks tied together.
FLOOR_LIBAIO = raw("libaio filled", "libaio", "filled")
FLOORS = {RAW_NIL: FLOOR_NIL, RAW_LIBAIO: FLOOR_LIBAIO}
RAW_PREAD = raw("pread", "pread", "pread")
RAW_THREADS = raw("threads and epoll", "threads", "threads")
RAW_POSIX_AIO = raw("posix_aio", "posix_aio", "posix_aio")
RAW_ON_FILES = (RAW_PLAIN, RAW_TUNED, RAW_LIBAIO, RAW_PREAD, RAW_THREADS, RAW_POSIX_AIO)
OURS_ON_FILES = tuple(cpp(name) for name in
                      ("default", "io_uring", "libaio", "emu", "thrpool", "posix_aio"))


def built(folder, programs):
    """Those that this build has: without liburing or libaio some are left out."""
    return [program for program in programs if (pathlib.Path(folder) / program.path).exists()]


@dataclasses.dataclass(frozen=True)
class Target:
    """Something to read. `note` says what it is."""
    name: str
    device: str
    note: str
    mode: str = "poll"
    direct: bool = False
    fill: bool = False  # It lives in the program, which has to write it first.


def fill(path, mebibytes):
    """Data that does not compress; of a file, it is in the page cache afterwards."""
    with open(path, "r+b" if os.path.exists(path) else "wb") as file:
        for _ in range(mebibytes):
            file.write(os.urandom(1 << 20))
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def nil(mebibytes):
    yield Target("nil", f"mem:{mebibytes}MiB", "no data moves: the library and the loop alone")


@contextlib.contextmanager
def model(mebibytes):
    yield Target("model", f"mem:{mebibytes}MiB", "the controller in memory, with its copy",
                 fill=True)


@contextlib.contextmanager
def cached_file(mebibytes):
    with tempfile.TemporaryDirectory(prefix="xnvme-bench.", dir="/var/tmp") as folder:
        path = os.path.join(folder, "file")
        fill(path, mebibytes)
        yield Target("file", path, "a file in the page cache, on disk")


@contextlib.contextmanager
def tmpfs_file(mebibytes):
    with tempfile.TemporaryDirectory(prefix="xnvme-bench.", dir="/dev/shm") as folder:
        path = os.path.join(folder, "file")
        fill(path, mebibytes)
        yield Target("tmpfs", path, "a file on tmpfs, which has no NOWAIT", mode="wait")


@contextlib.contextmanager
def loop_device(mebibytes):
    with cached_file(mebibytes) as file:
        device = subprocess.run(["losetup", "--find", "--show", file.device], check=True,
                                capture_output=True, text=True).stdout.strip()
        try:
            yield Target("loop", device, "a loop device with O_DIRECT: really asynchronous",
                         mode="wait", direct=True)
        finally:
            subprocess.run(["losetup", "--detach", device], check=True)


@contextlib.contextmanager
def zram_device(mebibytes):
    control = pathlib.Path("/sys/class/zram-control")
    # Reading makes a new device and says its number.
    number = (control / "hot_add").read_text().strip()
    try:
        pathlib.Path(f"/sys/block/zram{number}/disksize").write_text(f"{mebibytes}M")
        device = f"/dev/zram{number}"
        fill(device, mebibytes)
        yield Target("zram", device, "a zram device with O_DIRECT, which has no NOWAIT",
                     mode="wait", direct=True)
    finally:
        (control / "hot_remove").write_text(number)


MAKERS = {
    "nil": nil,
    "model": model,
    "file": cached_file,
    "loop": loop_device,
    "zram": zram_device,
    "tmpfs": tmpfs_file,
}


@contextlib.contextmanager
def make_target(name, mebibytes):
    """The target, or a sentence why this machine has none."""
    with contextlib.ExitStack() as stack:
        try:
            target = stack.enter_context(MAKERS[name](mebibytes))
        except (OSError, subprocess.CalledProcessError) as error:
            target = f"{name} cannot be made here (it takes root and the kernel's module): {error}"
        yield target


def memory_on(name):
    """What is asked how much memory a queue of each interface keeps."""
    interfaces = {"file": ("nil", "emu", "io_uring", "libaio", "thrpool", "posix_aio"),
                  "model": ("emu", "thrpool")}[name]
    return [Program(f"memory {interface}", "ours/memory", interface) for interface in interfaces]


def programs_on(target):
    """What reads a target, raw programs first."""
    if target == "nil":
        return [RAW_NIL, FLOOR_NIL, cpp("nil"), c("nil")]
    if target == "model":
        return [RAW_MEMORY, cpp("default"), c("default"), cpp("thrpool")]
    return [*RAW_ON_FILES, *OURS_ON_FILES, c("io_uring")]
