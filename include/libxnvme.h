/// \file
/// The C API, whole: source- and layout-compatible with the public C API of xNVMe 0.7.5.
///
/// Functions that return `int` return 0 (or a count, where they say so) or a negative errno;
/// functions that return a pointer return NULL and set errno. `xnvme_error_sentence`, of
/// libxnvme_more.h, gives the reason in words. NULL for a handle is harmless everywhere.
#pragma once

#include <libxnvme_adm.h>
#include <libxnvme_be.h>
#include <libxnvme_buf.h>
#include <libxnvme_cli.h>
#include <libxnvme_cmd.h>
#include <libxnvme_dev.h>
#include <libxnvme_file.h>
#include <libxnvme_geo.h>
#include <libxnvme_ident.h>
#include <libxnvme_kvs.h>
#include <libxnvme_lba.h>
#include <libxnvme_libconf.h>
#include <libxnvme_mem.h>
#include <libxnvme_nvm.h>
#include <libxnvme_opts.h>
#include <libxnvme_pi.h>
#include <libxnvme_pp.h>
#include <libxnvme_queue.h>
#include <libxnvme_quick.h>
#include <libxnvme_spec.h>
#include <libxnvme_spec_fs.h>
#include <libxnvme_spec_pp.h>
#include <libxnvme_topology.h>
#include <libxnvme_util.h>
#include <libxnvme_ver.h>
#include <libxnvme_znd.h>
