"""What the app needs of its process: signals that end it cleanly, a log file, early imports."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from pathlib import Path

LOG_NAME = "tui.log"
_LOG_BYTES = 1_000_000


def leave_on_signal(leave: Callable[[int], None]) -> None:
    """Let terminate and hang-up end the program the ordinary way: the terminal is restored.

    Parameters
    ----------
    leave : callable
        Gets the exit code, 128 plus the signal's number.
    """
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        with contextlib.suppress(NotImplementedError, RuntimeError):  # not on this platform
            if number is not None:
                loop.add_signal_handler(number, leave, 128 + number)


def log_to(lab_folder: Path) -> None:
    """Send the log to a file of the lab: Textual draws on stderr, where a line would spoil it."""
    root = logging.getLogger()
    if not lab_folder.is_dir():
        root.addHandler(logging.NullHandler())
        return
    from logging.handlers import RotatingFileHandler

    path = lab_folder / LOG_NAME
    root.addHandler(RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=2, delay=True))


def warm_up() -> None:
    """Import what the first plot needs, in the thread that will draw it."""
    import tui.evidence
    import tui.plot  # noqa: F401
