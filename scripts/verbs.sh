# What the verbs of ./dev do.

# configure_and_build PRESET [TARGET...]
configure_and_build() {
    local preset=$1
    shift
    local -a targets=()
    (($# == 0)) || targets=(--target "$@")
    mkdir -p build
    heartbeat "build/$preset-configure.log" cmake --preset "$preset"
    heartbeat "build/$preset-build.log" cmake --build --preset "$preset" "${targets[@]}"
}

verb_build() {
    step "packages" "./dev deps" need_packages "${packages_build[@]}" "${packages_test[@]}"
    step "release build" "./dev build" configure_and_build release
    steps_summary
    say "built: $root/build/bin/xnvme"
}

verb_demo() { say "not here yet" >&2; exit 1; }
verb_test() { say "not here yet" >&2; exit 1; }
verb_cross() { say "not here yet" >&2; exit 1; }
verb_lint() { say "not here yet" >&2; exit 1; }
verb_bench() { say "not here yet" >&2; exit 1; }
