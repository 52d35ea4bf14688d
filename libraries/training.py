"""The training library: reference spectra this project made itself. Training, not for casework.

Electron-ionisation spectra from published principal ions and fragmentation rules, infrared and
Raman curves from published band positions. For demonstration, practice and tests; every entry
carries the mark. Knows no lab, no clock and no files but the package's own.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from libraries import names, substances, training_bands, training_ions
from libraries.errors import LibraryError
from spectra.spectrum import MassSpectrum, Spectrum, Technique

MARK = "training, not for casework"
LICENCE = "Apache-2.0; made by this project from published facts"

# One ion of the list: m/z, the halogens it holds if any, relative height.
_ION = re.compile(r"(?P<mz>\d{2,3})(?P<halogens>Cl2?|Br|BrCl)?:(?P<height>\d+(?:\.\d+)?)")

_BASIS = {
    "rule": "published fragmentation pathway with typical intensities",
    "pathway": "published fragmentation pathway, ions set out by hand",
    "compilations": "principal ions as in published compilations, intensities rounded",
    "papers": "principal ions as in published papers, intensities rounded",
}

# For the demonstration: no library and no table holds it, nor anything of its formula. The rules
# that made the fentanyls of the library make it too.
_HIDDEN_NAME = "para-fluorohexanoylfentanyl"
_HIDDEN_SMILES = "CCCCCC(=O)N(c1ccc(F)cc1)C1CCN(CCc2ccccc2)CC1"
_HIDDEN_INCHIKEY = "APCHFKDQUGJJGG-UHFFFAOYSA-N"
_HIDDEN_RULE = "fentanyl acyl=hexanoyl aniline=fluoro"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingEntry:
    """One reference spectrum of the training library.

    Parameters
    ----------
    name : str
        With the salt form where the spectrum depends on it.
    substance : str
        Name without the salt form.
    inchikey : str
        Of the substance; empty for mixtures, polymers and minerals.
    class_name : str
        As the substances table spells it, or ``polymer``, ``pigment``, ``mineral``.
    technique : Technique
        ``MS``, ``FTIR`` or ``RAMAN``.
    measurement : Spectrum or MassSpectrum
    sources : str
        What the numbers rest on, in words.
    """

    name: str
    substance: str
    inchikey: str
    class_name: str
    technique: Technique
    measurement: Spectrum | MassSpectrum
    sources: str

    @property
    def mark(self) -> str:
        """Always *training, not for casework*."""
        return MARK


@cache
def entries(technique: Technique | None = None) -> tuple[TrainingEntry, ...]:
    """Return the training library, or the part of it made by one technique.

    Parameters
    ----------
    technique : Technique or None
        ``MS``, ``FTIR`` or ``RAMAN``; all three if None.
    """
    if technique is None:
        parts = (Technique.MS, Technique.FTIR, Technique.RAMAN)
        return tuple(entry for part in parts for entry in entries(part))
    if technique is Technique.MS:
        return tuple(_mass_entries())
    if technique in (Technique.FTIR, Technique.RAMAN):
        return tuple(_curve_entries(technique))
    raise LibraryError(f"the training library holds nothing made by {technique.value}")


def entry(name: str, technique: Technique) -> TrainingEntry:
    """Return one entry by its name, synonym or salt.

    Raises
    ------
    LibraryError
        There is none of that name for that technique.
    """
    wanted = names.key(name)
    known = substances.table().find(name)
    for each in entries(technique):
        if names.key(each.name) == wanted:
            return each
    for each in entries(technique):
        if known and each.inchikey == known.inchikey:
            return each
    raise LibraryError(
        f"the training library holds no {technique.value} spectrum of {name[:80]!r}",
        hint="training.entries() lists what there is.",
    )


def hidden_analogue() -> TrainingEntry:
    """Return a fentanyl that stands in no library and no table, as an instrument would see it.

    It is simulated by the rules that made the library's fentanyls. Its formula belongs to no
    entry, and its measurement names nothing: neither substance nor molecular mass.
    """
    peaks = _rule_peaks(_HIDDEN_RULE, {})
    full = training_ions.with_isotopes(
        peaks, carbons=25, nitrogens=2, sulfurs=0, mass=396, halogens={}
    )
    return TrainingEntry(
        name=_HIDDEN_NAME,
        substance=_HIDDEN_NAME,
        inchikey=_HIDDEN_INCHIKEY,
        class_name="fentanyl",
        technique=Technique.MS,
        measurement=_mass_spectrum("unknown", full, {}, None),
        sources=_sources("rule"),
    )


def hidden_smiles() -> str:
    """Return the structure behind `hidden_analogue`, for the demonstration's last page."""
    return _HIDDEN_SMILES


def _sources(basis: str) -> str:
    if basis not in _BASIS:
        raise LibraryError(f"training_ei.csv: there is no basis {basis!r}")
    return f"{_BASIS[basis]}; approximate, written for training"


def _rows(name: str) -> Iterator[dict[str, str]]:
    path: Path = substances.DATA_FOLDER / name
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _facts(row: substances.Substance) -> dict[str, str]:
    return {
        "InChIKey": row.inchikey,
        "SMILES": row.smiles,
        "Formula": row.formula,
        "CompoundClass": row.class_name,
    }


def _metadata(name: str, facts: Mapping[str, str], sources: str) -> dict[str, str]:
    return {
        "Name": name,
        **facts,
        "License": LICENCE,
        "training": "true",
        "Comment": f"{MARK}: {sources}",
    }


def _mass_entries() -> Iterator[TrainingEntry]:
    for row in _rows("training_ei.csv"):
        substance = substances.table().find(row["name"])
        if substance is None:
            raise LibraryError(f"training_ei.csv: {row['name']} stands in no substances table")
        peaks, halogens = _listed(row["peaks"], row["name"])
        if row["rule"]:
            peaks = _rule_peaks(row["rule"], peaks)
            halogens = _rule_halogens(row["rule"], peaks)
        peaks = training_ions.scaled(peaks)
        full = training_ions.with_isotopes(
            peaks, mass=substance.nominal_mass, halogens=halogens, **_atoms(substance.formula)
        )
        sources = _sources(row["basis"])
        metadata = _metadata(substance.name, _facts(substance), sources)
        yield TrainingEntry(
            name=substance.name,
            substance=substance.name,
            inchikey=substance.inchikey,
            class_name=substance.class_name,
            technique=Technique.MS,
            measurement=_mass_spectrum(substance.name, full, metadata, substance.monoisotopic_mass),
            sources=sources,
        )


def _mass_spectrum(
    title: str, peaks: Mapping[int, float], metadata: Mapping[str, str], mass: float | None
) -> MassSpectrum:
    return MassSpectrum(
        title=title,
        mz=np.array(list(peaks), dtype=np.float64),
        intensity=np.array([round(height, 2) for height in peaks.values()], dtype=np.float64),
        molecular_mass=mass,
        ionization="EI",
        metadata=metadata or {"training": "true", "Comment": MARK},
    )


def _listed(text: str, name: str) -> tuple[dict[int, float], dict[int, str]]:
    """Return the peaks of ``180Cl:100 209Cl:24 …`` and which of them hold halogens."""
    peaks: dict[int, float] = {}
    halogens: dict[int, str] = {}
    for item in text.split():
        ion = _ION.fullmatch(item)
        if ion is None or int(ion["mz"]) in peaks:
            raise LibraryError(f"training_ei.csv: {name}: {item!r} is no ion, or is there twice")
        peaks[int(ion["mz"])] = float(ion["height"])
        if ion["halogens"]:
            halogens[int(ion["mz"])] = ion["halogens"]
    return peaks, halogens


def _rule_words(rule: str) -> tuple[str, dict[str, str]]:
    kind, *words = rule.split()
    return kind, dict(word.split("=", 1) for word in words)


def _rule_peaks(rule: str, extra: Mapping[int, float]) -> dict[int, float]:
    kind, words = _rule_words(rule)
    match kind:
        case "fentanyl":
            made = training_ions.fentanyl_peaks(**words)
        case "cathinone":
            made = training_ions.cathinone_peaks(
                int(words["iminium"]), words["aryl"], pyrrolidine=words.get("pyrrolidine") == "yes"
            )
        case "tryptamine":
            ring = "" if words["ring"] == "none" else words["ring"]
            made = training_ions.tryptamine_peaks(
                int(words["iminium"]), ring, int(words["molecular"]), extra
            )
        case _:
            raise LibraryError(f"training_ei.csv: there is no rule {kind!r}")
    return made


def _rule_halogens(rule: str, peaks: Mapping[int, float]) -> dict[int, str]:
    """Return which ions of a chloro fentanyl still hold the aniline ring and so the chlorine."""
    kind, words = _rule_words(rule)
    if kind != "fentanyl" or words.get("aniline") != "chloro":
        return {}
    return {mz: "Cl" for mz in peaks if mz >= 160}


def _atoms(formula: str) -> dict[str, int]:
    return {
        word: substances.count(formula, element)
        for word, element in (("carbons", "C"), ("nitrogens", "N"), ("sulfurs", "S"))
    }


def _curve_entries(technique: Technique) -> Iterator[TrainingEntry]:
    for row in training_bands.rows(technique):
        substance = substances.table().find(row.substance)
        class_name = substance.class_name if substance else row.class_name
        facts = _facts(substance) if substance else {"CompoundClass": class_name}
        sources = f"{row.basis}; approximate, written for training"
        metadata = _metadata(row.name, facts, sources)
        yield TrainingEntry(
            name=row.name,
            substance=substance.name if substance else row.substance,
            inchikey=substance.inchikey if substance else "",
            class_name=class_name,
            technique=technique,
            measurement=training_bands.reference(row, technique, metadata),
            sources=sources,
        )
