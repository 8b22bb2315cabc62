# The emulated machine: QEMU under software emulation, with Debian's kernel, NVMe devices, and the
# host's files. tests/guest/ holds what runs inside; docs/guest.md tells how to use it.

guest_cache=$cache/guest
# Where ./dev was called: a command runs in the same folder inside.
guest_folder=${OLDPWD:-$PWD}
# A status that no command is meant to use: the guest gave none.
guest_died=250

# --- what it is made of ------------------------------------------------------------------------

# The address of the mirror of Debian that this machine installs from, with its suite's name.
guest_mirror() {
    local codename
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    apt-get indextargets --format '$(REPO_URI) $(CODENAME)' "Codename: $codename" \
        "Origin: Debian" "Component: main" "Created-By: Packages" | head -n 1
}

# guest_apt VERSION TOOL WORD...: apt for a version. Backports have an index of their own in the
# cache, so that the machine's list of sources stays as it is.
guest_apt() {
    local version=$1 tool=$2 folder=$guest_cache/index
    shift 2
    local -a options=(-q -o APT::Sandbox::User=root)
    if [[ $version == backports ]]; then
        options+=(-o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder"
            -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null)
    fi
    "$tool" "${options[@]}" "$@"
}

# guest_index VERSION: brings the list of packages up to date.
guest_index() {
    local mirror suite keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    if [[ $1 == stable ]]; then
        heartbeat "$cache/apt-update.log" as_root apt-get update
        return
    fi
    read -r mirror suite < <(guest_mirror) || true
    if [[ -z ${suite:-} ]]; then
        say "this machine's apt has no suite of Debian to find backports beside: kernel 6.12 and" \
            "QEMU 10 cannot be had" >&2
        return 1
    fi
    mkdir -p "$guest_cache"/index/{lists,archives}/partial
    printf 'deb %s %s %s-backports main\n' "$([[ ! -f $keyring ]] || echo "[signed-by=$keyring]")" \
        "$mirror" "$suite" > "$guest_cache/index/sources.list"
    heartbeat "$guest_cache/apt-update.log" guest_apt backports apt-get update
}

# guest_unpack VERSION PACKAGE FOLDER: the package's files, below the folder.
guest_unpack() {
    local version=$1 package=$2 folder=$3 downloads=$guest_cache/downloads
    rm -rf "$downloads"
    mkdir -p "$downloads" "$folder"
    (cd "$downloads" && heartbeat "$guest_cache/apt-download.log" guest_apt "$version" \
        apt-get download "$package") || {
        say "the package $package cannot be had from Debian's $version suite" >&2
        return 1
    }
    dpkg-deb -x "$downloads"/*.deb "$folder"
    rm -rf "$downloads"
}

# The package of the newest kernel of a version, which linux-image-amd64 depends on.
guest_kernel_package() {
    guest_apt "$1" apt-cache show --no-all-versions linux-image-amd64 2> /dev/null |
        sed -n 's/^Depends: *\(linux-image-[^ ,]*\).*/\1/p'
}

# guest_kernel VERSION: the kernel and its modules, in $guest_cache/kernel-VERSION.
guest_kernel() {
    local version=$1 folder=$guest_cache/kernel-$1 new=$guest_cache/kernel-$1.new package release
    [[ ! -f $folder/vmlinux ]] || return 0
    say "    fetching the kernel of Debian 12 ($version)"
    guest_index "$version"
    package=$(guest_kernel_package "$version")
    [[ -n $package ]] || { say "linux-image-amd64 is not in Debian's $version suite" >&2; return 1; }
    rm -rf "$new"
    guest_unpack "$version" "$package" "$new"
    release=$(ls "$new/lib/modules")
    /sbin/depmod -b "$new" "$release"
    python3 "$root/tests/guest/vmlinux.py" "$new/boot/vmlinuz-$release" "$new/vmlinux"
    rm -rf "$folder" "$new/boot" "$new/usr"
    mv "$new" "$folder"
}

# guest_initramfs VERSION: a shell, init, and the modules that the host's files take to mount.
guest_initramfs() {
    local folder=$guest_cache/kernel-$1 tree release inputs module file
    release=$(ls "$folder/lib/modules")
    inputs=$(cat "$root/tests/guest/init" /bin/busybox <(declare -f guest_initramfs) | sha256sum)
    [[ ! -f $folder/initramfs || $inputs != "$(cat "$folder/initramfs.inputs")" ]] || return 0
    tree=$(mktemp -d "$guest_cache/initramfs.XXXXXX")
    mkdir -p "$tree"/{bin,dev,host,modules,new,proc,sys,upper}
    cp /bin/busybox "$tree/bin/"
    ln -s busybox "$tree/bin/sh"
    install -m 755 "$root/tests/guest/init" "$tree/init"
    for module in virtio_pci virtio_console 9pnet_virtio 9p overlay; do
        /sbin/modprobe -d "$folder" -S "$release" --show-depends "$module"
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' > "$tree/modules/files"
    while read -r file; do
        module=$(basename "${file%.xz}")
        case $file in
            *.xz) xz -dc "$file" > "$tree/modules/$module" ;;
            *) cp "$file" "$tree/modules/$module" ;;
        esac
        echo "$module"
    done < "$tree/modules/files" > "$tree/modules/order"
    (cd "$tree" && find . | cpio -o -H newc --quiet) > "$folder/initramfs.new"
    rm -rf "$tree"
    mv "$folder/initramfs.new" "$folder/initramfs"
    echo "$inputs" > "$folder/initramfs.inputs"
}

# Debian 12's own QEMU is installed; the newer one is unpacked beside it, and uses its libraries.
guest_qemu() {
    local folder=$guest_cache/qemu-$1 new=$guest_cache/qemu-$1.new package missing
    [[ $1 == backports && ! -x $folder/usr/bin/qemu-system-x86_64 ]] || return 0
    say "    fetching QEMU 10"
    guest_index "$1"
    rm -rf "$new"
    for package in qemu-system-x86 qemu-system-common qemu-system-data seabios; do
        guest_unpack "$1" "$package" "$new"
    done
    missing=$(ldd "$new/usr/bin/qemu-system-x86_64" | awk '/not found/ { print $1 }')
    if [[ -n $missing ]]; then
        say "QEMU 10 needs libraries that Debian 12's packages do not bring:" $missing >&2
        return 1
    fi
    rm -rf "$folder"
    mv "$new" "$folder"
}

# guest_prepare VERSION: everything above. One at a time, for several guests may start at once.
guest_prepare() {
    need_packages "${packages_guest[@]}"
    mkdir -p "$guest_cache"
    (
        flock 9
        guest_kernel "$1"
        guest_initramfs "$1"
        guest_qemu "$1"
    ) 9> "$guest_cache/lock"
}

guest_prepare_all() {
    guest_prepare stable
    guest_prepare backports
}

# --- the words of tests/guest/devices.sh -------------------------------------------------------

# guest_take SET: reads a set into the variables below. Images are named, and made later.
guest_take() {
    guest_set=$1 guest_version=stable guest_about=
    guest_append=() guest_devices=() guest_roles=() guest_images=() guest_suite=()
    declare -gA guest_serials=()
    "set_$1"
}

about() { guest_about=$1; }
needs() { guest_version=$1; }
append() { guest_append+=("$@"); }
subsystem() { guest_devices+=(-device "nvme-subsys,id=subsystem_$1${2:+,$2}"); }
port() { guest_devices+=(-device "pcie-root-port,id=port_$1,chassis=$2,slot=$2"); }

controller() {
    local options=${2:-} serial=$1
    if [[ ,$options == *,serial=* ]]; then
        serial=${options##*serial=}
        serial=${serial%%,*}
    else
        options=serial=$1${options:+,$options}
    fi
    guest_serials[$1]=$serial
    guest_devices+=(-device "nvme,id=$1,${options//subsys=/subsys=subsystem_}")
}

# option OPTIONS KEY prints the value, or 0.
option() {
    local value=,$1,
    [[ $value == *",$2="* ]] || { echo 0; return; }
    value=${value#*",$2="}
    echo "${value%%,*}"
}

# The image's name is the role's. QEMU keeps the metadata behind the data, in the same image. Keys
# that begin with `drive.` are of the image's drive.
namespace_device() {
    local options=${5:-} block metadata key namespace= drive=
    for key in ${options//,/ }; do
        case $key in
            drive.*) drive+=,${key#drive.} ;;
            *) namespace+=,$key ;;
        esac
    done
    block=$(option "$namespace" logical_block_size)
    metadata=$(option "$namespace" ms)
    guest_images+=("$1 $(($4 * 1024 * 1024 / block * (block + metadata)))")
    guest_devices+=(-drive "id=drive_$1,file=%images%/$1,if=none,format=raw,cache=unsafe,aio=threads,discard=unmap$drive"
        -device "nvme-ns,drive=drive_$1,bus=$2,nsid=$3$namespace")
}
namespace() {
    namespace_device "$@"
    guest_roles+=("$1 ${guest_serials[$2]} $3")
}
namespace_detached() {
    namespace_device "$@"
    guest_roles+=("$1 ${guest_serials[$2]} -")
}
suite() { guest_suite+=("$*"); }

# shellcheck source=tests/guest/devices.sh
source "$root/tests/guest/devices.sh"

guest_list() {
    local set role
    for set in "${guest_sets[@]}"; do
        guest_take "$set"
        printf '%s (%s)\n    %s\n   ' "$set" "$guest_version" "$guest_about"
        for role in "${guest_roles[@]}"; do printf ' %s' "${role%% *}"; done
        printf '\n'
    done
}

# --- running -----------------------------------------------------------------------------------

# Writes what enter.sh reads. The environment that tests look at goes along.
guest_write_control() {
    local control=$1 modules=$2 out=$3
    shift 3
    install -m 755 "$root/tests/guest/enter.sh" "$control/enter.sh"
    {
        printf 'modules=%q\nmodules_folder=%q\n' "$modules" \
            "$guest_cache/kernel-$guest_version/lib/modules"
        printf 'out=%q\nsize=%q\n' "$out" "$(stty size 2> /dev/null || echo 24 80)"
        printf 'export XNVME_GUEST_SET=%q XNVME_GUEST_SETS=%q\n' "$guest_set" "${guest_sets[*]}"
    } > "$control/settings"
    printf '%s\n' "${guest_roles[@]}" > "$control/roles"
    ((${#guest_suite[@]} == 0)) || printf '%s\n' "${guest_suite[@]}" > "$control/suite"
    touch "$control/suite" "$control/stdout" "$control/stderr"
    {
        export -p | grep -E '^declare -x (HOME|LANG|TERM|(XNVME|GTEST|ASAN|UBSAN|LSAN|TSAN|PYTHON)[A-Z_]*)=' ||
            true
        printf 'cd %q || exit 250\nexec' "$guest_folder"
        printf ' %q' "$@"
        printf '\n'
    } > "$control/command"
}

# guest_arguments CONTROL OUT: QEMU's words but for the devices.
guest_arguments() {
    local control=$1 out=$2 kernel=$guest_cache/kernel-$guest_version
    guest_words=(
        -accel tcg,thread=multi -cpu max -smp 2 -m 1G -nodefaults -no-user-config -display none
        -no-reboot -machine q35,hpet=off,smbus=off,sata=off,usb=off,vmport=off
        -kernel "$kernel/vmlinux" -initrd "$kernel/initramfs"
        -append "console=hvc0 quiet panic=-1 nokaslr mitigations=off rodata=off tsc=reliable \
no_timer_check random.trust_cpu=on cryptomgr.notests audit=0 ${guest_append[*]}"
        -device virtio-serial-pci -device virtconsole,chardev=console
        -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap
        -device virtio-9p-pci,fsdev=root,mount_tag=root
        -fsdev "local,id=control,path=$control,security_model=none,multidevs=remap"
        -device virtio-9p-pci,fsdev=control,mount_tag=control
    )
    [[ -z $out ]] || guest_words+=(
        -fsdev "local,id=out,path=$out,security_model=none,multidevs=remap"
        -device virtio-9p-pci,fsdev=out,mount_tag=out
    )
    guest_words+=("${guest_devices[@]//%images%/$control/images}")
}

# Says why there is no status, with the last words of the guest's kernel.
guest_tell_death() {
    local control=$1 status=$2 timeout=$3
    if ((status == 124 || status == 137)); then
        say "./dev guest: the guest was still running after $timeout s and was ended" >&2
    else
        say "./dev guest: the guest died before the command ended (QEMU's exit status: $status)" >&2
    fi
    if [[ -s $control/console ]]; then
        say "Its console:" >&2
        # The reason for a panic stands above a long list of calls.
        {
            head -n -12 "$control/console" | grep -aE 'panic|BUG:|Oops|Out of memory|guest:' || true
            tail -n 12 "$control/console"
        } | tr -d '\r' >&2
    fi
    [[ ! -s $control/qemu ]] || { say "QEMU said:" >&2; tail -n 10 "$control/qemu" >&2; }
}

# The command's two streams are files in the control folder, which these follow to their end.
guest_run() {
    local control=$1 timeout=$2 shell=$3 qemu=qemu-system-x86_64 status=0 image size machine
    local -a follow=() newer=()
    shift 3
    if [[ $guest_version == backports ]]; then
        local share=$guest_cache/qemu-backports/usr/share
        qemu=$guest_cache/qemu-backports/usr/bin/qemu-system-x86_64
        newer=(-L "$share/qemu" -L "$share/seabios")
    fi
    mkdir "$control/images"
    for image in "${guest_images[@]}"; do
        read -r image size <<< "$image"
        truncate -s "$size" "$control/images/$image"
    done
    if ((shell)); then
        touch "$control/shell"
        timeout --foreground -k 5 "$timeout" "$qemu" "${newer[@]}" "${guest_words[@]}" "$@" \
            -chardev stdio,id=console,signal=off 2> "$control/qemu" || status=$?
    else
        timeout -k 5 "$timeout" "$qemu" "${newer[@]}" "${guest_words[@]}" "$@" \
            -chardev "file,id=console,path=$control/console" < /dev/null 2> "$control/qemu" &
        machine=$!
        tail -q -n +1 -s 0.1 -f --pid=$machine "$control/stdout" &
        follow+=($!)
        tail -q -n +1 -s 0.1 -f --pid=$machine "$control/stderr" >&2 &
        follow+=($!)
        guest_machine=$machine
        wait "$machine" || status=$?
        wait "${follow[@]}" || true
    fi
    if [[ ! -s $control/status ]]; then
        guest_tell_death "$control" "$status" "$timeout"
        return $guest_died
    fi
    return "$(< "$control/status")"
}

guest_help() {
    cat <<'HELP'
./dev guest [OPTION...] -- COMMAND [WORD...]
./dev guest [OPTION...] --shell

Runs a command of this machine in an emulated machine with NVMe devices, and exits with its status.
The command sees this machine's files at the same paths; what it writes is gone afterwards, but for
what is in the folder of --out. It takes about 4 seconds to get there.

  --set NAME         the devices (default: nvm)
  --list             the sets, and what each holds
  --shell            a prompt on this terminal instead of a command
  --out FOLDER       a folder whose files stay; its path is in $XNVME_GUEST_OUT inside
  --timeout SECONDS  ends the guest after this long (default: 600; a shell has no limit)
  --modules A,B      kernel modules to load, besides nvme
  --append TEXT      words for the kernel's command line
  --qemu-arg WORD    a word for QEMU, as often as needed
  --help             this text

Inside, $XNVME_GUEST_DEVICES tells where each device of the set is, by the name that --list shows:
NAME=CONTROLLER:BLOCK:GENERIC, with commas between them.

The exit status is the command's, or 250 when the guest died or hung: then the end of its console is
shown.

Examples
  ./dev guest -- build/bin/xnvme enum
  ./dev guest --set zoned -- build/tests/guest_tests
  ./dev guest --set fdp --out /tmp/results -- sh -c 'dmesg > /tmp/results/dmesg'
  ./dev guest --set nvm --modules vfio-pci --append 'intel_iommu=on' \
      --qemu-arg -device --qemu-arg intel-iommu,intremap=on --shell
HELP
}

guest_misused() {
    say "./dev guest: $1 (./dev guest --help tells more)" >&2
    exit 2
}

verb_guest() {
    local set=nvm out= timeout= modules= shell=0 more= status=0
    local -a qemu_words=()
    while (($# > 0)); do
        case $1 in
            --set | --out | --timeout | --modules | --append | --qemu-arg)
                (($# > 1)) || guest_misused "$1 takes a value" ;;&
            --set) set=$2; shift ;;
            --out) out=$2; shift ;;
            --timeout) timeout=$2; shift ;;
            --modules) modules=$2; shift ;;
            --append) more+=" $2"; shift ;;
            --qemu-arg) qemu_words+=("$2"); shift ;;
            --shell) shell=1 ;;
            --list) guest_list; return ;;
            --help | -h) guest_help; return ;;
            --) shift; break ;;
            *) guest_misused "there is no option '$1'; a command stands behind --" ;;
        esac
        shift
    done
    [[ " ${guest_sets[*]} " == *" $set "* ]] ||
        guest_misused "there is no set '$set'; these are: ${guest_sets[*]}"
    [[ -z $timeout || $timeout =~ ^[1-9][0-9]*$ ]] || guest_misused "--timeout takes whole seconds"
    ((shell || $# > 0)) || guest_misused "which command?"
    if ((shell)); then
        [[ -t 0 && -t 1 ]] || guest_misused "--shell needs a terminal"
        (($# > 0)) || set -- bash -i
    fi
    guest_take "$set"
    [[ -z $more ]] || guest_append+=("$more")
    # A subshell with -e, so that any failing command of it fails the whole.
    set +e
    (set -e; guest_prepare "$guest_version") >&2
    status=$?
    set -e
    ((status == 0)) || exit $guest_died
    if [[ -n $out ]]; then
        out=$(cd "$guest_folder" && mkdir -p "$out" && cd "$out" && pwd)
    fi
    guest_control=$(mktemp -d "${TMPDIR:-/tmp}/xnvme-guest.XXXXXX")
    guest_machine=
    trap guest_clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    guest_write_control "$guest_control" "$modules" "$out" "$@"
    guest_arguments "$guest_control" "$out"
    guest_run "$guest_control" "${timeout:-$((shell ? 86400 : 600))}" "$shell" "${qemu_words[@]}" ||
        status=$?
    exit $status
}

guest_clean_up() {
    [[ -z $guest_machine ]] || kill "$guest_machine" 2> /dev/null || true
    rm -rf "$guest_control"
}
