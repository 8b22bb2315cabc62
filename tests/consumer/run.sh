#!/usr/bin/env bash
# Installs a build aside and compiles a program against it in every way that a stranger would.
#   tests/consumer/run.sh BUILD_DIR COMPILER
set -euo pipefail
build=$1
compiler=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

cmake --install "$build" --prefix "$prefix" > "$work/install.log"

check() {
    local name=$1
    shift
    local said
    said=$("$@")
    [[ $said == xnvmepp\ [0-9]* ]] || { echo "$name: printed '$said'" >&2; exit 1; }
    echo "$name: $said"
}

cmake -S "$here" -B "$work/cmake" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_PREFIX_PATH="$prefix" > "$work/configure.log"
cmake --build "$work/cmake" > "$work/build.log" || { cat "$work/build.log" >&2; exit 1; }
check "find_package, shared" "$work/cmake/consumer_shared"
check "find_package, static" "$work/cmake/consumer_static"
# Not with a pipe into `grep -q`, which may end before ldd has written all of it.
[[ $(ldd "$work/cmake/consumer_shared") == *libxnvmepp.so* ]] ||
    { echo "consumer_shared was not linked with the shared library" >&2; exit 1; }
[[ $(ldd "$work/cmake/consumer_static") != *libxnvmepp.so* ]] ||
    { echo "consumer_static was linked with the shared library" >&2; exit 1; }

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name xnvmepp.pc)")
export PKG_CONFIG_PATH
libdir=$(pkg-config --variable=libdir xnvmepp)
read -ra flags <<< "$(pkg-config --cflags --libs xnvmepp)"
"$compiler" -std=c++23 "$here/consumer.cpp" "${flags[@]}" -o "$work/pkg_shared"
check "pkg-config, shared" env LD_LIBRARY_PATH="$libdir" "$work/pkg_shared"

read -ra flags <<< "$(pkg-config --static --cflags --libs xnvmepp)"
flags=("${flags[@]/#-lxnvmepp/-l:libxnvmepp.a}")
"$compiler" -std=c++23 "$here/consumer.cpp" "${flags[@]}" -o "$work/pkg_static"
check "pkg-config, static" "$work/pkg_static"
