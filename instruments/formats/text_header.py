"""What the header of a text export says: whose it is, its keys, laser line, units. No numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from instruments.cleaning import clean_map
from instruments.decoding import number

_PAIR = re.compile(r"[\"#/\s\x00]*([^=:;\t,]{1,80}?)\s*[=:;\t,]\s*(.*)")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")

# Marks of each writer; the first that is found names the dialect.
_DIALECTS: tuple[tuple[str, str], ...] = (
    (r"\A[^\n]*File Version;BW|\bBWRam|\bBWSpec", "bwtek-txt"),
    (r"#Acq\. time|#AxisUnit\[", "horiba-txt"),
    (r"#Wave\s+#Intensity|#X\s+#Y\s+#Wave", "renishaw-txt"),
    (r"WITEC_TRUEMATCH|//Exported ASCII-File|X-Axis[\t,].*\n\s*(?:rel\. 1/cm|nm)", "witec-txt"),
    (r"ENLIGHTEN Version", "wasatch-csv"),
    (r">>>>>Begin|SpectraSuite Data File", "ocean-txt"),
    (r"Nr of pixels used for smoothing", "avantes-txt"),
    (r"DeviceSN\s", "lightnovo-txt"),
    (r"\APE [A-Z]{2}\s.*ASCII", "perkinelmer-ascii"),
    (r"Application Name\s+LabSolutions|\[Chromatogram ", "shimadzu-ascii"),
    (r"Start of data points", "agilent-csv"),
    (r"chrom://|Chromeleon", "chromeleon-txt"),
)
_DIALECT_PATTERNS = tuple((re.compile(mark), name) for mark, name in _DIALECTS)
_LASER_KEY = re.compile(r"laser.?wave|laserwavelength|excitation.?wave|^wl$|^laser(?: ?\(nm\))?$")
_X_UNIT_KEYS = ("axisunit[1]", "xaxisunit", "xdatakind", "xunits", "x unit", "xaxis mode")
_Y_UNIT_KEYS = ("axisunit[0]", "dataunit", "yunits", "y unit")
_TITLE_KEYS = ("title", "graphname", "name", "sample name", "injection", "label", "sample")


def dialect(header: str) -> str:
    """Return the name of the writer's dialect, or an empty string."""
    for pattern, name in _DIALECT_PATTERNS:
        if pattern.search(header):
            return name
    return ""


def header_pairs(lines: Iterable[str]) -> dict[str, str]:
    """Return ``key = value`` pairs of header lines, cleaned, under the vendor's own names."""
    pairs: dict[str, str] = {}
    for line in lines:
        match = _PAIR.match(line[:2000])
        if match and match.group(1).strip() and match.group(2).strip():
            pairs.setdefault(match.group(1).strip(), match.group(2).strip().strip(',;\t "'))
    return clean_map(pairs)


def laser_nm(pairs: dict[str, str]) -> float | None:
    """Return the laser line in nm where the header states it, between 200 and 1100."""
    return _laser(pairs)[1]


def laser_key(pairs: dict[str, str]) -> str:
    """Return the name of the header line that holds the laser line, or an empty string."""
    return _laser(pairs)[0]


def _laser(pairs: dict[str, str]) -> tuple[str, float | None]:
    for key, value in pairs.items():
        if _LASER_KEY.search(key.lower().replace("_", " ").strip()):
            match = _NUMBER.search(value)
            found = number(match.group().replace(",", ".")) if match else None
            if found is not None and 200.0 <= found <= 1100.0:
                return key, found
    return "", None


def find_key(pairs: dict[str, str], pattern: re.Pattern[str]) -> str:
    """Return the first key of the header that a pattern fits, or an empty string."""
    return next((key for key in pairs if pattern.search(key)), "")


def title_key(pairs: dict[str, str]) -> str:
    """Return the name of the header line that holds the title, or an empty string."""
    lowered = {key.lower(): key for key in pairs}
    return next((lowered[key] for key in _TITLE_KEYS if key in lowered), "")


def x_unit(pairs: dict[str, str]) -> str:
    """Return the word the header gives for the unit of x, or an empty string."""
    return _first(pairs, _X_UNIT_KEYS)


def y_unit(pairs: dict[str, str]) -> str:
    """Return the word the header gives for the unit of y, or an empty string."""
    return _first(pairs, _Y_UNIT_KEYS)


def title(pairs: dict[str, str]) -> str:
    """Return the title the header gives, or an empty string."""
    return _first(pairs, _TITLE_KEYS)


def _first(pairs: dict[str, str], keys: tuple[str, ...]) -> str:
    lowered = {key.lower(): value for key, value in pairs.items()}
    return next((lowered[key] for key in keys if key in lowered), "")
