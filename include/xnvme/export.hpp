// XNVME_API marks what the shared library shows. Everything else is compiled hidden, so a function
// or class without the mark can be called inside the library and from the static library alone.
// Mark a class whose members are defined in a source file, and a free function; templates, inline
// functions and plain structs need no mark.
#pragma once

// On Windows the library is an archive, where every symbol is visible already.
#if defined(_WIN32)
#define XNVME_API
#else
#define XNVME_API __attribute__((visibility("default")))
#endif
