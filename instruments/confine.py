"""What a process that parses hostile bytes gives up: memory, CPU, large files, sockets, programs.

POSIX limits where there are any; on Linux also a filter of system calls. Windows has neither:
there only the parent's clock holds, and a file that asks for much memory gets it.
"""

from __future__ import annotations

import sys
from contextlib import suppress

_OPEN_FILES = 256
# Readers of other people want files on disk: what is asked for, unpacked, and some room.
_FILE_ROOM = 64_000_000


def once() -> None:
    """Give up for good what no reader needs. Call after the imports, before the first file."""
    if sys.platform == "win32":
        return
    import resource

    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    # Counts threads too, and means nothing to root: the filter below is the stronger half.
    _lower(resource.RLIMIT_NPROC, 0)
    from instruments.confine_calls import deny_sockets_and_programs

    deny_sockets_and_programs()


def for_request(seconds: int, memory: int, size: int) -> None:
    """Set one request's CPU seconds, address space and largest file.

    Parameters
    ----------
    seconds : int
        Of CPU from now; the clock of the process runs on between requests.
    memory : int
        Bytes of address space for the whole process.
    size : int
        Bytes of the file that is read.
    """
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + 1
    _soften(resource.RLIMIT_CPU, spent + seconds)
    _soften(resource.RLIMIT_AS, memory)
    _soften(resource.RLIMIT_FSIZE, 2 * size + _FILE_ROOM)


def _lower(kind: int, most: int) -> None:
    """Lower soft and hard limit; there is no way back."""
    import resource

    _, hard = resource.getrlimit(kind)
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (wanted, wanted))


def _soften(kind: int, most: int) -> None:
    """Set the soft limit, which the next request may raise again."""
    import resource

    _, hard = resource.getrlimit(kind)
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (wanted, hard))
