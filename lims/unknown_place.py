"""One answer that names nothing, and the place it gets among the clusters. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spectra.unknown_signature import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of a match that names nothing; ``number`` counts from 1."""

    number: int
    state: str
    kind: str
    class_name: str
    mass_shift: str
    share: float
    signature: Signature | None
    said: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an answer goes; an empty code is a new cluster.

    ``alike`` are the clusters it resembles enough, with how much, its own among them.
    """

    code: str
    score: float | None
    why: str
    attracts: bool
    alike: tuple[tuple[str, float], ...] = ()
