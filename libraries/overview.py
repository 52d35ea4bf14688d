"""What an installed library version holds by technique, and whether its indexes are sound.

Reads indexes and never builds one: looking at a library changes nothing on the disk.
"""

from __future__ import annotations

from dataclasses import dataclass

from libraries import section_index
from libraries.catalog import Installed
from libraries.entry import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionFacts:
    """One technique of a library version.

    Parameters
    ----------
    substances : int or None
        None where the index cannot be read.
    n_calibration : int
        Leave-substance-out queries behind the threshold; 0 without calibration.
    alpha : float or None
        False-accept rate the threshold promises; None where nothing is promised: then no answer
        from this technique alone is called a match.
    note : str
        Why there is no calibration; may be empty.
    problems : tuple of str
        What is wrong with the index, which is then built again at the next search.
    """

    section: Section
    entries: int
    substances: int | None
    n_calibration: int
    alpha: float | None
    note: str
    problems: tuple[str, ...]


def sections(installed: Installed) -> tuple[SectionFacts, ...]:
    """Return what an installed version holds; nothing where its record cannot be read."""
    if installed.header is None:
        return ()
    content = installed.header.content_sha256
    return tuple(
        _facts(installed, section, count, content) for section, count in installed.sections.items()
    )


def _facts(installed: Installed, section: Section, entries: int, content: str) -> SectionFacts:
    place = installed.folder / "index" / section.value
    found, problems = section_index.read(place, section, content_sha256=content)
    calibration = None if found is None else found.calibration
    is_promised = calibration is not None and calibration.sufficient
    return SectionFacts(
        section=section,
        entries=entries,
        substances=None if found is None else found.n_groups,
        n_calibration=0 if found is None else found.n_calibration,
        alpha=calibration.alpha if calibration is not None and is_promised else None,
        note="" if found is None else found.note,
        problems=problems,
    )
