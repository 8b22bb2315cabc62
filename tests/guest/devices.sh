# The NVMe devices of the emulated machine: one function per set, in the words below. This file is
# the whole table; a new device is one line here.
#
#   needs VERSION                what the set runs on: `stable` is Debian 12's kernel and QEMU,
#                                `backports` is its backports' (kernel 6.12, QEMU 10)
#   about TEXT                   one line for `./dev guest --list`
#   append TEXT                  words for the kernel's command line
#   subsystem ID [KEY=VALUE,..]  a subsystem, for controllers that name it with subsys=ID
#   port ID NUMBER               a PCI Express root port, for a controller with virtual functions
#   controller SERIAL [KEY=VALUE,..]
#   namespace ROLE SERIAL NSID MIB [KEY=VALUE,..]
#                                a namespace of that controller, known to the tests as ROLE
#   namespace_detached ROLE SERIAL NSID MIB [KEY=VALUE,..]
#                                the same, but there is no device node until a test attaches it
#   suite ROLE KIND...           runs the conformance suite on the namespace: on every interface
#                                through its `block` or its `generic` node; or through its generic
#                                node on the driver's own interfaces (`native`), on those that can
#                                without interrupts (`polled`), or what writes no block (`admin`)
#
# The keys are QEMU's (`qemu-system-x86_64 -device nvme-ns,help`); those that begin with `drive.` are
# of the drive behind the namespace. Tests find a device by its role; the guest finds a role by
# serial number and namespace identifier, because the order in which a kernel numbers controllers is
# not fixed.

guest_sets=(nvm meta zoned shared fdp)

# QEMU refuses a physical block that is smaller than the logical one.
bytes_4096=logical_block_size=4096,physical_block_size=4096
copies=mssrl=64,mcl=256,msrc=15

set_nvm() {
    about "512 and 4096 byte blocks, several namespaces, a slow one; a controller memory buffer"
    needs stable
    # Registers are read beside the driver, which this kernel allows only so.
    append nvme.poll_queues=1 iomem=relaxed
    controller conv mdts=7,max_ioqpairs=8
    namespace nvme512 conv 1 16 \
        "logical_block_size=512,uuid=5a1e0c3f-7d42-4b8e-9c61-0f2d3b4a5968,$copies"
    namespace nvme4096 conv 2 16 "$bytes_4096,eui64=0x5254000000000002,$copies"
    controller many mdts=5
    namespace many1 many 1 4 logical_block_size=512
    namespace many2 many 2 8 "$bytes_4096"
    namespace many7 many 7 4 logical_block_size=512
    controller cmb cmb_size_mb=16
    namespace cmb cmb 1 16 logical_block_size=512
    # A block takes four seconds to be written, which is longer than a time-out is to last: the
    # kernel looks for commands that are late once a second, and ends them the second time.
    controller slow
    namespace slow slow 1 4 logical_block_size=512,drive.throttling.bps-write=128
    suite nvme512 block generic
    suite nvme4096 block native
}

set_meta() {
    about "metadata, separate and extended; protection information of types 1 to 3, both guards"
    needs stable
    # QEMU 7.2 loses metadata of extended blocks where a command has more than 512 bytes of it.
    controller meta mdts=7
    namespace meta_sep meta 1 16 ms=8,logical_block_size=512
    namespace meta_ext meta 2 16 "ms=16,mset=1,$bytes_4096"
    controller pi mdts=7
    namespace pi1 pi 1 16 ms=8,pi=1,logical_block_size=512
    namespace pi2 pi 2 16 ms=8,pi=2,logical_block_size=512
    namespace pi3 pi 3 16 ms=8,pi=3,logical_block_size=512
    namespace pi1_ext pi 4 16 "ms=8,mset=1,pi=1,$bytes_4096"
    namespace pi1_first pi 5 16 "ms=16,pi=1,pil=1,$bytes_4096"
    namespace pi1_64 pi 6 16 "ms=16,pi=1,pif=2,$bytes_4096"
    namespace pi2_64 pi 7 16 "ms=16,pi=2,pif=2,$bytes_4096"
    namespace pi3_64 pi 8 16 "ms=16,pi=3,pif=2,$bytes_4096"
    suite meta_ext admin
}

set_zoned() {
    about "zoned namespaces: append, open and active limits; ZRWA; extensions; blocks past 2^32"
    needs stable
    append nvme.poll_queues=1
    controller zns mdts=7,zoned.zasl=5
    namespace zoned zns 1 32 "$bytes_4096,zoned=true,zoned.zone_size=2M,zoned.zone_capacity=1M,\
zoned.max_open=4,zoned.max_active=6,zoned.descr_ext_size=64"
    namespace zoned_zrwa zns 2 32 "$bytes_4096,zoned=true,zoned.zone_size=2M,zoned.zone_capacity=2M,\
zoned.max_open=8,zoned.max_active=8,zoned.numzrwa=4,zoned.zrwas=64K,zoned.zrwafg=16K"
    namespace zoned512 zns 3 16 "logical_block_size=512,zoned=true,zoned.zone_size=1M,\
zoned.zone_capacity=1M"
    # Blocks past 2^32: what an append returns has more than 32 bits. The image is sparse.
    namespace zoned_far zns 4 3145728 \
        logical_block_size=512,zoned=true,zoned.zone_size=64G,zoned.zone_capacity=64G
    suite zoned block generic
    suite zoned_zrwa generic
    suite zoned512 block generic
}

set_shared() {
    about "a namespace that two controllers share; a controller with virtual functions (SR-IOV)"
    needs stable
    subsystem shared nqn=shared
    controller both1 subsys=shared,serial=both
    controller both2 subsys=shared,serial=both
    namespace shared both1 1 16 logical_block_size=512,shared=on
    subsystem sriov nqn=sriov
    port sriov 1
    controller sriov subsys=sriov,bus=port_sriov,sriov_max_vfs=2,max_ioqpairs=6,msix_qsize=7,\
sriov_vq_flexible=4,sriov_vi_flexible=4
    namespace sriov sriov 1 16 logical_block_size=512
    suite shared block native
    suite sriov admin
}

set_fdp() {
    about "flexible data placement, attaching namespaces, directives (QEMU 10, kernel 6.12)"
    needs backports
    append nvme.poll_queues=1
    subsystem fdp nqn=fdp,fdp=on,fdp.runs=4M,fdp.nrg=1,fdp.nruh=4
    controller fdp subsys=fdp
    namespace fdp fdp 1 16 "fdp.ruhs=0-3,$bytes_4096"
    subsystem attach nqn=attach
    controller attach subsys=attach
    namespace attached attach 1 16 logical_block_size=512
    namespace_detached detached attach 2 16 logical_block_size=512,detached=on
    controller new mdts=7
    namespace new512 new 1 16 "logical_block_size=512,$copies"
    namespace new4096 new 2 16 "$bytes_4096"
    namespace new_ext new 3 16 "ms=16,mset=1,$bytes_4096"
    suite new512 block generic polled
    suite new4096 native
    suite new_ext native
    suite fdp native
}
