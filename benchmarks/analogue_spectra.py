"""The electron-impact spectra that analogue flagging is measured on, and what may be hidden."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from instruments import read
from libraries import class_models
from spectra.mass_scores import UnitSpectrum, unit_mass
from spectra.peak_index import PeakIndex

FILES = (
    "ei_swgdrug_dev.msp",
    "ei_nist_fentanyl_dev.msp",
    "ei_massbank_drugs_dev.msp",
    "ei_massbank_background.msp",
)
CLASSES = (
    "fentanyl",
    "cannabinoid",
    "cathinone",
    "phenethylamine",
    "tryptamine",
    "piperazine",
    "benzodiazepine",
    "arylcyclohexylamine",
)
PER_CLASS, OTHERS, BACKGROUND = 40, 60, 250
_MASSES = {"H": 1, "D": 2, "B": 11, "C": 12, "N": 14, "O": 16, "F": 19, "Na": 23, "Si": 28}
_MASSES |= {"P": 31, "S": 32, "Cl": 35, "K": 39, "Br": 79, "Se": 80, "I": 127}


@dataclass(frozen=True, kw_only=True, eq=False)
class Collected:
    """All spectra on whole masses and what each is; one entry of every array for each spectrum.

    ``classes`` are places in `CLASSES`, −1 for none; ``masses`` nominal, NaN where not known.
    """

    intensity: np.ndarray
    names: np.ndarray
    classes: np.ndarray
    compounds: np.ndarray
    formulas: np.ndarray
    masses: np.ndarray
    smiles: np.ndarray
    is_background: np.ndarray
    scored: dict[tuple[bytes, bytes, float | None], tuple[np.ndarray, np.ndarray]] = field(
        default_factory=dict
    )

    @cached_property
    def index(self) -> PeakIndex:
        """Everything, ready to be searched."""
        peaks = [self.unit(row) for row in range(self.masses.size)]
        return PeakIndex.build([(each.mz, each.intensity) for each in peaks], self.masses)

    @cached_property
    def learned(self) -> tuple[class_models.Fitted, class_models.ClassModels]:
        """The class model of everything, with what is needed to hide parts from it."""
        labels = ["" if c < 0 else CLASSES[c] for c in self.classes]
        made = class_models.learn(self.intensity, self.masses, labels, self.compounds)
        if made is None:
            raise ValueError("no class is large enough")
        return made

    @cached_property
    def prints(self) -> tuple[list[object | None], Callable[[object, list[object]], list[float]]]:
        """The Morgan fingerprint of each structure, isotopes and salts apart, and the likeness."""
        return fingerprints(self.smiles)

    def unit(self, row: int) -> UnitSpectrum:
        """Return one spectrum as peaks."""
        mz = np.flatnonzero(self.intensity[row])
        return UnitSpectrum(mz=mz, intensity=self.intensity[row, mz].astype(np.float64))

    def same(self, row: int) -> np.ndarray:
        """Return what is of the compound, the formula or the nominal mass of a spectrum."""
        return (
            (self.compounds == self.compounds[row])
            | (self.formulas == self.formulas[row])
            | (self.masses == self.masses[row])
        )

    def relatives(self, row: int, limit: float) -> np.ndarray:
        """Return what is as similar in structure as a limit.

        Members of the class without a structure count among them: they cannot be shown to be less.
        """
        prints, likeness = self.prints
        own = prints[row]
        known = [at for at, each in enumerate(prints) if each is not None]
        alike = np.array(likeness(own, [prints[at] for at in known]))
        hidden = self.compounds == self.compounds[row]
        hidden[np.array(known)[alike >= limit]] = True
        unknown = np.array([each is None for each in prints])
        return np.asarray(hidden | (unknown & (self.classes == self.classes[row])))

    def sample(self, most: int) -> np.ndarray:
        """Return rows to ask of: of each class, of other drugs and of the background."""
        rng = np.random.default_rng(0)
        usable = np.isfinite(self.masses)
        parts = [(usable & (self.classes == c), most) for c in range(len(CLASSES))]
        drugs = usable & (self.classes < 0)
        parts += [(drugs & ~self.is_background, OTHERS), (drugs & self.is_background, BACKGROUND)]
        picked = [rng.permutation(np.flatnonzero(part))[:n] for part, n in parts]
        return np.sort(np.concatenate(picked))


def load(data: Path) -> Collected:
    """Read the four files of the mass-spectral set."""
    facts: list[tuple[object, ...]] = []
    rows = []
    for file in FILES:
        for spectrum in read(data / "ms" / file).spectra:
            whole = unit_mass(spectrum.mz, spectrum.intensity)
            row = np.zeros(1001, dtype=np.float32)
            row[whole.mz] = whole.intensity
            rows.append(row)
            said = {key.lower(): value for key, value in spectrum.metadata.items()}
            label = said.get("compoundclass", "")
            formula = said.get("formula", "")
            mass = _mass(formula)
            if not np.isfinite(mass) and spectrum.molecular_mass:
                mass = float(int(spectrum.molecular_mass + 0.5))
            facts.append(
                (
                    spectrum.title,
                    CLASSES.index(label) if label in CLASSES else -1,
                    said.get("compoundkey") or spectrum.title,
                    formula or f"#{len(rows)}",
                    mass,
                    said.get("smiles", ""),
                    "background" in file,
                )
            )
    columns = [np.array(column) for column in zip(*facts, strict=True)]
    names, classes, compounds, formulas, masses, smiles, background = columns
    return Collected(
        intensity=np.stack(rows),
        names=names,
        classes=classes,
        compounds=np.unique(compounds, return_inverse=True)[1],
        formulas=np.unique(formulas, return_inverse=True)[1],
        masses=masses,
        smiles=smiles,
        is_background=background,
    )


def _mass(formula: str) -> float:
    parts = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
    if not formula or any(element not in _MASSES for element, _ in parts):
        return float("nan")
    return float(sum(_MASSES[element] * int(count or 1) for element, count in parts))


def fingerprints(
    smiles: np.ndarray,
) -> tuple[list[object | None], Callable[[object, list[object]], list[float]]]:
    from rdkit import Chem, DataStructs, RDLogger
    from rdkit.Chem import rdFingerprintGenerator

    RDLogger.DisableLog("rdApp.*")
    made = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    seen: dict[str, object | None] = {"": None}
    for text in np.unique(smiles):
        molecule = Chem.MolFromSmiles(str(text)) if text else None
        if molecule is None:
            seen[str(text)] = None
            continue
        largest = max(
            Chem.GetMolFrags(molecule, asMols=True), key=lambda part: part.GetNumHeavyAtoms()
        )
        for atom in largest.GetAtoms():
            atom.SetIsotope(0)
        seen[str(text)] = made.GetFingerprint(Chem.RemoveHs(largest))
    return [seen[str(text)] for text in smiles], DataStructs.BulkTanimotoSimilarity
