"""The named fields of mass-spectral text libraries -> what a mass spectrum knows. No peaks here.

Producers agree on few names; each fact lists the spellings met in real files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from instruments.cleaning import one_line
from instruments.decoding import number

_PRECURSOR = (
    "precursormz",
    "precursor_mz",
    "precursor m/z",
    "pepmass",
    "ms$focused_ion: precursor_m/z",
)
_MASS = ("exactmass", "exact mass", "exact_mass", "parent_mass", "parentmass", "mw", "molweight")
_INDEX = ("retentionindex", "retention_index", "retention index", "ri", "kovats_ri")
_TIME = ("retentiontime", "retention_time", "retention time", "rt", "rtinseconds")
_IONIZATION = ("ionization", "ionisation", "ionization_mode", "ion_source", "ionization energy")
_TYPE = ("instrument_type", "instrumenttype", "instrument type", "source_instrument", "instrument")
_MODE = ("ion_mode", "ionmode", "ion mode", "polarity")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
_EI = re.compile(r"(?:^|[\s\-_/(])EI(?:$|[\s\-_/);+])")
_SOFT = re.compile(
    r"(?:^|[\s\-_/(])(ESI|APCI|APPI|CI|DART|MALDI|FAB|FI)(?:$|[\s\-_/);+])", re.IGNORECASE
)
_QUOTED_PAIR = re.compile(r'"([^"=]{1,80})=((?:[^"]|"(?=[^\s"]))*)"')


class Fields:
    """Case-blind look-up over the fields of one entry."""

    def __init__(self, pairs: Mapping[str, str]) -> None:
        self._values = {key.lower(): value for key, value in pairs.items()}

    def text(self, names: tuple[str, ...]) -> str:
        """Return the first field that is there and filled."""
        values = self._values
        for name in names:
            value = values.get(name)
            if value:
                return value
        return ""

    def positive(self, names: tuple[str, ...]) -> float | None:
        """Return the first number of the first such field if it is above zero."""
        values = self._values
        for name in names:
            text = values.get(name)
            value = first_number(text) if text else None
            if value is not None and value > 0:
                return value
        return None

    def precursor_mz(self) -> float | None:
        """Return the precursor in m/z; files write 0 for none."""
        return self.positive(_PRECURSOR)

    def molecular_mass(self) -> float | None:
        """Return the neutral mass in Da, exact where there is one."""
        return self.positive(_MASS)

    def retention_index(self) -> float | None:
        """Return the retention index; -1 and 0 mean none."""
        return self.positive(_INDEX)

    def retention_time_s(self, minutes: bool = False) -> float | None:
        """Return seconds where the unit is stated in the value or known from the format."""
        if "rtinseconds" in self._values:
            return self.positive(("rtinseconds",))
        text = self.text(_TIME)
        if not text:
            return None
        value = first_number(text)
        if value is None or value <= 0:
            return None
        lowered = text.lower()
        if "min" in lowered or (minutes and "sec" not in lowered):
            return value * 60.0
        return value if "sec" in lowered or lowered.rstrip().endswith(" s") else None

    def ionization(self) -> str:
        """Return ``EI``, ``ESI+`` … or an empty string."""
        stated = self.text(_IONIZATION)
        words = " ".join((stated, self.text(_TYPE), self._values.get("name", "")[:300]))
        if "EI" in words and _EI.search(words):
            return "EI"
        soft = _SOFT.search(words)
        if not soft:
            return one_line(stated, limit=20)
        return soft.group(1).upper() + polarity_sign(self.text(_MODE))


def polarity_sign(mode: str) -> str:
    """Return ``+``, ``-`` or nothing for ``P``, ``NEGATIVE`` …; ``n/a`` is nothing."""
    word = mode.strip().lower()
    if word in ("p", "+") or word.startswith("pos"):
        return "+"
    return "-" if word in ("n", "-") or word.startswith("neg") else ""


def first_number(text: str) -> float | None:
    """Return the first number in a text; a decimal comma is read as a point."""
    match = _NUMBER.search(text[:200]) if text else None
    return number(match.group().replace(",", ".")) if match else None


def quoted_pairs(comments: str) -> dict[str, str]:
    """Return the ``"key=value"`` pairs of a comment line."""
    if '"' not in comments:
        return {}
    return {key.strip(): value.strip() for key, value in _QUOTED_PAIR.findall(comments)}
