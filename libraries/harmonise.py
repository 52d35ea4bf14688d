"""One spelling for the many ways sources write metadata keys, formulas, identifiers and salts.

Pure text: no files, no chemistry toolkit, no substances table. How people type a substance's name
is `libraries.names`; this module is about what spectrum files say of an entry.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from libraries import names

# Keys as `key` spells them, in the order they are trusted.
NAME = ("name", "names", "compoundname", "chname", "casname", "title")
INCHIKEY = ("inchikey", "chlinkinchikey", "chinchikey")
SMILES = ("smiles", "chsmiles", "canonicalsmiles")
FORMULA = ("formula", "molform", "molecularformula", "chformula")
CAS = ("casregistryno", "casno", "cas", "casrn", "casnumber", "chlinkcas")
CLASS = ("compoundclass", "drugclass")
EXACT_MASS = ("exactmass", "monoisotopicmass", "chexactmass")
STATED_MASS = ("mw", "molecularweight", "molweight", "nominalmass")
ACCESSION = ("accession", "rruffid", "db", "nist", "nistno", "spectrumid", "dbno", "id")
LICENCE = ("license", "licence", "copyright")
INSTRUMENT = ("instrument", "spectrometerdatasystem", "acinstrument", "sourceinstrument")
IONIZATION = ("ionization", "ionisation", "acionization")
PRECURSOR = ("precursormz", "pepmass")
RETENTION_INDEX = ("retentionindex", "ri")
MEASURED = (
    "measured",
    "measureddate",
    "longdate",
    "date",
    "acquisitiondate",
    "acquired",
    "created",
)
INCHI = ("inchi", "chiupac", "inchicode")
SAMPLING = ("samplingprocedure", "sampling", "state", "accessory")

_COMMENT_KEYS = ("comment", "comments")
_KEY_NOISE = re.compile(r"[^a-z0-9]+")
_COMMENT_PAIR = re.compile(r'"([^"=]{1,60})=([^"]*)"|(?<!\S)([A-Za-z][\w./#-]{0,40})=(\S+)')
_INCHIKEY = re.compile(r"\b[A-Z]{14}(?:-[A-Z]{10}-[A-Z])?\b")
_DASHES = re.compile(r"[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_LONGEST_NAME = 300
_LONGEST_COMMENT = 20_000

# Isotope labels and derivatives carry the parent's InChIKey in many collections, yet give another
# spectrum: they must never count as replicates of the parent.
_LABELLED = re.compile(
    r"(?<![a-z])(?<!vitamin )d\(?\d{1,2}\)?(?![\w,'-])|deuterat\w*|\b(?:13c|15n)\d*\b"
    r"|\(\d[\d,]*-d\)"
)
_DERIVATIVE = re.compile(
    r"\bderivat|(?<![a-z])(?:bis-|di-|tri-|\d+\s*)?(?:tms|tbdms|hfba|pfpa?|tfa|tpc|bsa|mstfa)\b"
    r"|acetylat(?:ed|ion)|silylat(?:ed|ion)|permethylat|(?<=\s)[2-9]?ac$"
    r"|trimethylsilyl|methoxime|heptafluorobutyr|trifluoroacet(?:yl|ate)|pentafluoropropion"
)
# Shorter than the list in `libraries.names`: "acetate" ends the names of esters as well.
_SALTS = (
    r"hydrochloride(?: monohydrate)?|dihydrochloride|2?hcl|hydrobromide|hbr|hemisulfate|sulfate"
    r"|phosphate|citrate|bitartrate|tartrate|maleate|fumarate|oxalate|mesylate"
)
_SALT = re.compile(rf"[\s,(-]+({_SALTS})\)?(?: salt)?$")
_SAME_SALT = {"hcl": "hydrochloride", "hbr": "hydrobromide", "2hcl": "dihydrochloride"}
_BASE = re.compile(r"[\s,(-]+(?:free\s?)?base\)?$")

_FORMULA_PART = re.compile(r"([A-Z][a-z]?)(\d*)")
_FORMULA_SHAPE = re.compile(r"(?:[A-Z][a-z]?\d{0,4}){1,40}")
# Mass in Da of the most abundant isotope of each element (D is deuterium): AME2020, Wang et al.,
# Chinese Phys. C 45 (2021) 030003, doi:10.1088/1674-1137/abddaf, rounded to 1e-5.
_MASSES = {
    "H": 1.00783, "D": 2.01410, "B": 11.00931, "C": 12.0, "N": 14.00307, "O": 15.99491,
    "F": 18.99840, "Na": 22.98977, "Mg": 23.98504, "Al": 26.98154, "Si": 27.97693,
    "P": 30.97376, "S": 31.97207, "Cl": 34.96885, "K": 38.96371, "Ca": 39.96259,
    "Fe": 55.93494, "Cu": 62.92960, "Zn": 63.92914, "As": 74.92159, "Se": 79.91652,
    "Br": 78.91834, "I": 126.90447, "Li": 7.01600, "Sn": 119.90220, "Hg": 201.97064,
}  # fmt: skip


@lru_cache(maxsize=4_096)
def key(text: str) -> str:
    """Return a metadata key in the one spelling compared here: lower-case letters and digits."""
    return _KEY_NOISE.sub("", text.lower())


def facts(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata under `key` spellings, ``key=value`` pairs inside comments included.

    A stated field wins over the same field inside a comment. Values are cleaned by `clean`.
    """
    found: dict[str, str] = {}
    for word, value in metadata.items():
        cleaned = clean(value)
        if cleaned:
            found.setdefault(key(word), cleaned)
    for comment in _COMMENT_KEYS:
        for pair in _COMMENT_PAIR.finditer(found.get(comment, "")[:_LONGEST_COMMENT]):
            word, value = (pair[1], pair[2]) if pair[1] else (pair[3], pair[4])
            if value.strip():
                found.setdefault(key(word), clean(value))
    return found


def pick(found: Mapping[str, str], wanted: tuple[str, ...]) -> str:
    """Return the first of the wanted fields that is filled, else an empty text."""
    return next((found[word] for word in wanted if found.get(word)), "")


def clean(text: str) -> str:
    """Return one line of printable text in Unicode NFC, single spaces, plain hyphens."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    plain = _DASHES.sub("-", unicodedata.normalize("NFC", text))
    kept = "".join(c if c.isprintable() or c.isspace() else " " for c in plain)
    return " ".join(kept.split())


def display_name(text: str) -> str:
    """Return a substance's name for display: cleaned, first part of a MassBank title, limited."""
    return clean(text).strip("\"'").split("; ")[0].strip()[:_LONGEST_NAME]


def inchikey(text: str) -> str:
    """Return the InChIKey (or its first block) found in the text, else an empty text."""
    found = _INCHIKEY.search(text)
    return found[0] if found else ""


@lru_cache(maxsize=16_384)
def salt(text: str) -> str:
    """Return the salt form that ends a name (``hydrochloride``), or an empty text for none."""
    found = _SALT.search(names.plain(clean(text)))
    return _SAME_SALT.get(found[1], found[1]) if found else ""


@lru_cache(maxsize=16_384)
def without_salt(text: str) -> str:
    """Return a name in plain spelling without the salt form or "base" that ends it."""
    lowered = names.plain(clean(text))
    return _SALT.sub("", _BASE.sub("", lowered)) or lowered


@lru_cache(maxsize=16_384)
def variant(text: str) -> str:
    """Return what makes a name other than its parent: isotope label or derivative, or nothing."""
    lowered = names.plain(clean(text))
    derivative = _DERIVATIVE.search(lowered)
    if derivative:
        return "derivative:" + names.key(derivative[0])
    label = _LABELLED.search(lowered)
    return "label:" + names.key(label[0]) if label else ""


def group(text: str, identifier: str, *, with_salt: bool) -> str:
    """Return the key that replicates of one substance share.

    Parameters
    ----------
    text : str
        The name.
    identifier : str
        InChIKey; its first block (the connection table) is used. May be empty.
    with_salt : bool
        True for solids (Raman, infrared), where salt and base differ. In electron ionisation and
        other vapour or solution methods the counter-ion is gone, so salts fall together.

    Returns
    -------
    str
        ``PJMPHNIQZUBGLI``, ``PJMPHNIQZUBGLI+hydrochloride``, ``cocaine`` ...

    Notes
    -----
    Stereoisomers share the first block, since neither technique separates optical isomers.
    """
    lowered = names.plain(clean(text))
    form = salt(lowered)
    core = identifier[:14] or names.key(without_salt(lowered)) or lowered or "unnamed"
    other = variant(lowered)
    parts = [core, *([form] if form and with_salt else []), *([other] if other else [])]
    return "+".join(parts)


@lru_cache(maxsize=16_384)
def formula(text: str) -> str:
    """Return a molecular formula in Hill order (``C H3 C Cl3`` -> ``C2H3Cl3``), else ``""``.

    Of a salt written with a dot, the largest part. Mineral formulas with brackets, charges or
    underscores give an empty text: they are not guessed at.
    """
    largest: dict[str, int] = {}
    for part in re.split(r"[.·*]", text[:_LONGEST_NAME]):
        counts = _atoms(part)
        if counts is None:
            return ""
        if sum(counts.values()) > sum(largest.values()):
            largest = counts
    carbon_first = ("C", "H") if "C" in largest else ()
    order = [e for e in carbon_first if e in largest]
    order += sorted(e for e in largest if e not in order)
    return "".join(e + (str(largest[e]) if largest[e] > 1 else "") for e in order)


def monoisotopic_mass(text: str) -> float | None:
    """Return the monoisotopic mass in Da of a formula from `formula`; None if it has none."""
    counts = _atoms(text)
    if not counts or any(element not in _MASSES for element in counts):
        return None
    return round(sum(_MASSES[element] * n for element, n in counts.items()), 5)


def number(text: str) -> float | None:
    """Return the first finite positive number of a text (decimal comma allowed), else None."""
    found = re.search(r"\d{1,9}(?:[.,]\d{1,9})?(?:[eE][+-]?\d{1,2})?", text)
    if not found:
        return None
    value = float(found[0].replace(",", "."))
    return value if 0 < value < 1e9 else None


def _atoms(text: str) -> dict[str, int] | None:
    compact = "".join(text.split())
    if not _FORMULA_SHAPE.fullmatch(compact):
        return None
    counts: dict[str, int] = {}
    for element, digits in _FORMULA_PART.findall(compact):
        n = int(digits) if digits else 1
        if n == 0:
            return None
        counts[element] = counts.get(element, 0) + n
    return counts
