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

cross_one() {
    case $1 in
        windows) cross_windows ;;
        macos-* | freebsd-*)
            step "$1: build" "./dev cross $1" configure_and_build "$1"
            ;;
        *)
            say "./dev cross: there is no '$1'; these are there: ${cross_targets[*]}" >&2
            exit 2
            ;;
    esac
}

cross_all() {
    local target
    step "packages for the other systems" "./dev deps" need_packages "${packages_build[@]}" \
        googletest "${packages_cross[@]}"
    step "Zig" "./dev deps" need_zig
    for target in "${@:-${cross_targets[@]}}"; do
        cross_one "$target"
    done
}

verb_cross() {
    cross_all "$@"
    steps_summary
}
