"""Identifiers that a source leaves out, worked out from the structure it gives.

The chemistry toolkit is loaded only for an entry that has a structure and lacks a key or formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdkit.Chem import Mol

# A drug has a few hundred characters of SMILES; a polymer or an attack has more.
_LONGEST = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """What follows from one structure.

    Parameters
    ----------
    inchikey : str
        Standard InChIKey, or empty.
    formula : str
        Hill order, charges left off; of every part of a salt together.
    smiles : str
        RDKit's canonical SMILES.
    """

    inchikey: str
    formula: str
    smiles: str


@lru_cache(maxsize=32_768)
def of_structure(smiles: str, inchi: str = "") -> Structure | None:
    """Return what follows from a SMILES, else from an InChI; None where neither can be read.

    Parameters
    ----------
    smiles, inchi : str
        Either may be empty. Nothing is standardised: a salt keeps its counter-ion.
    """
    molecule = _molecule(smiles, inchi)
    if molecule is None:
        return None
    from rdkit import Chem, rdBase
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    with rdBase.BlockLogs():
        return Structure(
            inchikey=Chem.MolToInchiKey(molecule),  # type: ignore[no-untyped-call]
            formula=CalcMolFormula(molecule).split("+")[0].split("-")[0],
            smiles=Chem.MolToSmiles(molecule),
        )


def _molecule(smiles: str, inchi: str) -> Mol | None:
    if not smiles and not inchi.startswith("InChI="):
        return None
    if len(smiles) > _LONGEST or len(inchi) > _LONGEST:
        return None
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        found = Chem.MolFromSmiles(smiles) if smiles else None
        if found is None and inchi.startswith("InChI="):
            found = Chem.MolFromInchi(inchi)  # type: ignore[no-untyped-call]
    return found if found is not None and found.GetNumAtoms() else None
