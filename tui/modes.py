"""The main screens by name; each is imported when it is first shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.screen import Screen


def _worklist() -> Screen[None]:
    from tui.screens.worklist import Worklist

    return Worklist()


def _board() -> Screen[None]:
    from tui.screens.board import Board

    return Board()


def _alerts() -> Screen[None]:
    from tui.screens.alerts import Alerts

    return Alerts()


def _digest() -> Screen[None]:
    from tui.screens.digest import Digest

    return Digest()


def _intake() -> Screen[None]:
    from tui.screens.intake import Intake

    return Intake()


def _audit() -> Screen[None]:
    from tui.screens.audit import Audit

    return Audit()


def _quarantine() -> Screen[None]:
    from tui.screens.quarantine import Quarantine

    return Quarantine()


def _library() -> Screen[None]:
    from tui.screens.library import Libraries

    return Libraries()


def _unknowns() -> Screen[None]:
    from tui.screens.unknowns import Unknowns

    return Unknowns()


def _controls() -> Screen[None]:
    from tui.screens.controls import Controls

    return Controls()


def _batch() -> Screen[None]:
    from tui.screens.batch import Batch

    return Batch()


def _backlog() -> Screen[None]:
    from tui.screens.backlog import Backlog

    return Backlog()


def _office() -> Screen[None]:
    from tui.screens.office import Office

    return Office()


MODES: dict[str, Callable[[], Screen[None]]] = {
    "worklist": _worklist,
    "board": _board,
    "alerts": _alerts,
    "digest": _digest,
    "intake": _intake,
    "batch": _batch,
    "backlog": _backlog,
    "audit": _audit,
    "quarantine": _quarantine,
    "library": _library,
    "controls": _controls,
    "unknowns": _unknowns,
    "office": _office,
}
