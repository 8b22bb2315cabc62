#!/bin/bash
# Runs in the guest: the conformance suite on the devices of this set, the tests of guest_tests and
# the scripts that belong to it.
#
#   run.sh BUILD_DIR
build=$(cd "$1" && pwd) || exit 2
here=$(cd "$(dirname "$0")" && pwd)
set=$XNVME_GUEST_SET
status=0

# Huge pages for the memory interface of that name.
echo 64 > /proc/sys/vm/nr_hugepages

# part NAME COMMAND...: a part that runs no test at all has failed.
part() {
    local name=$1 log
    shift
    log=$(mktemp)
    echo "--- $set: $name"
    "$@" 2>&1 | tee "$log"
    if ((PIPESTATUS[0] != 0)); then
        echo "--- $set: $name FAILED"
        status=1
    elif ! grep -qE '^(\[==========\] [1-9][0-9]* tests?.* ran\.|Ran [1-9][0-9]* tests? in )' "$log"; then
        echo "--- $set: $name FAILED: it has no test for this set"
        status=1
    fi
}

if [[ -n $XNVME_CONFORMANCE_NVME ]]; then
    # The cases that are over no pair do not depend on a device, and run on the host.
    XNVME_CONFORMANCE_TARGETS=nvme part "conformance suite" \
        "$build/tests/conformance" '--gtest_filter=*_on_*'
fi
part "tests of these devices" "$build/tests/guest_tests"
for script in "$here/every"_*_test.py "$here/${set}"_*_test.py; do
    [[ -f $script ]] || continue
    XNVME=$build/bin/xnvme PYTHONPATH=$here:$here/../command PYTHONDONTWRITEBYTECODE=1 \
        part "$(basename "$script")" python3 "$script"
done
exit $status
