# What each verb needs from the system, and how it gets there.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/xnvmepp
venv=$cache/venv

# Read by cmake/toolchains/zig-*. The first program for a system compiles that system's C++ library,
# which takes minutes, so the compiler's caches outlive the build folder.
export XNVME_ZIG_PYTHON=$venv/bin/python3
export ZIG_GLOBAL_CACHE_DIR=$cache/zig ZIG_LOCAL_CACHE_DIR=$cache/zig

packages_build=(
    ca-certificates ccache cmake g++ ninja-build pkgconf
    libaio-dev libcli11-dev libfmt-dev libisal-dev liburing-dev nlohmann-json3-dev
)
# The tests make loop devices and file systems, look at symbols, and run Python scripts.
packages_test=(googletest binutils e2fsprogs mount python3 procps util-linux valgrind)
packages_bench=(linux-perf strace)
# llvm-19 puts names to the addresses in a sanitizer's report.
packages_clang=(clang-19 libclang-rt-19-dev llvm-19)
packages_lint=(clang-19 clang-format-19 clang-tidy-19 git python3)
# The emulated machine; its kernels are not installed, see guest.sh.
packages_guest=(busybox-static cpio kmod python3 qemu-system-x86 util-linux xz-utils zstd)
packages_cross=(g++-mingw-w64-x86-64-posix python3 python3-pip python3-venv wine64)

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo "$@"
    else
        say "root is needed for: $* (become root, or install sudo)" >&2
        return 1
    fi
}

# need_packages PACKAGE...: installs those that are missing.
need_packages() {
    local package
    local -a missing=()
    for package in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null) == installed ]] ||
            missing+=("$package")
    done
    ((${#missing[@]} > 0)) || return 0
    if ! command -v apt-get > /dev/null; then
        say "this is not Debian; please install what these packages hold: ${missing[*]}" >&2
        return 1
    fi
    mkdir -p "$cache"
    say "    installing ${missing[*]}"
    local -a install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y
        --no-install-recommends "${missing[@]}")
    # A fresh machine has no package lists, and an old one may have lists of what is gone.
    if [[ -z $(find /var/lib/apt/lists -name '*_Packages*' -print -quit 2> /dev/null) ]]; then
        heartbeat "$cache/apt-update.log" as_root apt-get update
    elif heartbeat "$cache/apt-install.log" as_root "${install[@]}" 2> /dev/null; then
        return 0
    else
        say "    that failed; once more with fresh package lists"
        heartbeat "$cache/apt-update.log" as_root apt-get update
    fi
    heartbeat "$cache/apt-install.log" as_root "${install[@]}"
}

# The Zig compiler brings the headers and libraries of macOS and FreeBSD. 0.15's libc++ cannot
# compile std::expected.
need_zig() {
    if ! "$venv/bin/python3" -c 'import ziglang' 2> /dev/null; then
        say "    fetching the Zig compiler into $venv"
        mkdir -p "$cache"
        python3 -m venv --clear "$venv"
        heartbeat "$cache/pip.log" "$venv/bin/pip" install 'ziglang>=0.16,<1'
    fi
    mkdir -p "$cache/zig"
}

verb_deps() {
    step "packages" "./dev deps" need_packages "${packages_build[@]}" "${packages_test[@]}" \
        "${packages_bench[@]}" "${packages_clang[@]}" "${packages_lint[@]}" \
        "${packages_cross[@]}" "${packages_guest[@]}"
    step "kernels and QEMU for ./dev guest" "./dev deps" guest_prepare_all
    step "Zig" "./dev deps" need_zig
    steps_summary
}
