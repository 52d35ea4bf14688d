"""JSON texts read strictly: sized, finite, each key once, exactly the keys that are expected."""

from __future__ import annotations

import json

from spectra.errors import SpectrumError
from spectra.step import nearest

_LONGEST = 64_000


def loaded(text: str, what: str) -> object:
    """Return the value of a JSON text.

    Raises
    ------
    SpectrumError
        Longer than 64,000 characters, not JSON, nested too deeply, a key twice, NaN or infinity.
    """
    if len(text) > _LONGEST:
        raise SpectrumError(f"{what} of {len(text)} characters; {_LONGEST} at most")
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError as deep:
        raise SpectrumError(f"{what} is nested too deeply") from deep
    except ValueError as fault:
        raise SpectrumError(f"{what} is not JSON: {str(fault)[:100]}") from fault


def members(value: object, keys: set[str], what: str) -> dict[str, object]:
    """Return the members of an object that must have exactly these keys.

    Raises
    ------
    SpectrumError
        Not an object, a key missing, or one that is not known.
    """
    if not isinstance(value, dict):
        raise SpectrumError(f"{what} is a {type(value).__name__}, an object is expected")
    found = {str(key): each for key, each in value.items()}
    missing, unknown = sorted(keys - set(found)), sorted(set(found) - keys)
    if missing:
        raise SpectrumError(f"{what} without {', '.join(missing)}")
    if unknown:
        raise SpectrumError(
            f"{what} with the unknown key {unknown[0][:60]!r}", hint=nearest(unknown[0], keys)
        )
    return found


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise SpectrumError("an object in which a key stands twice")
    return made


def _no_constant(word: str) -> object:
    raise SpectrumError(f"{word} is no number that may stand here")
