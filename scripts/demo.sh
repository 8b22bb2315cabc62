#!/usr/bin/env bash
# Makes a file, a loop device and, where there is one free, a zram device; drives them and a model
# device through every interface; takes them away again.
#
#   scripts/demo.sh BUILD_DIR
set -euo pipefail
build=${1:-build}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/xnvme-demo.XXXXXX")
loop=
zram=

clean_up() {
    [ -z "$loop" ] || losetup -d "$loop" || true
    [ -z "$zram" ] || echo 1 >"/sys/block/${zram#/dev/}/reset" || true
    rm -rf "$work"
}
trap clean_up EXIT

truncate -s 32M "$work/file"
targets=("$work/file")
notes=()

if [ "$(id -u)" -ne 0 ]; then
    notes+=("No block device: a loop or zram device takes root. Run it as root to see them.")
elif [ ! -e /dev/loop-control ]; then
    notes+=("No loop device: this kernel has no /dev/loop-control.")
else
    truncate -s 32M "$work/disk"
    loop=$(losetup --find --show "$work/disk")
    targets+=("$loop")
fi
if [ "$(id -u)" -eq 0 ] && [ -e /sys/block/zram0/disksize ] &&
    [ "$(cat /sys/block/zram0/disksize)" = 0 ]; then
    echo 32M >/sys/block/zram0/disksize
    zram=/dev/zram0
    targets+=("$zram")
else
    notes+=("No zram device: /dev/zram0 is absent, in use, or not ours to set up.")
fi
targets+=(mem:64MiB)

for note in ${notes[@]+"${notes[@]}"}; do echo "$note"; done
"$build/examples/demo" "${targets[@]}"

cat <<END

What was chosen for the file, and why:
END
"$build/bin/xnvme" info "$work/file" --explain
cat <<END

Next: '$build/bin/xnvme --help', the examples in examples/, the API in include/xnvme/.
END
