# Named steps that are timed, that say where they are, and that stop at the first failure.

steps_started=$SECONDS
declare -a step_names=() step_seconds=()

say() { printf '%s\n' "$*"; }

# clock SECONDS prints minutes and seconds.
clock() { printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); }

# step NAME AGAIN COMMAND...: runs the command; AGAIN is the line that runs this step alone.
step() {
    local name=$1 again=$2
    shift 2
    local started=$SECONDS status=0
    say "==> $name"
    # A subshell with -e, so that any failing command inside a function fails the step.
    set +e
    (set -e; "$@")
    status=$?
    set -e
    local took=$((SECONDS - started))
    if ((status != 0)); then
        steps_summary
        say "FAILED: $name (after $(clock $took), exit status $status). This step alone: $again" >&2
        exit 1
    fi
    step_names+=("$name")
    step_seconds+=("$took")
    say "    done in $(clock $took)"
}

steps_summary() {
    ((${#step_names[@]} > 0)) || return 0
    say ""
    local i
    for i in "${!step_names[@]}"; do
        printf '  %7s  %s\n' "$(clock "${step_seconds[$i]}")" "${step_names[$i]}"
    done
    printf '  %7s  in all\n' "$(clock $((SECONDS - steps_started)))"
}

# heartbeat LOG COMMAND...: keeps the command's words in LOG, and says each half minute where it is.
heartbeat() {
    local log=$1 started=$SECONDS status=0 watcher
    shift
    (
        while sleep 30; do
            say "    ... $(clock $((SECONDS - started))) $(basename "$log" .log):" \
                "$(tail -n 1 "$log" | cut -c 1-90)"
        done
    ) &
    watcher=$!
    "$@" > "$log" 2>&1 || status=$?
    kill "$watcher" 2> /dev/null || true
    wait "$watcher" 2> /dev/null || true
    if ((status != 0)); then
        tail -n 120 "$log" >&2
        say "    (all of it is in $log)" >&2
    fi
    return "$status"
}
