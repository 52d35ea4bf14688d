"""The weeks before the night, played through the same services with the clock set back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from lims import clock
from lims.model import SampleDraft, ShipmentDraft
from spectra.spectrum import Technique
from tui.demo import bench, cast

if TYPE_CHECKING:
    import numpy as np

    from lims.lab import Lab


class PlayedClock:
    """A clock that stands where it was put and moves a minute at each look."""

    def __init__(self, start: datetime) -> None:
        self.moment = start

    def __call__(self) -> datetime:
        """Return the present played moment."""
        self.moment += timedelta(seconds=20)
        return self.moment

    def move_to(self, moment: datetime) -> None:
        """Go forward to a moment; never back."""
        self.moment = max(self.moment, moment)


def plan(end: datetime) -> Iterator[tuple[datetime, cast.Usual]]:
    """Yield what came in and when, week by week, up to the day before ``end``."""
    for week in range(cast.WEEKS):
        begin = end - timedelta(weeks=cast.WEEKS - week)
        parcels = [
            usual
            for usual in cast.HISTORY
            for _ in range(usual.early if week < cast.WEEKS // 2 else usual.late)
        ]
        for number, usual in enumerate(parcels):
            yield begin + timedelta(hours=4 + number * 150 / max(len(parcels), 1)), usual


def play(lab: Lab, played: PlayedClock, random: np.random.Generator) -> int:
    """Log, measure, review and conclude every parcel of the weeks before; return how many."""
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    count = 0
    with tempfile.TemporaryDirectory() as scratch, clock.running_from(played):
        for moment, usual in plan(end):
            played.move_to(moment)
            _parcel(lab, usual, count, Path(scratch), random)
            count += 1
    return count


def _parcel(
    lab: Lab, usual: cast.Usual, number: int, scratch: Path, random: np.random.Generator
) -> None:
    from instruments.writers import write
    from lims import alerts, conclusion, disposition, examination, intake, review

    shipment = intake.add_shipment(
        lab,
        cast.OFFICER,
        ShipmentDraft(
            declared_goods=usual.declared,
            stream="express",
            origin=usual.origin,
            destination_country="US",
            destination=usual.destination,
        ),
    )
    sample = intake.add_sample(
        lab, cast.ANALYST, shipment.number, SampleDraft(description="powder", officer=cast.OFFICER)
    )
    technique = Technique(usual.technique)
    path = scratch / f"history-{number:04}.jdx"
    path.write_bytes(write([bench.measured(usual.substance, technique, random)], "jcamp"))
    finding = examination.ingest(lab, cast.ANALYST, path, sample.number, libraries=("training",))
    for alert in alerts.open_alerts(lab):
        alerts.acknowledge(lab, cast.ANALYST, alert.id)
    review.review(lab, cast.REVIEWER, finding.id, accept=True)
    conclusion.conclude(lab, cast.ANALYST, sample.number)
    if usual.end == "release":
        disposition.release(lab, cast.OFFICER, shipment.number, "found as declared")
    else:
        disposition.seize(lab, cast.OFFICER, shipment.number, "presumptive result")
