"""Controls and their values as frozen data, and how rows become them. Reads and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lims import canonical, records
from lims.westgard import Baseline, Judgement, Limits, Verdict


class Quantity(StrEnum):
    """What a control's value is."""

    HQI = "hqi"
    AREA = "area"
    RETENTION_INDEX = "retention-index"
    MASS = "mass"
    POSITION = "position"
    BLANK = "blank"
    SWAB = "swab"
    OTHER = "other"

    @property
    def is_blank(self) -> bool:
        """Whether it should be nothing: such values have no mean to stray from."""
        return self in (Quantity.BLANK, Quantity.SWAB)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlDraft:
    """What defines a control.

    ``lowest`` and ``highest`` are its fixed limits, at least one of them. ``substance`` is what is
    looked for in a file. ``material`` and ``lot`` name reference material on record.
    """

    name: str
    instrument: str
    quantity: Quantity
    unit: str = ""
    substance: str = ""
    material: str = ""
    lot: str = ""
    expected: float | None = None
    lowest: float | None = None
    highest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A control with the series in use: one lot on one instrument. ``serial`` counts the lots."""

    name: str
    instrument: str
    quantity: Quantity
    unit: str
    substance: str
    serial: int
    material: str
    lot: str
    expected: float | None
    lowest: float | None
    highest: float | None
    at: datetime
    by: str

    @property
    def limits(self) -> Limits:
        """Its fixed limits."""
        return Limits(lowest=self.lowest, highest=self.highest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlValue:
    """One value of a control and the verdict on it, with what the verdict rests on.

    ``mean`` and ``sd`` are None where only the fixed limits could decide (provisional).
    """

    number: int
    control: str
    serial: int
    value: float
    verdict: Verdict
    broken: tuple[str, ...]
    z: float | None
    n: int
    mean: float | None
    sd: float | None
    file_name: str
    raw_sha256: str
    place: str
    note: str
    edition: str
    at: datetime
    by: str

    @property
    def basis(self) -> str:
        """What the verdict rests on, in words."""
        return Judgement(
            verdict=self.verdict,
            broken=self.broken,
            z=self.z,
            baseline=Baseline(n=self.n, mean=self.mean, sd=self.sd),
        ).basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A value as it was obtained: typed, or measured in a file that is kept."""

    value: float
    file_name: str = ""
    raw_sha256: str = ""
    place: str = ""
    note: str = ""


def as_control(row: Mapping[str, Any]) -> Control:
    """Return the control of a row, with the series in use."""
    return Control(
        name=row["name"],
        instrument=row["instrument"],
        quantity=Quantity(row["quantity"]),
        unit=row["unit"],
        substance=row["substance"],
        serial=row["serial"],
        material=row["material"],
        lot=row["lot"],
        expected=row["expected"],
        lowest=row["lowest"],
        highest=row["highest"],
        at=records.moment(row["at"]),
        by=row["by"],
    )


def as_value(row: Mapping[str, Any]) -> ControlValue:
    """Return the value of a row."""
    return ControlValue(
        number=row["seq"],
        control=row["control"],
        serial=row["serial"],
        value=row["value"],
        verdict=Verdict(row["verdict"]),
        broken=tuple(canonical.parsed(row["broken"])),
        z=row["z"],
        n=row["n"],
        mean=row["mean"],
        sd=row["sd"],
        file_name=row["file_name"],
        raw_sha256=row["raw_sha256"],
        place=row["place"],
        note=row["note"],
        edition=row["edition"],
        at=records.moment(row["at"]),
        by=row["by"],
    )
