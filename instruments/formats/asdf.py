"""The compressed numbers of JCAMP-DX (AFFN, PAC, SQZ, DIF, DUP): text lines to ordinates and back.

Source: R. S. McDonald, P. A. Wilks, Appl. Spectrosc. 42 (1988) 151, doi:10.1366/0003702884428734;
P. Lampen et al., Appl. Spectrosc. 48 (1994) 1545. Knows nothing of labels or units.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from instruments.errors import CorruptFileError
from spectra.axis import FloatArray

_SQZ_POSITIVE, _SQZ_NEGATIVE = "@ABCDEFGHI", "abcdefghi"
_DIF_POSITIVE, _DIF_NEGATIVE = "%JKLMNOPQR", "jklmnopqr"
_DUP = "STUVWXYZs"
_FIRST_DIGIT = (
    {letter: str(value) for value, letter in enumerate(_SQZ_POSITIVE)}
    | {letter: f"-{value}" for value, letter in enumerate(_SQZ_NEGATIVE, 1)}
    | {letter: str(value) for value, letter in enumerate(_DIF_POSITIVE)}
    | {letter: f"-{value}" for value, letter in enumerate(_DIF_NEGATIVE, 1)}
    | {letter: str(value) for value, letter in enumerate(_DUP, 1)}
)
_SQZ = frozenset(_SQZ_POSITIVE + _SQZ_NEGATIVE)
_DIF = frozenset(_DIF_POSITIVE + _DIF_NEGATIVE)
_DUPLICATE = frozenset(_DUP)

# E and e are digits in SQZ and exponents elsewhere, so they do not make a block compressed.
COMPRESSED = re.compile(r"[@%A-DF-Za-df-z]")
_MISSING_WORD = re.compile(r"\b(?:nan|inf|infinity)\b", re.IGNORECASE)
# Possessive: a line of ten million digits must not be tried in ten million ways.
_AFFN = r"[-+]?+(?:\d++\.?+\d*+|\.\d++)"
_PLAIN = re.compile(rf"({_AFFN}(?:[eE][-+]?\d{{1,3}})?)|(\?)|([\s,;]+)|(.)")
_PACKED = re.compile(
    rf"({_AFFN}(?:[eE][-+]\d{{1,3}}(?=[\s,;]|$))?)|([@A-Za-z%][\d.]*)|(\?)|([\s,;]+)|(.)"
)
# Lines whose every letter has one meaning, so that no token need be weighed.
_DIGITS_LINE = re.compile(r"[-+.\d \t]*+", re.ASCII)
_SQUEEZED_LINE = re.compile(r"(?:[@%A-Za-s]\d{0,15}+)*+", re.ASCII)
_SQUEEZED = re.compile(r"([@%A-Za-s])(\d*)", re.ASCII)
# A line of plain numbers, at least two of them: x and an ordinate. Alone, 646.2E66 can only be x
# and the digits 566, and in 0E000E000 no E is an exponent.
_EXPONENT = r"(?:[eE][-+]?+\d{1,3}+)?+"
_PLAIN_LINE = re.compile(
    rf"\s*+{_AFFN}{_EXPONENT}(?:(?:[\s,;]++|(?=[-+]))(?:{_AFFN}{_EXPONENT}|\?))++[\s,;]*+"
)
# At the start of a compressed line an E after x is an exponent only with a sign and two digits.
_X_START = re.compile(rf"\s*({_AFFN}(?:[eE][-+]\d{{2,3}}(?=[-+\s@A-Za-z%]))?)")


@dataclass(slots=True)
class Ordinates:
    """What the lines of one ``(X++(Y..Y))`` table hold.

    Parameters
    ----------
    values : list of float
        Raw ordinates, before any factor; NaN where the file says that one is missing.
    line_x : list of (int, float)
        For each line, the index of its first ordinate and the abscissa written before it.
    bad_checks : list of int
        Lines (from 0) whose check point does not repeat the last ordinate.
    checks : int
        Check points compared.
    """

    values: list[float]
    line_x: list[tuple[int, float]]
    bad_checks: list[int]
    last_line: int = 0
    checks: int = 0


def decode(lines: Sequence[str], limit: int) -> Ordinates:
    """Return the ordinates of an ``(X++(Y..Y))`` table.

    Parameters
    ----------
    lines : sequence of str
        Data lines without comments.
    limit : int
        More ordinates than this is damage or an attack, not a spectrum.

    Raises
    ------
    CorruptFileError
        A character that is no number, a difference without a start, or too many values.
    """
    lines = _without_words(lines)
    compressed = _any_compressed(lines)
    result = Ordinates(values=[], line_x=[], bad_checks=[])
    ended_in_difference = False
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        text = line.lstrip()
        start = (_X_START if compressed else _PLAIN).match(text)
        if start is None or start.group(1) is None:
            raise CorruptFileError(
                f"data line {at + 1} does not begin with a number: {line[:40]!r}"
            )
        rest = text[start.end() :]
        before = len(result.values)
        quick = _decode_quick(rest, compressed, result, limit)
        difference = _decode_line(rest, compressed, result, at, limit) if quick is None else quick
        first = _drop_check_point(result, before, at, ended_in_difference)
        result.line_x.append((first, float(start.group(1))))
        ended_in_difference = difference
        result.last_line = at
    return result


def _without_words(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines with a question mark for each word that means a missing number."""
    lowered = "\n".join(lines).lower()
    if "nan" not in lowered and "inf" not in lowered:
        return lines
    return [_MISSING_WORD.sub("?", line) for line in lines]


def _any_compressed(lines: Sequence[str]) -> bool:
    whole = "\n".join(lines)
    if COMPRESSED.search(whole):
        return True
    return ("E" in whole or "e" in whole) and any(_is_compressed(line) for line in lines)


def _is_compressed(line: str) -> bool:
    """Return whether letters of a line are digits. E alone may be one, or an exponent."""
    if COMPRESSED.search(line):
        return True
    return ("E" in line or "e" in line) and not _PLAIN_LINE.fullmatch(line)


def _drop_check_point(result: Ordinates, before: int, at: int, wanted: bool) -> int:
    """Compare and remove a check point; return the index of the line's first ordinate."""
    values = result.values
    if not wanted or before == 0 or len(values) == before:
        return before
    result.checks += 1
    previous, repeated = values[before - 1], values[before]
    if not (previous == repeated or (previous != previous and repeated != repeated)):
        result.bad_checks.append(at)
    del values[before]
    return before - 1


def _decode_quick(rest: str, compressed: bool, result: Ordinates, limit: int) -> bool | None:
    """Do as `_decode_line` for the two usual kinds of line; None, and nothing done, for others."""
    if _DIGITS_LINE.fullmatch(rest):
        spaced = rest.replace("+", " +").replace("-", " -")
        try:
            found, difference = list(map(float, spaced.split())), False
        except ValueError:
            return None
    elif compressed and _SQUEEZED_LINE.fullmatch(rest):
        squeezed = _squeezed(rest, limit)
        if squeezed is None:
            return None
        found, difference = squeezed
    else:
        return None
    if len(result.values) + len(found) > limit:
        return None
    result.values.extend(found)
    return difference


def _squeezed(rest: str, limit: int) -> tuple[list[float], bool] | None:
    """Return the ordinates of a line of letters and digits, and whether it ends in a difference."""
    found: list[float] = []
    current = step = 0.0
    difference = False
    for letter, digits in _SQUEEZED.findall(rest):
        value = float(_FIRST_DIGIT[letter] + digits)
        if letter in _SQZ:
            current, difference = value, False
        elif not found:
            return None
        elif letter in _DIF:
            step, difference = value, True
            current += step
        else:
            repeats = int(value) - 1
            if len(found) + repeats > limit:
                return None
            if difference:
                found.extend([current + step * k for k in range(1, repeats + 1)])
                current += step * repeats
            else:
                found.extend([current] * repeats)
            continue
        found.append(current)
    return found, difference


def _decode_line(rest: str, compressed: bool, result: Ordinates, at: int, limit: int) -> bool:
    """Append the ordinates of one line; return whether it ended in a difference."""
    values = result.values
    current: float | None = None
    step = 0.0
    difference = False
    for match in (_PACKED if compressed else _PLAIN).finditer(rest):
        token = match.group()
        head = token[0]
        if token.isspace() or head in ",;":
            continue
        if head == "?":
            current, difference = float("nan"), False
            values.append(current)
        elif head.isdigit() or head in "+-.":
            current, difference = _as_number(token, at), False
            values.append(current)
        elif head in _SQZ and compressed:
            current, difference = _as_number(_FIRST_DIGIT[head] + token[1:], at), False
            values.append(current)
        elif head in _DIF and compressed:
            if current is None:
                raise CorruptFileError(f"data line {at + 1} begins with a difference")
            step, difference = _as_number(_FIRST_DIGIT[head] + token[1:], at), True
            current += step
            values.append(current)
        elif head in _DUPLICATE and compressed:
            if current is None:
                raise CorruptFileError(f"data line {at + 1} begins with a repetition")
            repeats = int(_as_number(_FIRST_DIGIT[head] + token[1:], at)) - 1
            _require_room(len(values), repeats, limit)
            if difference:
                # A repetition after a difference repeats the difference, not the value.
                values.extend(current + step * k for k in range(1, repeats + 1))
                current += step * repeats
            else:
                values.extend([current] * repeats)
        else:
            raise CorruptFileError(f"data line {at + 1}: {token[:10]!r} is no number")
        _require_room(len(values), 0, limit)
    return difference


def _require_room(there: int, more: int, limit: int) -> None:
    if there + more > limit:
        raise CorruptFileError(
            f"the data expand to more than {limit} values: damaged or hostile",
            hint="Export the spectrum again.",
        )


def _as_number(text: str, at: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise CorruptFileError(f"data line {at + 1}: {text[:20]!r} is no number") from None


def decode_pairs(lines: Sequence[str], width: int = 2) -> tuple[FloatArray, bool]:
    """Return ``(XY..XY)`` data, shape (n, width), and whether something was left over.

    Separators may be blanks, commas, semicolons or line ends; decimal commas are told from
    separators by blanks or semicolons standing between the values of a pair.
    """
    text = "\n".join(_without_words(lines)).replace("?", "nan")
    if "," in text and _has_decimal_commas(lines):
        text = text.replace(",", ".")
    cells = text.replace(",", " ").replace(";", " ").split()
    try:
        flat = np.array(list(map(float, cells)), dtype=np.float64)
    except ValueError:
        raise CorruptFileError("the table of pairs holds something that is no number") from None
    whole = flat.size // width * width
    return flat[:whole].reshape(-1, width), whole != flat.size


_DECIMAL_COMMA_PAIR = re.compile(r"\s*[-+]?\d+,\d+[\s;]+[-+]?\d+,\d+[\s;]*$")


def _has_decimal_commas(lines: Sequence[str]) -> bool:
    """Return whether every line is one pair like ``400,5 0,12``; ``400,5 401,6`` is ambiguous.

    Only lines where both readings are possible come here; integers in both halves of each pair
    on one line would make two pairs, so at least one blank-separated pair per line is asked for.
    """
    filled = [line for line in lines if line.strip()]
    if not filled or not all(_DECIMAL_COMMA_PAIR.match(line) for line in filled[:200]):
        return False
    firsts = [line.split(",")[0].strip() for line in filled[:200]]
    seconds = [line.split()[-1].strip(";").split(",")[0] for line in filled[:200]]
    # Two integer pairs on a line have x rising within the line; a decimal pair has x then y.
    return not all(float(b) > float(a) for a, b in zip(firsts, seconds, strict=True))


def encode_difdup(values: Sequence[int], per_line: int = 40) -> list[str]:
    """Return integers as DIFDUP lines, without the leading abscissa, check points included.

    Each line begins with the last ordinate of the one before, so that a reader can check it.
    """
    lines: list[str] = []
    at = 0
    # Only a line that ends in a difference is followed by a check point.
    in_difference = False
    while at < len(values):
        chunk = list(values[at : at + per_line])
        lead = [values[at - 1], *chunk] if in_difference else chunk
        lines.append(_encode_line(lead))
        in_difference = len(lead) > 1
        at += len(chunk)
    if in_difference:
        lines.append(_digits(values[-1], _SQZ_POSITIVE, "@" + _SQZ_NEGATIVE))
    return lines


def _encode_line(values: Sequence[int]) -> str:
    parts = [_digits(values[0], _SQZ_POSITIVE, "@" + _SQZ_NEGATIVE)]
    at = 1
    while at < len(values):
        step = values[at] - values[at - 1]
        run = 1
        while at + run < len(values) and values[at + run] - values[at + run - 1] == step:
            run += 1
        parts.append(_digits(step, _DIF_POSITIVE, "%" + _DIF_NEGATIVE))
        if run > 1:
            text = str(run)
            parts.append(_DUP[int(text[0]) - 1] + text[1:])
        at += run
    return "".join(parts)


def _digits(value: int, positive: str, negative: str) -> str:
    text = str(abs(value))
    letters = negative if value < 0 else positive
    return letters[int(text[0])] + text[1:]
