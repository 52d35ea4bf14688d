"""Makes the README pictures from the running app on a fresh demonstration lab (make shots)."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tui.app import FolApp
from tui.demo.play import play

HERE = Path(__file__).parent
SIZE = (110, 34)


async def _settle(app: FolApp) -> None:
    for _ in range(6):
        await app.workers.wait_for_complete()
        await asyncio.sleep(0.1)


async def _pictures(lab: Path) -> None:
    app = FolApp(lab, "okafor", glyphs="braille")
    async with app.run_test(size=SIZE) as pilot:
        await _settle(app)
        app.save_screenshot("worklist.svg", str(HERE))
        for name, keys in (("sample", ["enter"]), ("review", ["v"])):
            for key in keys:
                await pilot.press(key)
                await _settle(app)
            app.save_screenshot(f"{name}.svg", str(HERE))


def main() -> None:
    """Play a night and take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        lab = Path(folder) / "night"
        play(lab, replace=False)
        asyncio.run(_pictures(lab))


if __name__ == "__main__":
    main()
