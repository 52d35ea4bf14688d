"""What the reasoning about analogues takes in and gives back, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from spectra.class_ions import IonRule
from spectra.mass_scores import UnitSpectrum


class AnalogueState(StrEnum):
    """How far the evidence goes."""

    ANALOGUE_CANDIDATE = "analogue_candidate"
    CLASS_ONLY = "class_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class MassChange:
    """A known change of a molecule: nominal mass difference in Da and what it may be."""

    delta_da: int
    change: str
    caution: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReferenceHit:
    """A library hit as the reasoning needs it.

    Parameters
    ----------
    name : str
    substance : str
        Key shared by replicates of one substance.
    class_name : str or None
        The library's class; None where it states none or a class that is no drug class.
    score : float
        0 to 1.
    mass : float or None
        Molecular mass in Da.
    mass_shift : int
        Of the query against it, as the hybrid score used it.
    class_from_structure : bool
        The class was computed from a structure rather than read from a label.
    spectrum : UnitSpectrum or None
        Its peaks, where the ions shared with the query should be named.
    """

    name: str
    substance: str
    class_name: str | None
    score: float
    mass: float | None = None
    mass_shift: int = 0
    class_from_structure: bool = False
    spectrum: UnitSpectrum | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassVote:
    """What a model that learned a class's ions from a library says of a spectrum.

    Parameters
    ----------
    ahead : float
        How far the class is ahead of *no class*, about −1 to 1.
    level : float
        What at most one in a hundred references outside the class reached, each judged by a model
        that never saw its formula; infinite where too few references could be judged.
    n : int
        Compounds of the class it learned from.
    """

    ahead: float
    level: float
    n: int

    @property
    def speaks(self) -> bool:
        """Whether the learned ions speak for the class."""
        return self.ahead >= self.level


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """A known relative: how like it the query is, and by how many Da it is heavier."""

    name: str
    score: float
    mass_shift: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalogueAssessment:
    """What may be said of a spectrum that no library entry explains.

    Parameters
    ----------
    class_name : str or None
    candidate_grade : {"A", "B"} or None
    state : AnalogueState or None
        None when there is no class evidence worth a note.
    nearest : tuple of Nearest
        Members of the class in the library, best first: what it is like, not what it is.
    mass_shift : int or None
        Da by which the query is heavier than the nearest.
    explanations : tuple of str
        Listed changes, or pairs of them, that make this shift.
    shared_ions, shifted_ions : tuple of int
        m/z of the query that the nearest has in place, and moved by the mass shift.
    class_ions : tuple of str
        Ions of the class's rule that were found.
    site : str or None
        Where the change sits, where the ions say so.
    sites : tuple of str
        The changed sites one by one.
    evidence, against : tuple of str
        What speaks for the class, and against the candidate.
    """

    class_name: str | None = None
    candidate_grade: str | None = None
    state: AnalogueState | None = None
    nearest: tuple[Nearest, ...] = ()
    mass_shift: int | None = None
    explanations: tuple[str, ...] = ()
    shared_ions: tuple[int, ...] = ()
    shifted_ions: tuple[int, ...] = ()
    class_ions: tuple[str, ...] = ()
    site: str | None = None
    sites: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The one line that may be printed; it holds a class and never a substance."""
        if self.state is AnalogueState.ANALOGUE_CANDIDATE:
            return f"not in library: candidate analogue of {self.class_name}"
        if self.state is AnalogueState.CLASS_ONLY:
            return f"not in library: some evidence of the class {self.class_name}"
        return "not in library: no class evidence"

    def to_facts(self) -> dict[str, object]:
        """Return plain values for storage and for the document of a match."""
        return {
            "class": self.class_name,
            "candidate_grade": self.candidate_grade,
            "state": None if self.state is None else self.state.value,
            "text": self.text,
            "nearest": [
                {"name": n.name, "score": round(n.score, 4), "mass_shift": n.mass_shift}
                for n in self.nearest
            ],
            "mass_shift": self.mass_shift,
            "explanations": list(self.explanations),
            "shared_ions": list(self.shared_ions),
            "shifted_ions": list(self.shifted_ions),
            "class_ions": list(self.class_ions),
            "site": self.site,
            "evidence": list(self.evidence),
            "against": list(self.against),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """Everything the reasoning rests on.

    Parameters
    ----------
    spectrum : UnitSpectrum
        The query.
    mass : float or None
        Its molecular mass, where a soft source or a molecular ion gives it.
    hybrid_hits, direct_hits : sequence of ReferenceHit
        Best first; deep enough to hold a hit outside the class.
    rules : sequence of IonRule
    changes : sequence of MassChange
    quality_reasons : sequence of str
        Why the spectrum is doubtful; any of them rules out grade A.
    other_evidence : sequence of str
        Classes that another technique supports.
    by_role : frozenset of str
        Labels that say what a substance is used for, not how it is built: no candidate's class.
    votes : mapping of str to ClassVote
        By class label; empty where no model was learned.
    """

    spectrum: UnitSpectrum
    mass: float | None
    hybrid_hits: Sequence[ReferenceHit]
    direct_hits: Sequence[ReferenceHit] = ()
    rules: Sequence[IonRule] = ()
    changes: Sequence[MassChange] = ()
    quality_reasons: Sequence[str] = ()
    other_evidence: Sequence[str] = field(default=())
    by_role: frozenset[str] = frozenset()
    votes: Mapping[str, ClassVote] = field(default_factory=dict)
