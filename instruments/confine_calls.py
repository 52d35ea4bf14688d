"""A filter of system calls for Linux: no sockets, no new programs, for good and for every thread.

Source: seccomp(2), bpf(4) and the system call tables of x86-64 and AArch64. Where the kernel or the
processor is another, nothing is filtered and the function says so.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_ALLOW, _ERRNO_EPERM = 0x7FFF0000, 0x00050000 | 1
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
# Calls of the x32 interface carry this bit: another number for the same call, so all are denied.
_X32 = 0x40000000

# Architecture word, and the numbers of: socket, socketpair, connect, execve, execveat, ptrace.
_MACHINES: dict[str, tuple[int, tuple[int, ...]]] = {
    "x86_64": (0xC000003E, (41, 53, 42, 59, 322, 101)),
    "aarch64": (0xC00000B7, (198, 199, 203, 221, 281, 117)),
}


def deny_sockets_and_programs() -> bool:
    """Make every socket and every new program fail with "operation not permitted" from now on.

    Returns
    -------
    bool
        Whether the filter stands.
    """
    machine = _MACHINES.get(platform.machine())
    # A 32-bit process on a 64-bit kernel uses other numbers.
    if sys.platform != "linux" or machine is None or sys.maxsize < 2**32:
        return False
    program = _program(*machine)

    class _Filter(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))

    try:
        call = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return False
    call.argtypes = (ctypes.c_int, *(ctypes.c_ulong,) * 4)
    wanted = _Filter(len(program) // 8, program)
    if call(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(call(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(wanted), 0, 0) == 0)


def _program(architecture: int, denied: tuple[int, ...]) -> bytes:
    """Return the filter: another architecture or a denied call is refused, all else allowed."""
    checks = [(_AT_LEAST, _X32), *((_EQUAL, number) for number in denied)]
    lines = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _ERRNO_EPERM),
        (_LOAD, 0, 0, 0),
    ]
    for at, (test, number) in enumerate(checks):
        # A hit jumps over the remaining checks and the line that allows.
        lines.append((test, len(checks) - at, 0, number))
    lines += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERRNO_EPERM)]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)
