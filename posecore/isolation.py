"""Keep a process off the network, for good, by asking the operating system.

MediaPipe's wheels send usage metrics to their maker from a thread of their own: with strace, a
look-up of ``play.googleapis.com`` was seen 60 s after a landmarker was made, and one when it was
closed. The pose estimator therefore runs in a process of its own, which gives up the network before
it loads MediaPipe, and ends without closing the landmarker.

- Linux on x86_64 and aarch64: a seccomp filter, inherited by every thread and child, that cannot
  be taken back. Tested on x86_64 with Linux 6.18, also with strace; the aarch64 numbers come from
  the kernel's tables and were not run.
- macOS: the system's own "no-network" sandbox profile. Written from its header; not run. Name
  look-ups go through a system service there, which the check below does not try.
- Windows and the rest: not available; :func:`block_network` says so by returning False.
"""

import ctypes
import platform
import socket
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_SET_MODE_FILTER: Final = 1
_SECCOMP_FILTER_FLAG_TSYNC: Final = 1  # the filter also holds for threads already running
_SECCOMP_RET_ALLOW: Final = 0x7FFF0000
_SECCOMP_RET_ERRNO: Final = 0x00050000
_EPERM: Final = 1

# Classic BPF, as the kernel's linux/filter.h numbers it.
_LOAD: Final = 0x20
_JUMP_IF_EQUAL: Final = 0x15
_JUMP_IF_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06
_OFFSET_OF_NUMBER: Final = 0
_OFFSET_OF_ARCHITECTURE: Final = 4
_X32_BIT: Final = 0x40000000

_SANDBOX_NAMED: Final = 1
_NOWHERE: Final = ("192.0.2.1", 9)
"""An address of TEST-NET-1 (RFC 5737), which belongs to nobody."""


class _Architecture(NamedTuple):
    audit_number: int
    seccomp: int
    denied: tuple[int, ...]


# socket, connect, io_uring_setup (which can open sockets too), pidfd_getfd (which takes another
# process's). All families: names are also looked up over the system's Unix sockets. Pipes and
# socket pairs that are open already keep working.
_ARCHITECTURES: Final = {
    "x86_64": _Architecture(0xC000003E, 317, (41, 42, 425, 438)),
    "aarch64": _Architecture(0xC00000B7, 277, (198, 203, 425, 438)),
}


class _SockFprog(ctypes.Structure):
    _fields_ = (("n_instructions", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def block_network() -> bool:
    """Take the network from the current process, its threads and its children, for good.

    Returns
    -------
    bool
        Whether the network is really refused now: tried, not assumed.
    """
    if sys.platform == "linux":
        _block_on_linux()
    elif sys.platform == "darwin":
        _block_on_macos()
    return is_network_blocked()


def is_network_blocked() -> bool:
    """Whether the system refuses this process a connection.

    Nothing is sent: connecting a UDP socket only chooses a route. A machine that merely has no
    network does not count as blocked.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(_NOWHERE)
    except PermissionError:
        return True
    except OSError:
        return False
    return False


@cache
def can_block_network() -> bool:
    """Whether :func:`block_network` works on this computer, tried once in a process of its own."""
    trial = (
        "import sys; from posecore.isolation import block_network; sys.exit(not block_network())"
    )
    folder = Path(__file__).resolve().parent.parent
    try:
        done = subprocess.run(
            [sys.executable, "-c", trial], cwd=folder, capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _block_on_linux() -> None:
    architecture = _ARCHITECTURES.get(platform.machine())
    # A 32-bit Python makes other system calls than its 64-bit kernel's name suggests.
    if architecture is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    program = _make_program(architecture)
    order = _SockFprog(len(program) // 8, program)
    # Without this, only root may set a filter.
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return
    libc.syscall(
        ctypes.c_long(architecture.seccomp),
        ctypes.c_long(_SECCOMP_SET_MODE_FILTER),
        ctypes.c_long(_SECCOMP_FILTER_FLAG_TSYNC),
        ctypes.byref(order),
    )


def _make_program(architecture: _Architecture) -> bytes:
    """Filter that refuses with EPERM the denied calls, and all calls of another architecture."""
    refuse, allow = _SECCOMP_RET_ERRNO | _EPERM, _SECCOMP_RET_ALLOW
    checks = [
        (_JUMP_IF_AT_LEAST, _X32_BIT),
        *((_JUMP_IF_EQUAL, number) for number in architecture.denied),
    ]
    instructions = [
        (_LOAD, 0, 0, _OFFSET_OF_ARCHITECTURE),
        (_JUMP_IF_EQUAL, 1, 0, architecture.audit_number),
        (_RETURN, 0, 0, refuse),
        (_LOAD, 0, 0, _OFFSET_OF_NUMBER),
        # Jumps are counted from the next instruction; "refuse" is the one after "allow".
        *((code, len(checks) - i, 0, number) for i, (code, number) in enumerate(checks)),
        (_RETURN, 0, 0, allow),
        (_RETURN, 0, 0, refuse),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)


def _block_on_macos() -> None:
    try:
        system = ctypes.CDLL("/usr/lib/libSystem.dylib")
        sandbox_init = system.sandbox_init
    except (OSError, AttributeError):
        return
    reason = ctypes.c_char_p()
    sandbox_init(b"no-network", ctypes.c_uint64(_SANDBOX_NAMED), ctypes.byref(reason))
