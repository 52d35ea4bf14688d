"""A hub on loopback for the demonstration: the real command in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reports.errors import DeliveryError

START_TIMEOUT_S = 20.0


@contextmanager
def hub(folder: Path, *, lose_acknowledgements: int) -> Iterator[str]:
    """Serve the hub with ``fol hub serve`` for the block and yield its address."""
    port = _free_port()
    command = [sys.executable, "-m", "tui.cli", "hub", "serve", "--folder", str(folder)]
    command += ["--port", str(port), "--lose-acknowledgements", str(lose_acknowledgements)]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _wait_for(process, port)
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = process.stderr.read().decode(errors="replace") if process.stderr else ""
            raise DeliveryError(f"the demonstration's hub did not start: {said.strip()[-300:]}")
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise DeliveryError(f"the demonstration's hub did not answer on port {port}")
