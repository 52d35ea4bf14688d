"""Unknowns as the record knows them: clusters, their members, what people did to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lims.errors import NotFoundError, RecordError
from lims.hub_answer_form import NetworkUnknown

_CODE = re.compile(r"(?:UNK-?([A-Z]{3})-?)?0*(\d{1,7})")
MOST_SERIAL = 9_999_999
DOMINANT_SHARE = 0.70
"""From here one peak of a run is what the sample is made of and other techniques see of it."""


class ClusterState(StrEnum):
    """What became of a cluster."""

    OPEN = "open"
    NAMED = "named"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One answer of a finding that could not be named, and why it stands where it does.

    ``answer`` counts the spectra or peaks of the finding from 1. ``score`` is the likeness that
    joined it, None where something else did; ``why`` says what, in words.
    """

    finding: str
    answer: int
    sample: str
    code: str
    first_code: str
    kind: str
    state: str
    class_name: str
    mass_shift: str
    share: float
    score: float | None
    why: str
    at: datetime
    by: str
    finding_state: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAct:
    """What a person, or the record for them, did to a cluster."""

    kind: str
    other: str
    name: str
    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """An unknown: what is alike, under one code.

    ``name`` is what it was found to be, empty while nobody knows; in its place stands a remark
    while a hazard notice of one of its samples waits for a named person. ``network`` is what
    headquarters last said of it, None before it did; a name there is another laboratory's.
    """

    code: str
    class_name: str
    state: ClusterState
    samples: tuple[str, ...]
    techniques: tuple[str, ...]
    origins: tuple[str, ...]
    first: datetime
    last: datetime
    split_from: str
    merged_into: str
    name: str
    inchikey: str
    named_at: datetime | None
    named_by: str
    named_how: str
    network: NetworkUnknown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRecord:
    """Everything about one cluster.

    ``asked`` is the code that was asked for, which may have been merged into this one. ``beside``
    are other clusters that share a sample with it: perhaps the same, perhaps not.
    """

    asked: str
    cluster: Cluster
    members: tuple[Member, ...]
    acts: tuple[ClusterAct, ...]
    earlier_codes: tuple[str, ...]
    beside: tuple[str, ...]


def make_code(letters: str, serial: int) -> str:
    """Return a code such as ``UNK-FEN-0007``.

    Raises
    ------
    RecordError
        The serial has outgrown its digits.
    """
    if not 0 < serial <= MOST_SERIAL:
        raise RecordError(f"the serial of an unknown, {serial}, does not fit seven digits")
    return f"UNK-{letters}-{serial:04d}"


def parse_code(text: str) -> tuple[str, int]:
    """Return the letters (empty where left out) and the serial of a typed code.

    Raises
    ------
    NotFoundError
    """
    found = _CODE.fullmatch("".join(text.split()).upper()) if len(text) <= 40 else None
    if found is None or not text.isascii():
        raise NotFoundError(
            f"{text[:40]!r} is not the code of an unknown",
            hint="Codes look like UNK-FEN-0007; the number alone will do. See fol unknown list.",
        )
    return found[1] or "", int(found[2])
