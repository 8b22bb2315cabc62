# Formatting, clang-tidy, and the rules of the house that a program can check. Each check names the
# file and what to do about it.

our_files() { git ls-files --cached --others --exclude-standard -- "$@"; }

lint_format() {
    local -a files
    mapfile -t files < <(our_files '*.cpp' '*.hpp' '*.h')
    clang-format-19 --dry-run --Werror "${files[@]}" 2> build/logs/lint-format.log && return 0
    sed -n 's/^\([^: ]*\):\([0-9]*\):[0-9]*: error: .*/\1 \2/p' build/logs/lint-format.log |
        awk '!seen[$1]++ { print "  " $1 ":" $2 ": not formatted; fix: ./dev lint --fix" }' >&2
    return 1
}

# One header, alone, with both compilers.
lint_header() {
    local header=$1 compiler status=0
    for compiler in g++ clang++-19; do
        "$compiler" -std=c++23 -Wall -Wextra -Wconversion -Werror -fsyntax-only -Iinclude \
            -Ibuild/generated -x c++ - <<< "#include <$header>" || {
            echo "  include/$header: does not compile alone with $compiler; include what it uses" >&2
            status=1
        }
    done
    return $status
}

lint_headers() {
    export -f lint_header
    {
        (cd include && find . -name '*.hpp' -o -name '*.h') | sed 's|^\./||'
        echo xnvme/version.hpp
    } | sort -u | xargs -P "$(nproc)" -I{} bash -c 'lint_header "$1"' - {}
}

# The headers of a public header are the standard library's and ours: a user installs nothing else.
lint_public_includes() {
    local ours='xnvme/[a-z_/]+\.hpp|[a-z_]+|libxnvme[a-z_]*\.h' found
    local c='errno|inttypes|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|sys/types|sys/uio|time'
    found=$(grep -rnE '^ *# *include' include | grep -vE "# *include <($ours|($c)\.h)>" || true)
    [[ -z $found ]] && return 0
    echo "$found" | sed 's/^/  /' >&2
    echo "  a public header includes the standard library and <xnvme/...> only" >&2
    return 1
}

lint_sizes() {
    local file lines status=0
    while read -r file; do
        lines=$(wc -l < "$file")
        ((lines <= 800)) && continue
        echo "  $file: $lines lines; split it where a reader would (800 is the limit)" >&2
        status=1
    done < <(our_files '*.cpp' '*.hpp' '*.h' '*.py' '*.sh' '*.cmake' dev)
    return $status
}

# Which system it is decides which files are compiled; inside a file only src/os and the registry
# may ask. export.hpp has no other way to mark a symbol.
lint_platform() {
    local found
    found=$(our_files '*.cpp' '*.hpp' '*.h' |
        grep -vE '^(src/os/|src/core/registry[^/]*$|include/xnvme/export\.hpp$)' |
        xargs grep -nE '^ *# *(if|ifdef|ifndef|elif).*(_WIN32|_WIN64|__linux__|__FreeBSD__|__APPLE__|__unix__|__MINGW)' ||
        true)
    [[ -z $found ]] && return 0
    echo "$found" | sed 's/^/  /' >&2
    echo "  move what depends on the system into src/os, or into a folder named after it" >&2
    return 1
}

lint_guards() {
    local file status=0
    while read -r file; do
        grep -q '^#pragma once' "$file" && continue
        echo "  $file: a header begins with #pragma once" >&2
        status=1
    done < <(our_files '*.hpp')
    return $status
}

# Reads the compile commands of a clang build, so that it sees the flags clang understands.
lint_tidy() {
    our_files 'src/*.cpp' 'tools/*.cpp' 'examples/*.cpp' | grep -v '_test\.cpp$' |
        python3 scripts/tidy.py build/lint "$cache/tidy"
}

fix_format() {
    local -a files
    mapfile -t files < <(our_files '*.cpp' '*.hpp' '*.h')
    clang-format-19 -i "${files[@]}"
}

verb_lint() {
    local again="./dev lint"
    mkdir -p build/logs
    step "packages" "./dev deps" need_packages "${packages_build[@]}" googletest \
        "${packages_lint[@]}"
    [[ ${1:-} != --fix ]] || step "format all files" "$again --fix" fix_format
    step "formatting" "$again" lint_format
    step "file sizes" "$again" lint_sizes
    step "system tests stay in src/os" "$again" lint_platform
    step "header guards" "$again" lint_guards
    step "what public headers include" "$again" lint_public_includes
    step "configure" "$again" configure_for_lint
    step "public headers alone" "$again" lint_headers
    step "clang-tidy" "$again" lint_tidy
    steps_summary
    say "LINT PASSED"
}

configure_for_lint() {
    configure release
    # Without precompiled headers, which are not there unless that tree has been built.
    heartbeat build/logs/lint-configure.log cmake --preset clang -B build/lint \
        -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON
}
