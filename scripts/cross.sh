# Builds for other systems. macOS and FreeBSD are compiled and linked; Windows programs also run,
# under Wine.

cross_targets=(windows macos-x86_64 macos-arm64 freebsd-x86_64)

# A prefix of its own, which the first program takes twenty seconds to make.
export WINEPREFIX=$cache/wine WINEDEBUG=-all
wine=/usr/lib/wine/wine64
# The server stays up for this long after the last program: starting one for each program would
# cost seconds every time.
wine_server_keeps_s=120

start_wine() {
    mkdir -p "$cache"
    /usr/lib/wine/wineserver64 "-p$wine_server_keeps_s" 2> /dev/null || true
    heartbeat build/logs/wine-start.log "$wine" wineboot --init
}

stop_wine() { /usr/lib/wine/wineserver64 -k 2> /dev/null || true; }

cross_windows() {
    trap stop_wine EXIT
    step "windows: build" "./dev cross windows" configure_and_build windows
    step "windows: start Wine" "./dev cross windows" start_wine
    step "windows: unit tests under Wine" "./dev cross windows" \
        run_ctest windows-tests build/windows -L unit
    if has_conformance; then
        step "windows: conformance of the model device under Wine" "./dev cross windows" \
            run_conformance windows-conformance env XNVME_CONFORMANCE_TARGETS=model \
            "$wine" build/windows/tests/conformance.exe
    fi
    stop_wine
}

# The C++ library of each system is compiled on one core, so the systems go side by side.
build_with_zig() {
    local preset status=0
    local -a builds=()
    for preset in "$@"; do
        configure_and_build "$preset" &
        builds+=($!)
    done
    for build in "${builds[@]}"; do
        wait "$build" || status=1
    done
    return $status
}

cross_all() {
    local target windows=0
    local -a zig_targets=()
    (($# > 0)) || set -- "${cross_targets[@]}"
    for target in "$@"; do
        case $target in
            windows) windows=1 ;;
            macos-x86_64 | macos-arm64 | freebsd-x86_64) zig_targets+=("$target") ;;
            *)
                say "./dev cross: there is no '$target'; these are: ${cross_targets[*]}" >&2
                exit 2
                ;;
        esac
    done
    step "packages for the other systems" "./dev deps" need_packages "${packages_build[@]}" \
        googletest "${packages_cross[@]}"
    step "Zig" "./dev deps" need_zig
    if ((windows)); then
        cross_windows
    fi
    if ((${#zig_targets[@]} > 0)); then
        step "${zig_targets[*]}: compile and link" "./dev cross ${zig_targets[*]}" \
            build_with_zig "${zig_targets[@]}"
    fi
}

verb_cross() {
    cross_all "$@"
    steps_summary
}
