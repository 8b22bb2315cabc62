#!/usr/bin/env python3
"""Takes the kernel itself out of a bzImage: QEMU starts it a second sooner than the image.

    vmlinux.py BZIMAGE VMLINUX

Source: Documentation/arch/x86/boot.rst of Linux, "The Real-Mode Kernel Header".
"""
import lzma
import struct
import subprocess
import sys
import zlib


def unpacked(payload):
    if payload[:6] == b"\xfd7zXZ\0":
        return lzma.LZMADecompressor().decompress(payload)
    if payload[:4] == b"\x28\xb5\x2f\xfd":
        # The payload is followed by its length, which zstd takes for a broken second frame.
        return subprocess.run(["zstd", "-dcq"], input=payload, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False).stdout
    if payload[:2] == b"\x1f\x8b":
        return zlib.decompressobj(31).decompress(payload)
    sys.exit(f"vmlinux.py: the kernel is packed in a way that is not known: {payload[:8]!r}")


def main():
    with open(sys.argv[1], "rb") as file:
        image = file.read()
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    kernel = unpacked(image[start:start + length])
    if kernel[:4] != b"\x7fELF":
        sys.exit("vmlinux.py: what was unpacked is not an ELF file")
    with open(sys.argv[2], "wb") as file:
        file.write(kernel)


main()
