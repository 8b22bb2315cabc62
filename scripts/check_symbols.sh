#!/usr/bin/env bash
# Checks that the shared library shows what is public, and nothing else.
#   scripts/check_symbols.sh build/lib/libxnvmepp.so
set -euo pipefail
library=$1

shown=$(nm -DC --defined-only "$library" | awk '{ $1 = $2 = ""; sub(/^ +/, ""); print }')
if ! grep -q '^xnvme::version()' <<< "$shown"; then
    echo "$library does not show xnvme::version(): is the symbol map in force?" >&2
    exit 1
fi

# Version nodes are listed as symbols too.
prefix='(typeinfo for |typeinfo name for |vtable for |VTT for |guard variable for )?'
thunk='((non-virtual|virtual) thunk to )?'
leaked=$(grep -vE "^(XNVMEPP_0|LIBAIO_0.[14]|${prefix}xnvme::|${thunk}xnvme::)" <<< "$shown" || true)
if [[ -n $leaked ]]; then
    echo "$library shows symbols that are not public (mark nothing with XNVME_API outside" >&2
    echo "namespace xnvme, and see cmake/xnvmepp.map):" >&2
    echo "$leaked" >&2
    exit 1
fi
echo "$(wc -l <<< "$shown") symbols shown, all of them public"
