"""The entries of one library version as a list: pages from the record, search in a text of words.

An entry is read whole only when somebody looks at it. Order and search need the words of every
entry; they are read once, as one text, and never the spectra. Not for two threads at a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from libraries import store
from libraries.entry import Entry, Section
from libraries.errors import LibraryNotFoundError
from libraries.store import Record
from spectra.axis import IntArray

BoolArray = npt.NDArray[np.bool_]

_CHUNK = 5_000
_MOST_WORDS = 8
_MOST_ASKED = 500
_SHORT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of a list: words as the record holds them, not verified against its hash."""

    row: int
    id: str
    technique: str
    name: str
    substance: str
    formula: str
    inchikey: str
    cas: str
    class_name: str


class Listing:
    """An installed library version, to be leafed through and searched.

    Parameters
    ----------
    folder : Path
        ``<libraries folder>/<name>/<version>``.

    Raises
    ------
    LibraryError
        The record cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._record = Record(folder / store.FILE)
        self.header = self._record.header()
        self._text = b""
        self._starts: IntArray = np.empty(0, dtype=np.int64)
        self._rows: IntArray = np.empty(0, dtype=np.int64)
        self._found: tuple[str, IntArray] | None = None

    def __enter__(self) -> Listing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the record."""
        self._record.close()

    def count(self, find: str = "") -> int:
        """Return how many entries there are, or hold every word of ``find``."""
        return int(self._matching(find).size) if find.strip() else self.header.entries

    def page(self, offset: int, limit: int, find: str = "") -> list[Listed]:
        """Return some entries by the name of their substance, then by technique.

        Parameters
        ----------
        offset, limit : int
        find : str
            Words that must all stand in an entry's name, substance, formula, InChIKey, CAS number,
            class, technique or id; upper and lower case are the same.
        """
        rows = self._matching(find)[max(offset, 0) : max(offset, 0) + limit].tolist()
        listed: dict[int, Listed] = {}
        for at in range(0, len(rows), _MOST_ASKED):
            found = self._record.words_at(rows[at : at + _MOST_ASKED])
            listed |= {row: _listed(row, words) for row, words in found}
        return [listed[row] for row in rows if row in listed]

    def entry(self, entry_id: str) -> Entry:
        """Return an entry verified against its hash.

        Raises
        ------
        LibraryNotFoundError
            No entry has this id.
        LibraryError
            The entry was altered.
        """
        row = self._record.row_of(entry_id)
        if row is None:
            raise LibraryNotFoundError(
                f"library {self.header.name} {self.header.version} has no entry {entry_id[:40]!r}",
                hint=f"Look for it with `fol library show {self.header.name} QUERY`.",
            )
        return self._record.entries([row])[0].verified()

    def resolve(self, text: str) -> Entry:
        """Return the one entry a person means: by its id or the beginning of it, or by its name.

        A name may be followed by the technique, where a substance was measured by several.

        Raises
        ------
        LibraryNotFoundError
            None, or several: the hint lists the first of them.
        LibraryError
            The entry was altered.
        """
        wanted = text.strip()
        if self._record.row_of(wanted) is not None:
            return self.entry(wanted)
        near = self.page(0, _MOST_ASKED, wanted) if wanted else []
        for same in (_is_id, _is_name, _is_substance):
            meant = [each for each in near if same(each, wanted)]
            if len(meant) == 1:
                return self.entry(meant[0].id)
            near = meant or near
        if len(near) == 1:
            return self.entry(near[0].id)
        some = "; ".join(f"{each.id} {each.name} ({each.technique})" for each in near[:6])
        named = f"{self.header.name} {self.header.version}"
        raise LibraryNotFoundError(
            f"{len(near)} entries of library {named} answer to {wanted[:60]!r}"
            if near
            else f"library {named} has no entry {wanted[:60]!r}",
            hint=f"Add the technique or give the id: {some}"
            if near
            else "An entry goes by its id or its name.",
        )

    def replicates(self, group: str, section: Section, limit: int) -> list[Entry]:
        """Return the verified spectra of one substance by one technique, at most ``limit``."""
        rows = self._record.rows_of(group, section, limit)
        return [entry.verified() for entry in self._record.entries(rows)]

    def _matching(self, find: str) -> IntArray:
        """Return the rows that hold every word, in list order; the last answer is remembered."""
        asked = " ".join(find.casefold().split()[:_MOST_WORDS])
        if self._found is not None and self._found[0] == asked:
            return self._found[1]
        self._read_words()
        held: BoolArray | None = None
        for word in sorted(set(asked.split()), key=len, reverse=True):
            holding = self._lines_with(word.encode())
            held = holding if held is None else held & holding
        rows = self._rows if held is None else self._rows[held]
        self._found = (asked, rows)
        return rows

    def _lines_with(self, word: bytes) -> BoolArray:
        """Return which lines hold a word, shape (n_entries,)."""
        held = np.zeros(self._rows.size, dtype=np.bool_)
        if not held.size:
            return held
        if len(word) > _SHORT:
            hits = (found.start() for found in re.finditer(re.escape(word), self._text))
            at = np.fromiter(hits, dtype=np.int64)
            held[np.searchsorted(self._starts, at, side="right") - 1] = True
            return held
        # So short a word stands in nearly every line, where counting is faster than finding.
        letters = np.frombuffer(self._text, dtype=np.uint8)
        is_there = letters == word[0]
        for offset in range(1, len(word)):
            is_there[:-offset] &= letters[offset:] == word[offset]
            is_there[-offset:] = False
        return np.logical_or.reduceat(is_there, self._starts)

    def _read_words(self) -> None:
        if self._rows.size:
            return
        lines: list[bytes] = []
        rows: list[int] = []
        first = 0
        while part := self._record.words(first, _CHUNK):
            lines += [_line(words) for _, words in part]
            rows += [row for row, _ in part]
            first = rows[-1] + 1
        order = sorted(range(len(lines)), key=lines.__getitem__)
        lengths = np.fromiter((len(lines[at]) + 1 for at in order), np.int64, len(order))
        self._starts = np.cumsum(lengths) - lengths
        self._rows = np.array(rows, dtype=np.int64)[order] if order else self._rows
        self._text = b"\n".join([lines[at] for at in order])


def _line(words: Sequence[str]) -> bytes:
    """Return the words of one entry to sort and search by: substance and technique first."""
    identity, section, name, substance, *others = words
    line = "\x1f".join((substance, section, name, identity, *others))
    return line.casefold().replace("\n", " ").encode("utf-8", "replace")


def _listed(row: int, words: Sequence[str]) -> Listed:
    identity, section, name, substance, formula, inchikey, cas, kind = words
    return Listed(
        row=row,
        id=identity,
        technique=section,
        name=name,
        substance=substance,
        formula=formula,
        inchikey=inchikey,
        cas=cas,
        class_name=kind,
    )


def _is_id(each: Listed, wanted: str) -> bool:
    return each.id.startswith(wanted.casefold())


def _is_name(each: Listed, wanted: str) -> bool:
    return _is_called(each.name, each.technique, wanted)


def _is_substance(each: Listed, wanted: str) -> bool:
    return _is_called(each.substance, each.technique, wanted)


def _is_called(name: str, technique: str, wanted: str) -> bool:
    return wanted.casefold() in (name.casefold(), f"{name} {technique}".casefold())
