"""Files of any readable format -> drafts of library entries, and what was turned away and why.

The bridge between what reads files and what keeps references: neither knows the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lims import fields
from lims.errors import ConfigError
from spectra.errors import SpectrumError
from spectra.spectrum import Technique

if TYPE_CHECKING:
    from instruments.export import Export
    from libraries.build import Progress, Rejection
    from libraries.entry import EntryDraft

_TOLD_EVERY = 250
# How readers tell of entries that gave no spectrum at all; what they take in spite of a fault is
# turned away by name.
_LOST = re.compile(
    r"^(?:entry|record|row|block|and|\d+ peak lists) .*"
    r"(?:cannot be read|holds no peaks|left out|lost|more \w+ with(?:out)? \w+)"
)


def references(
    paths: Iterable[str | Path],
    technique: str | None = None,
    progress: Progress | None = None,
) -> tuple[list[EntryDraft], list[Rejection]]:
    """Return what files offer to a library: drafts, and what was turned away with the reason.

    A bad file among many never stops the others.
    """
    from instruments import collection
    from instruments.collection import Unreadable
    from libraries.build import Rejection

    told = _technique(technique)
    drafts: list[EntryDraft] = []
    rejected: list[Rejection] = []
    read = 0
    for found in collection.walk([Path(path) for path in paths]):
        read += 1
        if progress is not None:
            progress("reading", read, 0)
        if isinstance(found, Unreadable):
            rejected.append(Rejection(source=_shown(found.path), title="", reason=found.message))
            continue
        own, refused = _of_export(found, told, progress)
        drafts += own
        rejected += refused
    return drafts, rejected


def _technique(text: str | None) -> Technique | None:
    if not text:
        return None
    known = [each.value for each in Technique]
    if text not in known:
        raise ConfigError(f"{text!r} is no technique", hint=f"One of {', '.join(known)}.")
    return Technique(text)


def _of_export(
    export: Export, technique: Technique | None, progress: Progress | None
) -> tuple[list[EntryDraft], list[Rejection]]:
    from libraries.build import Rejection, draft
    from libraries.provenance import Source

    known = export.technique
    if technique is not None and known in (Technique.OTHER, technique):
        known = technique
    file = _shown(export.path)
    source = Source(file=file, sha256=export.sha256, technique=known.value)
    drafts: list[EntryDraft] = []
    rejected = [
        Rejection(source=file, title="", reason=warning)
        for warning in export.warnings
        if _LOST.search(warning)
    ]
    # What a file says as a whole is about its one spectrum. In a collection it is the first entry's
    # own, and would give that entry's identity to every entry that states none.
    whole_file = export.metadata if len(export.spectra) == 1 else {}
    for done, measurement in enumerate(export.spectra):
        if progress is not None and done and done % _TOLD_EVERY == 0:
            progress(f"harmonising {file}", done, len(export.spectra))
        try:
            drafts.append(draft(measurement, source, whole_file))
        except SpectrumError as reason:
            rejected.append(
                Rejection(
                    source=file, title=fields.visible(measurement.title), reason=reason.message
                )
            )
    return drafts, rejected


def _shown(path: str | Path) -> str:
    # A library travels: it keeps the file's own name, not this computer's folders. Members of an
    # archive are written ``archive.zip!member``.
    archive, inside, member = str(path).partition(".zip!")
    return fields.visible(f"{Path(archive).name}.zip!{member}" if inside else Path(path).name)
