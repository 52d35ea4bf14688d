"""A frozen clock, drawn spectra, and an app over a fake record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

import tui.evidence
from lims import clock
from tests.pilot.fake_lab import BANDS, NOW, FakeRecord, infrared
from tui.app import FolApp

Running = Callable[..., AbstractAsyncContextManager[Pilot[int]]]


async def settle(pilot: Pilot[int]) -> None:
    """Wait until no worker runs and every message is handled."""
    for _ in range(3):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys one by one, letting workers finish in between."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Running:
    """Return a context manager that runs the app over a record at a size."""
    monkeypatch.setattr(
        tui.evidence.QuerySource, "spectrum", lambda *_: infrared(*BANDS, (1590, 0.2))
    )
    monkeypatch.setattr(tui.evidence, "reference_of", lambda *_: infrared(*BANDS))

    @asynccontextmanager
    async def run(
        record: FakeRecord, size: tuple[int, int] = (80, 24)
    ) -> AsyncIterator[Pilot[int]]:
        with clock.running_from(lambda: NOW):
            app = FolApp(Path("lab"), record.me, opener=lambda: record, glyphs="braille")
            async with app.run_test(size=size) as pilot:
                await settle(pilot)
                yield pilot

    return run


Settle = Callable[[Pilot[int]], Awaitable[None]]
