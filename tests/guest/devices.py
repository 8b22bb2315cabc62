"""Where the devices of the emulated machine are, for scripts: the same as devices.hpp."""

import os
from typing import NamedTuple


class Device(NamedTuple):
    controller: str  # "/dev/nvme0"
    controllers: list  # all of them, where several share the namespace
    block: str  # "/dev/nvme0n1"; empty for a controller alone
    generic: str  # "/dev/ng0n1"; the same


def device(role):
    """The device of a role; KeyError, with the roles that there are, when this boot has none."""
    found = {}
    for entry in os.environ["XNVME_GUEST_DEVICES"].split(","):
        name, nodes = entry.split("=")
        controllers, block, generic = nodes.split(":")
        paths = ["/dev/" + one for one in controllers.split("+")]
        found[name] = Device(paths[0], paths, block and "/dev/" + block,
                             generic and "/dev/" + generic)
    if role not in found:
        raise KeyError(f"no device of this boot is {role}; these are there: {' '.join(found)}")
    return found[role]
