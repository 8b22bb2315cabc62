/// \file
/// What the shared library exports. Everything else in it is hidden.
#pragma once

#if defined(_WIN32)
#define XNVME_API
#else
#define XNVME_API __attribute__((visibility("default")))
#endif
