"""Named parts of the axis that are left out of comparisons, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from spectra.spectrum import Technique


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRegion:
    """A part of the axis left out of every comparison, and why."""

    name: str
    start_cm1: float
    stop_cm1: float
    reason: str


CARBON_DIOXIDE = NamedRegion(
    name="carbon dioxide",
    start_cm1=2250.0,
    stop_cm1=2420.0,
    reason="the air in the beam changes between background and sample",
)
DIAMOND = NamedRegion(
    name="diamond",
    start_cm1=1800.0,
    stop_cm1=2250.0,
    reason="the ATR crystal itself absorbs here",
)
# Raman has no air bands. Diamond is left to the caller: whether there is one stands in the record
# of the accessory.
DEFAULT_EXCLUSIONS: Mapping[Technique, tuple[NamedRegion, ...]] = MappingProxyType(
    {Technique.FTIR: (CARBON_DIOXIDE,), Technique.RAMAN: ()}
)
