# What the verbs of ./dev do.

# configure PRESET, build PRESET [TARGET...]: the words go to build/logs/.
configure() {
    mkdir -p build/logs
    heartbeat "build/logs/$1-configure.log" cmake --preset "$1"
}

build() {
    local preset=$1
    shift
    local -a targets=()
    (($# == 0)) || targets=(--target "$@")
    heartbeat "build/logs/$preset-build.log" cmake --build --preset "$preset" "${targets[@]}"
}

configure_and_build() {
    configure "$1"
    build "$@"
}

build_release() {
    step "packages" "./dev deps" need_packages "${packages_build[@]}" "${packages_test[@]}"
    step "release build" "./dev build" configure_and_build release
}

verb_build() {
    build_release
    steps_summary
    say "built: build/bin/xnvme and build/lib; install with: cmake --install build --prefix P"
}

verb_demo() {
    build_release
    exec bash "$root/scripts/demo.sh" "$root/build"
}

verb_bench() {
    step "packages" "./dev deps" need_packages "${packages_build[@]}" "${packages_test[@]}" \
        "${packages_bench[@]}" >&2
    step "release build" "./dev build" configure_and_build release bench >&2
    exec python3 bench/bench.py "$@"
}

# A report of a sanitizer ends the program, and tells how it came there.
export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# --- tests on this machine ---------------------------------------------------------------------

# Writes the number of tests that ran to build/logs/NAME-count: the cases of a GoogleTest or Python
# program are counted, any other program is one.
run_ctest() {
    local name=$1 dir=$2 log=build/logs/$1.log
    shift 2
    ctest --test-dir "$dir" --parallel "$(nproc)" --output-on-failure --no-tests=error "$@" 2>&1 |
        tee "$log" |
        grep -E '(Passed|Failed|\*\*\*|tests passed)' || true
    # The filter above must not hide ctest's own verdict.
    grep -q '^100% tests passed' "$log" || { tail -n 200 "$log" >&2; return 1; }
    awk '
        /^----------------------------------------------------------$/ { next }
        /^[0-9]+\/[0-9]+ Testing: / { programs++ }
        /^\[==========\] [0-9]+ tests? from .* ran\./ { programs--; cases += $2 }
        /^Ran [0-9]+ tests? in / { programs--; cases += $2 }
        END { print programs + cases }
    ' "$dir/Testing/Temporary/LastTest.log" > "build/logs/$name-count"
}

# show_failed_cases LOG: what GoogleTest said of those, and nothing of the others.
show_failed_cases() {
    awk '
        /^\[ RUN / { block = ""; inside = 1 }
        inside { block = block $0 "\n" }
        /^\[  FAILED  \]/ { printf "%s", block; block = ""; inside = 0 }
        /^\[       OK \]/ { block = ""; inside = 0 }
        END { printf "%s", block }
    ' "$1" | head -n 400 >&2
    say "(all of it is in $1)" >&2
}

# run_conformance NAME COMMAND...: runs the conformance program with a line of progress now and then,
# shows its table of interfaces, and of the cases only those that failed.
run_conformance() {
    local name=$1 log=build/logs/$1.log status=0
    shift
    heartbeat "$log" "$@" 2> /dev/null || status=$?
    ((status == 0)) || show_failed_cases "$log"
    sed -n '/^Cases per interface/,$p' "$log"
    sed -n 's/^\[==========\] \([0-9]*\) tests\? from .* ran\..*/\1/p' "$log" | tail -n 1 \
        > "build/logs/$name-count"
    ((status == 0)) && [[ -s build/logs/$name-count ]] ||
        { say "$name: exit status $status" >&2; return 1; }
}

has_conformance() { compgen -G "tests/conformance/*.cpp" > /dev/null; }

# All tests of one build. The conformance suite runs on its own, so that its table of interfaces is
# seen and not kept by ctest.
test_build() {
    local name=$1 dir=$2
    shift 2
    step "$name: unit, command and other tests" "ctest --test-dir $dir -LE conformance" \
        run_ctest "$name-tests" "$dir" -LE conformance "$@"
    if has_conformance; then
        step "$name: conformance" "$dir/tests/conformance" \
            run_conformance "$name-conformance" "$dir/tests/conformance"
    fi
}

test_release() {
    build_release
    test_build release build
}

# The second compiler, with its warnings as errors, and the sanitizers: one build for both.
build_asan() {
    step "packages for clang and its sanitizers" "./dev deps" need_packages "${packages_clang[@]}"
    step "clang build with ASan and UBSan" "cmake --preset asan && cmake --build --preset asan" \
        configure_and_build asan
}

test_asan() {
    build_asan
    test_build asan build/asan
}

# The cases with several threads, on the interfaces whose threads and mappings the sanitizer can see:
# libc starts those of POSIX aio behind its back, and liburing maps rings behind its back.
tsan_cases=$(printf 'Concurrent*async_%s_on_*:' emu thrpool nil libaio)

test_tsan() {
    step "TSan build" "cmake --preset tsan && cmake --build --preset tsan" \
        configure_and_build tsan unit_tests conformance
    # The sanitizer cannot place its shadow memory where the kernel moves mappings too far about.
    step "TSan: concurrent tests" "setarch -R ctest --test-dir build/tsan -L concurrent" \
        run_ctest tsan-tests build/tsan -L concurrent
    if has_conformance; then
        step "TSan: conformance, the cases with several threads" \
            "./dev test" \
            run_conformance tsan-conformance setarch -R build/tsan/tests/conformance \
            "--gtest_filter=$tsan_cases"
    fi
}

# Each decoder of foreign bytes for two seconds: enough to see that a target still runs and that what
# a few hundred thousand inputs can find is not there. tests/fuzz/fuzz.hpp tells how to go on longer.
run_fuzz() {
    local program count=0
    for program in build/fuzz/fuzz/fuzz_*; do
        [[ -x $program ]] || continue
        heartbeat "build/logs/$(basename "$program").log" \
            "$program" -max_total_time=2 -max_len=8192 -len_control=0 -artifact_prefix=build/logs/ ||
            { say "$program found something; the input is in build/logs" >&2; return 1; }
        count=$((count + 1))
    done
    ((count > 0)) || { say "build/fuzz holds no fuzz targets" >&2; return 1; }
    echo "$count" > build/logs/fuzz-count
}

test_fuzz() {
    step "packages for fuzzing" "./dev deps" need_packages "${packages_clang[@]}"
    step "fuzz build" "cmake --preset fuzz && cmake --build --preset fuzz -t fuzz_targets" \
        configure_and_build fuzz fuzz_targets
    step "fuzz targets, two seconds each" "./dev test" run_fuzz
}

# --- tests in the emulated machine ---------------------------------------------------------------

# run_guest SET NAME COMMAND...: boots the set once for the command, with the parts and words of
# run_conformance.
run_guest() {
    local set=$1 name=$2 log=build/logs/$2.log status=0
    shift 2
    # A machine with other work takes twice as long as one without.
    heartbeat "$log" "$root/dev" guest --set "$set" --timeout 1200 -- "$@" 2> /dev/null ||
        status=$?
    if ((status != 0)); then
        show_failed_cases "$log"
        grep -aE -A 25 '^(---.*FAILED|\./dev guest:|guest:|FAIL:|ERROR:)' "$log" >&2 || true
    fi
    sed -n '/^Cases per interface/,/^---/p' "$log" | grep -v '^---' || true
    awk '
        /^\[==========\] [0-9]+ tests? from .* ran\./ { count += $2 }
        /^Ran [0-9]+ tests? in / { count += $2 }
        END { print count + 0 }
    ' "$log" > "build/logs/$name-count"
    ((status == 0 && $(< "build/logs/$name-count") > 0)) ||
        { say "$name: exit status $status" >&2; return 1; }
}

test_guest() {
    local set
    step "guest: packages, kernels" "./dev deps" guest_prepare_all
    for set in "${guest_sets[@]}"; do
        step "guest: $set" "./dev guest --set $set -- tests/guest/run.sh build" \
            run_guest "$set" "guest-$set" tests/guest/run.sh build
    done
    # Bad input among them, again with the sanitizers watching.
    for set in nvm zoned fdp; do
        step "guest: $set, with ASan and UBSan" \
            "./dev guest --set $set -- build/asan/tests/guest_tests" \
            run_guest "$set" "guest-$set-asan" build/asan/tests/guest_tests
    done
}

tell_totals() {
    local file count total=0
    steps_summary
    say ""
    for file in build/logs/*-count; do
        count=$(< "$file")
        printf '  %6d  %s\n' "$count" "$(basename "$file" -count)"
        total=$((total + count))
    done
    say ""
    say "ALL PASSED: $total tests in $(clock $((SECONDS - steps_started)))"
}

verb_test() {
    rm -f build/logs/*-count
    case ${1:-} in
        --quick) test_release ;;
        '')
            test_release
            test_asan
            test_guest
            test_tsan
            test_fuzz
            cross_all
            ;;
        --guest)
            build_release
            build_asan
            test_guest
            ;;
        *)
            say "./dev test: there is no '$1'; without an option everything on this machine runs," \
                "with --quick the release build and its tests, with --guest the tests of the" \
                "emulated machine" >&2
            exit 2
            ;;
    esac
    tell_totals
}
