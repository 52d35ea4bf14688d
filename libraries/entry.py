"""One reference spectrum with everything that is known of it, and the hash that seals it.

Knows no files and no database; `libraries.store` writes what is defined here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from enum import StrEnum

import numpy as np

from libraries.errors import LibraryError
from libraries.provenance import Provenance
from spectra.axis import FloatArray, XKind, YKind
from spectra.spectrum import MassSpectrum, Spectrum


class Section(StrEnum):
    """What may be compared with what: one index for each inside a library."""

    RAMAN = "raman"
    FTIR = "ftir"
    EI = "ei"
    MSMS = "msms"

    @property
    def is_mass(self) -> bool:
        """Whether entries are peaks over m/z rather than curves."""
        return self in (Section.EI, Section.MSMS)

    @property
    def is_tandem(self) -> bool:
        """Whether entries are fragments of one precursor at accurate mass."""
        return self is Section.MSMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Tandem:
    """How the ions of an MS/MS spectrum were made.

    Parameters
    ----------
    precursor_mz : float
        In m/z, greater than 0.
    polarity : str
        ``+``, ``-`` or empty when not stated.
    collision_energy : str
        As the source writes it, with its unit.
    adduct : str
        ``[M+H]+`` ... as the source writes it.
    """

    precursor_mz: float
    polarity: str = ""
    collision_energy: str = ""
    adduct: str = ""

    @property
    def words(self) -> str:
        """How the ions were made, in one line."""
        parts = (f"precursor m/z {self.precursor_mz:.4f}", self.adduct, self.collision_energy)
        return " · ".join(part for part in parts if part)

    @property
    def sign(self) -> int:
        """1, −1, or 0 where the polarity is not stated."""
        return {"+": 1, "-": -1}.get(self.polarity, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a reference spectrum says it is.

    Parameters
    ----------
    name : str
        As the source writes it, cleaned.
    group : str
        What replicates of one substance share and nothing else does (`libraries.harmonise.group`).
    molecular_mass : float or None
        Mass of the neutral molecule in Da: monoisotopic where a formula or exact mass is given,
        else what the source states.
    """

    name: str
    group: str
    inchikey: str = ""
    smiles: str = ""
    formula: str = ""
    cas: str = ""
    compound_class: str = ""
    molecular_mass: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EntryDraft:
    """A reference spectrum before it belongs to a library.

    Parameters
    ----------
    x, y : ndarray of float, shape (n_points,)
        The file's own order, units and scale; nothing is resampled in the record.
    retention_index : float or None
    ionization : str
        ``EI``, or ``ESI+`` ... for MS/MS spectra.
    sampling : str
        ``ATR``, ``transmission``, ``gas`` ... as the source states it; empty when it does not.
    tandem : Tandem or None
        Of an MS/MS spectrum, and of no other.
    """

    identity: Identity
    section: Section
    x: FloatArray
    y: FloatArray
    x_kind: XKind
    x_unit: str
    y_kind: YKind
    y_unit: str
    provenance: Provenance
    ionization: str = ""
    retention_index: float | None = None
    sampling: str = ""
    tandem: Tandem | None = None

    def data_hash(self) -> str:
        """Return a SHA-256 (hex) of substance and numbers alone: equal for a true duplicate."""
        digest = hashlib.sha256(f"{self.section}|{self.identity.group}|{self.x_unit}".encode())
        digest.update(f"|{self.y_kind}|{self.y_unit}".encode())
        if self.tandem is not None:
            digest.update(f"|{self.tandem.precursor_mz!r}|{self.tandem.polarity}".encode())
        digest.update(_bytes(self.x))
        digest.update(_bytes(self.y))
        return digest.hexdigest()

    def record_hash(self) -> str:
        """Return the SHA-256 (hex) of the whole record: facts, provenance and numbers.

        Raises
        ------
        LibraryError
            A number is infinite or a text is no Unicode: nothing this software writes.
        """
        facts = {
            "identity": _plain(self.identity),
            "provenance": _stated(self.provenance),
            "section": self.section.value,
            "axes": [self.x_kind.value, self.x_unit, self.y_kind.value, self.y_unit],
            "ionization": self.ionization,
            "retention_index": self.retention_index,
            "sampling": self.sampling,
            "n": int(self.x.size),
        }
        if self.tandem is not None:
            facts["tandem"] = _plain(self.tandem)
        try:
            text = json.dumps(facts, sort_keys=True, ensure_ascii=False, allow_nan=False)
            digest = hashlib.sha256(text.encode())
        except ValueError as odd:
            raise LibraryError(
                f"{self.identity.name!r} holds a number or text that cannot be sealed ({odd})"
            ) from odd
        digest.update(_bytes(self.x))
        digest.update(_bytes(self.y))
        return digest.hexdigest()

    def measurement(self) -> Spectrum | MassSpectrum:
        """Return the reference as a spectrum, ready to be prepared or drawn."""
        if self.section.is_mass:
            return MassSpectrum(
                title=self.identity.name,
                mz=self.x,
                intensity=self.y,
                molecular_mass=self.identity.molecular_mass,
                retention_index=self.retention_index,
                ionization=self.ionization,
                precursor_mz=None if self.tandem is None else self.tandem.precursor_mz,
                metadata=_tandem_facts(self.tandem),
            )
        return Spectrum(
            title=self.identity.name,
            x=self.x,
            y=self.y,
            x_kind=self.x_kind,
            x_unit=self.x_unit,
            y_kind=self.y_kind,
            y_unit=self.y_unit,
        )

    def licensed(self, licence: str) -> EntryDraft:
        """Return the same draft with ``licence`` where its source states none."""
        if self.provenance.licence:
            return self
        return replace(self, provenance=replace(self.provenance, licence=licence))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """A reference spectrum inside an installed library.

    Parameters
    ----------
    id : str
        First 16 hexadecimal digits of the record hash: the same in every copy of the library.
    row : int
        Position in the library, from 0.
    substance : str
        The name its whole replicate group goes by in hit lists.
    """

    id: str
    row: int
    substance: str
    record_hash: str
    draft: EntryDraft

    @property
    def name(self) -> str:
        """As the source writes it."""
        return self.draft.identity.name

    @property
    def technique(self) -> str:
        """What it can be compared with: ``raman``, ``ftir``, ``ei`` or ``msms``."""
        return self.draft.section.value

    @property
    def formula(self) -> str:
        """Molecular formula in Hill order, or empty."""
        return self.draft.identity.formula

    @property
    def inchikey(self) -> str:
        """As the source states it, or empty."""
        return self.draft.identity.inchikey

    @property
    def class_name(self) -> str:
        """The class as the source states it, or empty."""
        return self.draft.identity.compound_class

    def verified(self) -> Entry:
        """Return itself, or raise when the stored facts do not give the stored hash.

        Raises
        ------
        LibraryError
            The record was altered after the library was built.
        """
        if self.draft.record_hash() != self.record_hash or self.record_hash[:16] != self.id:
            raise LibraryError(
                f"entry {self.id} ({self.draft.identity.name}) does not match its recorded hash",
                hint="The library file was altered. Remove this version and import it again.",
            )
        return self


def _tandem_facts(tandem: Tandem | None) -> dict[str, str]:
    """Return what a search asks of an MS/MS spectrum besides its peaks."""
    if tandem is None:
        return {}
    facts = {
        "Ion_mode": {"+": "POSITIVE", "-": "NEGATIVE"}.get(tandem.polarity, ""),
        "Collision_energy": tandem.collision_energy,
        "Precursor_type": tandem.adduct,
    }
    return {name: value for name, value in facts.items() if value}


def _plain(record: Identity | Provenance | Tandem) -> dict[str, str | float | int | None]:
    return {each.name: getattr(record, each.name) for each in fields(record)}


def _stated(origin: Provenance) -> dict[str, str | float | int | None]:
    """Return a provenance as it is sealed: a date that nobody stated is no part of it.

    Records that were sealed before dates were kept have the same hash as ever.
    """
    facts = _plain(origin)
    if not origin.measured:
        del facts["measured"]
    return facts


def _bytes(values: FloatArray) -> bytes:
    return np.ascontiguousarray(values, dtype="<f8").tobytes()
