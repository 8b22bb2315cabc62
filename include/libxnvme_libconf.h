/// \file
/// How the library was configured. It has nothing to tell at compile time: programs ask
/// `xnvme_be_attr_list_bundled` which backends a build has.
#pragma once

#include <libxnvme_be.h>
#include <libxnvme_ver.h>
