#!/bin/bash
# Runs in the guest, in the host's files: loads modules, waits for the devices of the set, tells the
# tests where they are, and runs the command. What stands beside it was written by scripts/guest.sh:
#
#   settings    modules, out, size: see guest_write_control there
#   roles       ROLE SERIAL NSID, a namespace; or ROLE SERIAL -, a controller
#   suite       ROLE KIND..., what the conformance suite runs on
#   command     what to run
here=/xnvme-guest
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# shellcheck source=/dev/null
source "$here/settings"
dmesg -n 1

mkdir -p /lib/modules
mount --bind "$modules_folder" /lib/modules
for module in nvme ${modules//,/ }; do
    modprobe "$module" || { echo "guest: the module $module does not load" >&2; exit 250; }
done
if [[ -n $out ]]; then
    mkdir -p "$out"
    mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=none out "$out" ||
        { echo "guest: the folder $out cannot be mounted" >&2; exit 250; }
    export XNVME_GUEST_OUT=$out
fi

# first_line FILE prints it without the blanks that pad a serial number.
first_line() {
    local line
    read -r line 2> /dev/null < "$1" && printf '%s' "${line%% *}"
}

# controllers_of SERIAL prints the names, with a + between them, once the driver has them all.
controllers_of() {
    local folder names= functions=0 live=0
    for folder in /sys/bus/pci/devices/*; do
        [[ $(first_line "$folder/class") != 0x010802 ]] || functions=$((functions + 1))
    done
    for folder in /sys/class/nvme/nvme*; do
        [[ $(first_line "$folder/state") == live ]] || continue
        live=$((live + 1))
        [[ $(first_line "$folder/serial") == "$1" ]] && names+=+${folder##*/}
    done
    ((live == functions)) && printf '%s' "${names#+}"
}

# controller_has CONTROLLER NSID: the kernel has found this namespace of it.
controller_has() {
    local file
    for file in "/sys/class/nvme/$1"/nvme*n*/nsid; do
        [[ $(first_line "$file") != "$2" ]] || return 0
    done
    return 1
}

# namespace_of SERIAL NSID prints the block device's name, once both of its nodes are there.
namespace_of() {
    local folder name
    for folder in /sys/block/nvme*; do
        name=${folder##*/}
        [[ $name == *c*n* ]] && continue
        [[ $(first_line "$folder/device/serial") == "$1" ]] || continue
        [[ $(first_line "$folder/nsid") == "$2" ]] || continue
        [[ -b /dev/$name && -c /dev/ng${name#nvme} ]] && printf '%s' "$name"
    done
}

# Prints the roles as the tests read them, ROLE=CONTROLLER[+CONTROLLER]:BLOCK:GENERIC with commas;
# fails with the first role whose device is not there yet.
find_roles() {
    local role serial nsid controllers one name all=
    while read -r role serial nsid; do
        controllers=$(controllers_of "$serial")
        name=
        [[ $nsid == - ]] || name=$(namespace_of "$serial" "$nsid")
        for one in ${controllers//+/ }; do
            [[ $nsid == - ]] || controller_has "$one" "$nsid" || name=
        done
        if [[ -z $controllers || ($nsid != - && -z $name) ]]; then
            printf '%s' "$role"
            return 1
        fi
        all+=,$role=$controllers:$name:${name:+ng${name#nvme}}
    done < "$here/roles"
    printf '%s' "${all#,}"
}

# The kernel looks for namespaces in the background, in no fixed order.
deadline=$((SECONDS + 30))
until found=$(find_roles); do
    if ((SECONDS >= deadline)); then
        echo "guest: the device $found did not appear within 30 seconds" >&2
        exit 250
    fi
    sleep 0.05
done
export XNVME_GUEST_DEVICES=$found

suite=
while read -r role kinds; do
    nodes=${found#*"$role="}
    nodes=${nodes%%,*}
    for kind in $kinds; do
        case $kind in
            block) path=/dev/$(cut -d : -f 2 <<< "$nodes") ;;
            generic) path=/dev/${nodes##*:} ;;
            *) path=$kind:/dev/${nodes##*:} ;;
        esac
        # On zones, the cases that write anywhere cannot run.
        [[ $role != zoned* ]] || path=zoned:$path
        suite+=,${role}_$kind=$path
    done
done < "$here/suite"
export XNVME_CONFORMANCE_NVME=${suite#,}

if [[ -f $here/shell ]]; then
    stty rows "${size% *}" cols "${size#* }" 2> /dev/null
    setsid --ctty --wait bash "$here/command" < /dev/hvc0 > /dev/hvc0 2>&1
else
    bash "$here/command" < /dev/null > "$here/stdout" 2> "$here/stderr"
fi
