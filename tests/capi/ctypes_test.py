"""The C API from Python, with the standard library alone: what a generator of bindings would make.

  LIBXNVME    the shared library
"""

import ctypes
import errno
import json
import os
import unittest

U8, U16, U32, U64 = ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64


class Opts(ctypes.Structure):
    _fields_ = [("be", ctypes.c_char_p), ("dev", ctypes.c_char_p), ("mem", ctypes.c_char_p),
                ("sync", ctypes.c_char_p), ("async_", ctypes.c_char_p), ("admin", ctypes.c_char_p),
                ("nsid", U32), ("rdonly", U8), ("wronly", U8), ("rdwr", U8), ("create", U8),
                ("truncate", U8), ("direct", U8), ("create_mode", U32), ("poll_io", U8),
                ("poll_sq", U8), ("register_files", U8), ("register_buffers", U8),
                ("css", U32 * 2), ("use_cmb_sqs", U32), ("shm_id", U32), ("main_core", U32),
                ("core_mask", ctypes.c_char_p), ("adrfam", ctypes.c_char_p),
                ("subnqn", ctypes.c_char_p), ("hostnqn", ctypes.c_char_p), ("admin_timeout", U32),
                ("command_timeout", U32), ("spdk_fabrics", U32), ("keep_alive_timeout_ms", U32)]


class Geo(ctypes.Structure):
    _fields_ = [("type", U32), ("npugrp", U32), ("npunit", U32), ("nzone", U32), ("nsect", U64),
                ("nbytes", U32), ("nbytes_oob", U32), ("tbytes", U64), ("ssw", U64),
                ("mdts_nbytes", U32), ("lba_nbytes", U32), ("lba_extended", U8), ("pi_type", U8),
                ("pi_loc", U8), ("pi_format", U8), ("rsvd", U8 * 4)]


class CmdCtx(ctypes.Structure):
    pass


CALLBACK = ctypes.CFUNCTYPE(None, ctypes.POINTER(CmdCtx), ctypes.c_void_p)
CmdCtx._fields_ = [("cmd", U8 * 64), ("result", U64), ("sqhd", U16), ("sqid", U16), ("cid", U16),
                   ("status", U16), ("dev", ctypes.c_void_p), ("queue", ctypes.c_void_p),
                   ("cb", CALLBACK), ("cb_arg", ctypes.c_void_p), ("opts", U32),
                   ("be_rsvd", U8 * 12)]


def load():
    lib = ctypes.CDLL(os.environ["LIBXNVME"], use_errno=True)
    lib.xnvme_opts_default.restype = Opts
    lib.xnvme_dev_open.restype = ctypes.c_void_p
    lib.xnvme_dev_open.argtypes = [ctypes.c_char_p, ctypes.POINTER(Opts)]
    lib.xnvme_dev_close.argtypes = [ctypes.c_void_p]
    lib.xnvme_dev_get_geo.restype = ctypes.POINTER(Geo)
    lib.xnvme_dev_get_geo.argtypes = [ctypes.c_void_p]
    lib.xnvme_buf_alloc.restype = ctypes.c_void_p
    lib.xnvme_buf_alloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    lib.xnvme_buf_free.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    lib.xnvme_cmd_ctx_from_dev.restype = CmdCtx
    lib.xnvme_cmd_ctx_from_dev.argtypes = [ctypes.c_void_p]
    transfer = [ctypes.POINTER(CmdCtx), U32, U64, U16, ctypes.c_void_p, ctypes.c_void_p]
    lib.xnvme_nvm_read.argtypes = lib.xnvme_nvm_write.argtypes = transfer
    lib.xnvme_queue_init.argtypes = [ctypes.c_void_p, U16, ctypes.c_int,
                                     ctypes.POINTER(ctypes.c_void_p)]
    lib.xnvme_queue_set_cb.argtypes = [ctypes.c_void_p, CALLBACK, ctypes.c_void_p]
    lib.xnvme_queue_get_cmd_ctx.restype = ctypes.POINTER(CmdCtx)
    lib.xnvme_queue_get_cmd_ctx.argtypes = [ctypes.c_void_p]
    lib.xnvme_queue_put_cmd_ctx.argtypes = [ctypes.c_void_p, ctypes.POINTER(CmdCtx)]
    lib.xnvme_queue_drain.argtypes = [ctypes.c_void_p]
    lib.xnvme_queue_term.argtypes = [ctypes.c_void_p]
    lib.xnvme_error_sentence.restype = ctypes.c_char_p
    return lib


LIB = load()


class Model(unittest.TestCase):
    def setUp(self):
        opts = LIB.xnvme_opts_default()
        self.dev = LIB.xnvme_dev_open(b"1GB", ctypes.byref(opts))
        self.assertTrue(self.dev, LIB.xnvme_error_sentence())
        self.addCleanup(LIB.xnvme_dev_close, self.dev)
        self.geo = LIB.xnvme_dev_get_geo(self.dev).contents

    def buffer(self, nbytes):
        address = LIB.xnvme_buf_alloc(self.dev, nbytes)
        self.assertTrue(address)
        self.addCleanup(LIB.xnvme_buf_free, self.dev, address)
        return address

    def test_structures_are_those_of_the_table(self):
        path = os.path.join(os.environ["SOURCE_DIR"], "tests/capi/abi_table.json")
        with open(path, encoding="utf-8") as file:
            structures = json.load(file)["structures"]
        for name, made in (("xnvme_opts", Opts), ("xnvme_geo", Geo), ("xnvme_cmd_ctx", CmdCtx)):
            self.assertEqual(ctypes.sizeof(made), structures[f"struct {name}"]["bytes"])
        for member, place in structures["struct xnvme_geo"]["members"].items():
            if hasattr(Geo, member):
                self.assertEqual(getattr(Geo, member).offset, place["offset"], member)

    def test_defaults(self):
        opts = LIB.xnvme_opts_default()
        self.assertEqual((opts.rdwr, opts.nsid, opts.create_mode), (1, 1, 0o600))
        self.assertEqual((opts.admin_timeout, opts.command_timeout), (60_000_000, 30_000_000))
        self.assertEqual((opts.be, opts.async_, opts.direct, opts.rdonly), (None, None, 0, 0))

    def test_reads_back_what_it_wrote(self):
        self.assertEqual(self.geo.tbytes, 1 << 30)
        nbytes = 8 * self.geo.lba_nbytes
        pattern = bytes((7 * i + i // 256) & 0xff for i in range(nbytes))
        written, read = self.buffer(nbytes), self.buffer(nbytes)
        ctypes.memmove(written, pattern, nbytes)
        ctx = LIB.xnvme_cmd_ctx_from_dev(self.dev)
        self.assertEqual(LIB.xnvme_nvm_write(ctypes.byref(ctx), 1, 100, 7, written, None), 0)
        self.assertEqual(LIB.xnvme_nvm_read(ctypes.byref(ctx), 1, 100, 7, read, None), 0)
        self.assertEqual(ctypes.string_at(read, nbytes), pattern)
        self.assertEqual(ctx.status, 0)

    def test_queue_with_a_callback_in_python(self):
        queue = ctypes.c_void_p()
        self.assertEqual(LIB.xnvme_queue_init(self.dev, 16, 0, ctypes.byref(queue)), 0)
        nbytes = self.geo.lba_nbytes
        written, read = self.buffer(nbytes), self.buffer(nbytes)
        ctypes.memmove(written, b"\xa5" * nbytes, nbytes)
        statuses = []

        def note(ctx, _):
            statuses.append(ctx.contents.status)
            LIB.xnvme_queue_put_cmd_ctx(queue, ctx)

        callback = CALLBACK(note)
        self.assertEqual(LIB.xnvme_queue_set_cb(queue, callback, None), 0)
        for slba in range(16):
            ctx = LIB.xnvme_queue_get_cmd_ctx(queue)
            self.assertTrue(ctx)
            self.assertEqual(LIB.xnvme_nvm_write(ctx, 1, slba, 0, written, None), 0)
        self.assertFalse(LIB.xnvme_queue_get_cmd_ctx(queue))
        self.assertEqual(ctypes.get_errno(), errno.EBUSY)
        self.assertEqual(LIB.xnvme_queue_drain(queue), 16)
        self.assertEqual(statuses, [0] * 16)
        ctx = LIB.xnvme_queue_get_cmd_ctx(queue)
        self.assertEqual(LIB.xnvme_nvm_read(ctx, 1, 15, 0, read, None), 0)
        self.assertEqual(LIB.xnvme_queue_drain(queue), 1)
        self.assertEqual(ctypes.string_at(read, nbytes), b"\xa5" * nbytes)
        self.assertEqual(LIB.xnvme_queue_term(queue), 0)

    def test_why_a_device_does_not_open(self):
        self.assertFalse(LIB.xnvme_dev_open(b"/no/such/device", None))
        self.assertEqual(ctypes.get_errno(), errno.ENOENT)
        self.assertIn(b"/no/such/device", LIB.xnvme_error_sentence())


if __name__ == "__main__":
    unittest.main()
