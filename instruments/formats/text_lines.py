"""The lines of a text, and which of them are written alike.

What a line is (a row, a name, a note) hangs on where its digits stand, never on which digits they
are. So a question is asked once for each form, and a table of 10,000 rows has a few dozen.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import numpy as np

from spectra.axis import IntArray

_ZEROS = bytes.maketrans(b"123456789", b"000000000")
# No rule counts further than five digits: an exponent has four, a group of thousands three.
_LONG_DIGITS = re.compile("0{6,}")
_FIVE = "00000"
_CODEC = ("utf-8", "surrogatepass")
# From one line in so many on, all are taken apart at once.
_MANY = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLines:
    """Lines of text with the shape and the form of each.

    Parameters
    ----------
    raw : bytes
        The lines in UTF-8, joined by line feeds.
    starts : ndarray of int, shape (n_lines,)
        Where each line begins in ``raw``.
    shapes : list of str
        The distinct lines once every ASCII digit is written as 0.
    shape_of : ndarray of int, shape (n_lines,)
        Which shape each line has.
    form_of : ndarray of int, shape (n_lines,)
        Which form each line has: a shape whose long runs of digits count as equally long.
    samples : list of str
        The first line of each form, in the order of the lines.
    counts : ndarray of int, shape (n_forms,)
        How many lines have each form.
    """

    raw: bytes
    starts: IntArray
    shapes: list[str]
    shape_of: IntArray
    form_of: IntArray
    samples: list[str]
    counts: IntArray

    @classmethod
    def of(cls, lines: list[str]) -> TextLines:
        """Return lines, none of which holds a line feed, with their shapes and forms."""
        raw = _encoded("\n".join(lines))
        return cls._of(raw, raw.translate(_ZEROS).decode(*_CODEC).split("\n") if lines else [])

    @classmethod
    def of_text(cls, text: str) -> TextLines:
        """Return the lines of a text, which end at CR, LF or CR LF, with their shapes and forms."""
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        raw = _encoded(text)
        return cls._of(raw, raw.translate(_ZEROS).decode(*_CODEC).split("\n"))

    @classmethod
    def _of(cls, raw: bytes, zeros: list[str]) -> TextLines:
        n_lines = len(zeros)
        shapes, shape_of = _numbered(zeros)
        short = _LONG_DIGITS.sub(_FIVE, "\n".join(shapes)).split("\n") if zeros else []
        forms, form_of_shape = _numbered(short)
        form_of = form_of_shape[shape_of]
        first = np.zeros(len(forms), dtype=np.int64)
        first[form_of[::-1]] = np.arange(n_lines - 1, -1, -1)  # the last one written stays
        lengths = map(len, shapes if raw.isascii() else map(_encoded, shapes))
        with_feed = np.fromiter(lengths, dtype=np.int64, count=len(shapes)).take(shape_of) + 1
        starts = np.cumsum(with_feed) - with_feed
        return cls(
            raw=raw,
            starts=starts,
            shapes=shapes,
            shape_of=shape_of,
            form_of=form_of,
            samples=[_line(raw, int(starts[at])) for at in first.tolist()],
            counts=np.bincount(form_of, minlength=len(forms)),
        )

    def between(self, start: int, stop: int) -> list[str]:
        """Return the lines from ``start`` up to ``stop``, in order."""
        if stop <= start:
            return []
        end = int(self.starts[stop]) - 1 if stop < self.starts.size else len(self.raw)
        return self.raw[int(self.starts[start]) : end].decode(*_CODEC).split("\n")

    def at(self, which: IntArray) -> list[str]:
        """Return some lines."""
        if _MANY * which.size > self.starts.size:
            lines = self.between(0, self.starts.size)
            return [lines[at] for at in which.tolist()]
        return [_line(self.raw, start) for start in self.starts[which].tolist()]

    def forms_that(self, holds: Callable[[str], bool]) -> IntArray:
        """Return the forms of which a rule holds, in the order of their first lines."""
        return np.array([at for at, line in enumerate(self.samples) if holds(line)], dtype=np.int64)

    def of_forms(self, forms: IntArray) -> list[str]:
        """Return every line of some forms, in order."""
        wanted = np.zeros(len(self.samples), dtype=np.bool_)
        wanted[forms] = True
        return self.at(np.flatnonzero(wanted[self.form_of]))


def _encoded(text: str) -> bytes:
    return text.encode(*_CODEC)


def _line(raw: bytes, start: int) -> str:
    end = raw.find(b"\n", start)
    return raw[start : end if end >= 0 else len(raw)].decode(*_CODEC)


def _numbered(texts: list[str]) -> tuple[list[str], IntArray]:
    """Return the distinct texts in order, and which of them each text is."""
    number: defaultdict[str, int] = defaultdict(count().__next__)
    found = np.fromiter(map(number.__getitem__, texts), dtype=np.int64, count=len(texts))
    return list(number), found
