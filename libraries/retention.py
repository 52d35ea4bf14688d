"""Retention indices of reference entries: read from a source's words, kept as words, read back.

Sources state an index with or without the column's phase; one without is shown and never used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from spectra.retention import Phase, StatedIndex

_KEY = "retention index"

# Keys as `libraries.harmonise.key` spells them, and the phase a key itself states.
_FIELDS: dict[str, Phase] = {
    "retentionindex": Phase.UNKNOWN,
    "retentionindices": Phase.UNKNOWN,
    "ri": Phase.UNKNOWN,
    "kovatsri": Phase.UNKNOWN,
    "kovatsindex": Phase.UNKNOWN,
    "semistdnp": Phase.SEMI_STANDARD_NON_POLAR,
    "semistandardnonpolar": Phase.SEMI_STANDARD_NON_POLAR,
    "risemistdnp": Phase.SEMI_STANDARD_NON_POLAR,
    "stdnp": Phase.STANDARD_NON_POLAR,
    "standardnonpolar": Phase.STANDARD_NON_POLAR,
    "ristdnp": Phase.STANDARD_NON_POLAR,
    "stdpolar": Phase.POLAR,
    "standardpolar": Phase.POLAR,
    "ristdpolar": Phase.POLAR,
}
_COLUMN_FIELDS = ("column", "columnname", "gccolumn", "columnphase", "columntype", "phase")

# NIST writes ``SemiStdNP=1272/2/44 StdNP=1241/5/7 StdPolar=1885``: median, deviation, number.
_VALUE = r"(\d{2,5}(?:\.\d+)?)(?:/(\d+(?:\.\d+)?))?"
_NAMED = re.compile(rf"(SemiStdNP|StdNP|StdPolar)\s*[=:]\s*{_VALUE}", re.IGNORECASE)
_BARE = re.compile(rf"^\s*{_VALUE}")
_KEPT = re.compile(
    rf"{_KEY} \((?P<phase>[a-z -]+)\)=(?P<value>\d+(?:\.\d+)?)(?: ± (?P<deviation>\d+(?:\.\d+)?))?"
)
# Phases of common columns by the names makers give them.
_COLUMNS = (
    (re.compile(r"wax|ffap|carbowax|\bpeg\b|sp-?1000\b", re.IGNORECASE), Phase.POLAR),
    (
        re.compile(
            r"(?:^|[^0-9])-?5(?:ms|ht|sil|%|$|[^0-9])|se-?5[24]|5 ?% ?(?:di)?phenyl", re.IGNORECASE
        ),
        Phase.SEMI_STANDARD_NON_POLAR,
    ),
    (
        re.compile(
            r"(?:db|hp|rtx|rxi|vf|zb|bp|ov|slb)-?1(?:ms|ht|01|$|[^0-9])|se-?30|squalane",
            re.IGNORECASE,
        ),
        Phase.STANDARD_NON_POLAR,
    ),
)
_PLAUSIBLE = (100.0, 8000.0)


def stated(facts: Mapping[str, str]) -> tuple[StatedIndex, ...]:
    """Return the retention indices a source states of one entry, each once.

    Parameters
    ----------
    facts : mapping of str to str
        As `libraries.harmonise.facts` gives them.
    """
    found: list[StatedIndex] = []
    column = phase_of(next((facts[name] for name in _COLUMN_FIELDS if facts.get(name)), ""))
    for field, phase in _FIELDS.items():
        text = facts.get(field, "")[:500]
        named = list(_NAMED.finditer(text))
        for match in named:
            found += _index(match[2], match[3], _FIELDS[match[1].lower()])
        bare = None if named else _BARE.match(text)
        if bare is not None:
            found += _index(bare[1], bare[2], column if phase is Phase.UNKNOWN else phase)
    return tuple(dict.fromkeys(found))


def preferred(indices: Sequence[StatedIndex]) -> float | None:
    """Return the one index an entry is shown with: of the phase forensic laboratories use most."""
    order = list(Phase)
    return min(indices, key=lambda each: order.index(each.phase)).value if indices else None


def phase_of(column: str) -> Phase:
    """Return the phase class of a column by its name, for example of ``DB-5MS``."""
    text = column[:200]
    return next((phase for known, phase in _COLUMNS if text and known.search(text)), Phase.UNKNOWN)


def words(indices: Iterable[StatedIndex]) -> str:
    """Return indices as they are kept among an entry's conditions."""
    return "; ".join(
        f"{_KEY} ({each.phase.value})={each.value:g}"
        + ("" if each.deviation is None else f" ± {each.deviation:g}")
        for each in indices
        if each.phase is not Phase.UNKNOWN
    )


def kept(retention_index: float | None, conditions: str) -> tuple[StatedIndex, ...]:
    """Return the indices of a stored entry: with their phases where the record holds those.

    Parameters
    ----------
    retention_index : float or None
        The entry's own number, whatever its phase.
    conditions : str
        Of its provenance.
    """
    known = {phase.value: phase for phase in Phase}
    found = [
        index
        for match in _KEPT.finditer(conditions)
        if match["phase"] in known
        for index in _index(match["value"], match["deviation"], known[match["phase"]])
    ]
    if not found and retention_index is not None:
        return (StatedIndex(value=retention_index, phase=Phase.UNKNOWN),)
    return tuple(found)


def _index(value: str, deviation: str | None, phase: Phase) -> list[StatedIndex]:
    number = float(value)
    if not _PLAUSIBLE[0] <= number <= _PLAUSIBLE[1]:
        return []
    return [
        StatedIndex(
            value=number, phase=phase, deviation=None if deviation is None else float(deviation)
        )
    ]
