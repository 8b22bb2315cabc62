/// \file
/// Marks the functions that the shared library exports; everything else is hidden.
#pragma once

#if defined(_WIN32)
#define XNVME_API
#else
#define XNVME_API __attribute__((visibility("default")))
#endif
