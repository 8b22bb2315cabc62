#!/usr/bin/env bash
# Runs a program on a device that is made for it, and takes the device away again.
#   tests/capi/on.sh TARGET PROGRAM [KEY=VALUE...]
#
#   folder      a folder, as the only argument
#   file        a file on disk
#   loop, zram  block devices, for which it takes root
#   mem:...     a model device; so it is with every other word that names a device
set -euo pipefail
target=$1
program=$2
shift 2
work=$(mktemp -d /var/tmp/xnvme-capi.XXXXXX)
loop='' zram=''

# What was made last goes first.
clean() {
    [[ -z $loop ]] || losetup --detach "$loop"
    [[ -z $zram ]] || echo "$zram" > /sys/class/zram-control/hot_remove
    rm -rf "$work"
}
trap clean EXIT

case $target in
    folder) set -- "$work" ;;
    file)
        truncate --size 64M "$work/file"
        set -- "$work/file" "$@"
        ;;
    loop)
        truncate --size 64M "$work/file"
        loop=$(losetup --find --show "$work/file")
        set -- "$loop" "$@"
        ;;
    zram)
        zram=$(cat /sys/class/zram-control/hot_add)
        echo 64M > "/sys/block/zram$zram/disksize"
        set -- "/dev/zram$zram" "$@"
        ;;
    *) set -- "$target" "$@" ;;
esac
"$program" "$@"
