"""Acknowledging a hazard notice: headline and place restated, by name, on the record."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lims.model import Alert
from tui.screens.base import LabScreen
from tui.screens.dialogs import Confirm


def acknowledge(screen: LabScreen, alerts: Sequence[Alert], then: Callable[[], None]) -> None:
    """Ask whoever is signed in to acknowledge the first of ``alerts``, then call ``then``."""
    if not alerts:
        screen.notice("no open notice here")
        return
    alert = alerts[0]
    identity = screen.fol.identity
    who = identity.person.name if identity else ""
    lines = [
        alert.headline,
        f"where: {alert.where}",
        f"sample {alert.sample} · shipment {alert.shipment}",
        f"Acknowledged by {who}: it stands in the record.",
    ]

    def answered(sure: bool | None) -> None:
        if sure:
            screen.ask(lambda record: record.acknowledge(alert.id), lambda _: then())

    screen.app.push_screen(Confirm("Hazard notice", lines, yes="I have seen it"), answered)
