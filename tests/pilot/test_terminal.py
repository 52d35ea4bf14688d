"""What only a real terminal shows: start-up, scan bursts, and the way out."""

from __future__ import annotations

import os
import re
import select
import signal
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

fcntl = pytest.importorskip("fcntl", reason="a pseudo-terminal needs Unix")
import pty  # noqa: E402
import termios  # noqa: E402

ROOT = Path(__file__).parents[2]
PROGRAM = """
from pathlib import Path
from tests.pilot.fake_lab import FakeRecord
from tui.app import FolApp
app = FolApp(Path("lab"), "rev", opener=lambda: FakeRecord("rev"))
app.run()
raise SystemExit(app.return_code or 0)
"""
LEFT_ALTERNATE_SCREEN = b"\x1b[?1049l"


class Terminal:
    """The app in a pseudo-terminal of 80x24."""

    def __init__(self, **environment: str) -> None:
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            inherited = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
            inherited |= {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"} | environment
            os.execve(sys.executable, [sys.executable, "-c", PROGRAM], inherited)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def read_until(self, wanted: str, seconds: float = 15.0) -> None:
        """Read until a text was drawn; fail with what was drawn instead."""
        limit = time.monotonic() + seconds
        while wanted.encode() not in self.seen:
            assert time.monotonic() < limit, self.seen[-2000:].decode(errors="replace")
            if select.select([self.fd], [], [], 0.05)[0]:
                self.seen += os.read(self.fd, 1 << 16)

    def leave(self) -> int:
        """Read to the end and return the exit code."""
        while True:
            try:
                part = os.read(self.fd, 1 << 16)
            except OSError:  # Linux reports the closed end as an error
                part = b""
            if not part:
                break
            self.seen += part
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    started = Terminal()
    yield started
    os.close(started.fd)


def test_a_scan_burst_opens_the_sample_and_ctrl_q_restores_the_terminal(
    terminal: Terminal,
) -> None:
    terminal.read_until("hazard: acknowledge first")
    os.write(terminal.fd, b"\x02NOG-26-00001-K\r")
    terminal.read_until("Chain of custody")
    os.write(terminal.fd, b"\x03")  # ctrl c: nothing but a word
    terminal.read_until("Ctrl Q leaves the program")
    os.write(terminal.fd, b"\x11")
    assert terminal.leave() == 0
    assert LEFT_ALTERNATE_SCREEN in terminal.seen


def test_terminate_restores_the_terminal(terminal: Terminal) -> None:
    terminal.read_until("hazard: acknowledge first")
    os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.leave() == 128 + signal.SIGTERM
    assert LEFT_ALTERNATE_SCREEN in terminal.seen


def test_no_color_sends_no_colour() -> None:
    started = Terminal(NO_COLOR="1", COLORTERM="truecolor")
    started.read_until("hazard: acknowledge first")
    os.write(started.fd, b"\x11")
    assert started.leave() == 0
    colours = re.findall(rb"\x1b\[[0-9;]*[34]8;2;(\d+);(\d+);(\d+)", started.seen)
    assert all(red == green == blue for red, green, blue in colours)
    os.close(started.fd)
