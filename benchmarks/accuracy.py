"""Measure accuracy, false accepts and calibration on held-out substances.

``python -m benchmarks.accuracy`` prints the tables; with ``--write`` they replace the measured
part of docs/VALIDATION.md, with ``--only PART`` one part is printed. Data: FOL_REAL_DATA, else
``../shared/data`` beside the checkout.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks import accuracy_analogues as analogues
from benchmarks import accuracy_class_peers as class_peers
from benchmarks import accuracy_ei as ei
from benchmarks import accuracy_ftir as ftir
from benchmarks import accuracy_mixtures as mixtures
from benchmarks import accuracy_msms as msms
from benchmarks import accuracy_proposals as proposals
from benchmarks import accuracy_related as related
from benchmarks import accuracy_tandem_classes as tandem_classes
from benchmarks.analogue_spectra import Collected

_ROOT = Path(__file__).resolve().parents[1]
_BESIDE = _ROOT.parent / "shared" / "data"
PAGE = _ROOT / "docs" / "VALIDATION.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
Row = Sequence[str]


def data_folder() -> Path:
    """Return where the real spectra are; it need not exist."""
    return Path(os.environ.get("FOL_REAL_DATA", _BESIDE))


def infrared(data: Path) -> list[Row]:
    """Return the rows of the infrared table."""
    minerals = ftir.load(data)
    index = ftir.build(minerals)
    clean = minerals.correct(index.scores(minerals.curves))
    n = f"{clean.size} queries of {np.unique(minerals.names).size} minerals"
    tilted = minerals.curves + ftir.baselines(minerals.curves)
    made = ftir.open_set(minerals, index)

    def first(curves: np.ndarray) -> str:
        return percent(minerals.correct(index.scores(curves)))

    return [
        ("another specimen first, clean", n, percent(clean)),
        ("… with a baseline as tall as the tallest band", n, first(tilted)),
        (
            "… plain correlation on the same",
            n,
            percent(minerals.correct(ftir.plain_correlation(tilted, minerals.curves))),
        ),
        (
            "… baseline, 5 % noise, axis moved up to 6 cm⁻¹",
            n,
            first(ftir.worn(minerals.curves, spikes=False)),
        ),
        ("… and four spikes", n, first(ftir.worn(minerals.curves, spikes=True))),
        ("false accepts, α 5 %", "40 halvings", share(made.false_accepts)),
        ("right identification at that α", "40 halvings", share(made.identified)),
        ("Cllr of the likelihood ratio", "40 halvings", f"{made.cost:.2f}"),
        ("absent with a likelihood ratio above 100", "40 halvings", share(made.misleading)),
        (
            "both named, 80/20 mixtures",
            "50 mixtures",
            share(ftir.mixtures_named(minerals, index, (0.8, 0.2))),
        ),
        (
            "all named, 50/30/20 mixtures",
            "50 mixtures",
            share(ftir.mixtures_named(minerals, index, (0.5, 0.3, 0.2))),
        ),
        (
            "pure, absent mineral called a mixture",
            "50 minerals",
            share(ftir.absent_called_mixture(minerals, index)),
        ),
    ]


def electron_ionisation(data: Path) -> list[Row]:
    """Return the rows of the identity table across collections."""
    spectra = ei.load(data)
    fast = ei.cosines(spectra, 1.3, 0.53)
    simple = ei.cosines(spectra, 0.0, 0.5)
    rows: list[Row] = []
    for name, scores, measure in (
        ("NIST simple", simple, None),
        ("spectral entropy", fast, ei.entropy),
        ("NIST Identity", fast, ei.identity),
        ("cosine of m^1.3·I^0.53", fast, None),
        ("fol", fast, ei.agreed),
    ):
        made = ei.ranked(spectra, scores, measure)
        accepts, identified = ei.open_set(spectra, made, ftir.ALPHA)
        rows.append(
            (
                name,
                *(percent(made.rank <= k) for k in (1, 3, 10)),
                *(percent(made.rank[spectra.comparable] <= k) for k in (1, 3, 10)),
                share(accepts),
                share(identified),
            )
        )
    asked = related.queries(spectra, fast, made, ftir.ALPHA)
    rank, _ = related.ranks(asked)
    rows.append(
        (
            "fol, with related forms",
            *(percent(rank <= k) for k in (1, 3, 10)),
            *(percent(rank[spectra.comparable] <= k) for k in (1, 3, 10)),
            # A related form takes no part in a decision.
            *rows[-1][-2:],
        )
    )
    n, comparable = spectra.queries.size, int(spectra.comparable.sum())
    head = (
        "score",
        *(f"first {k} of all {n}" for k in (1, 3, 10)),
        *(f"first {k} of {comparable} comparable" for k in (1, 3, 10)),
        "false accepts, α 5 %",
        "right identification",
    )
    return [head, *rows]


def tandem(data: Path) -> list[Row]:
    """Return the rows of the MS/MS table across contributors."""
    spectra = msms.load(data)
    made = msms.ranked(spectra)
    accepts, identified, asked = msms.open_set(spectra, made, ftir.ALPHA)
    n = np.unique(spectra.held.facts.groups[spectra.queries]).size
    on = f"{made.rank.size} queries of {n} compounds"
    several = made.competed > 1
    rivals = f"{int(several.sum())} queries with a rival of the same precursor"
    return [
        *((f"right compound among the first {k}", on, percent(made.rank <= k)) for k in (1, 3, 10)),
        ("… first, sharing a fragment", on, percent((made.rank == 1) & made.shared)),
        ("right compound first", rivals, percent(made.rank[several] == 1)),
        ("right compound among the first 10", rivals, percent(made.rank[several] <= 10)),
        ("false accepts, α 5 %", f"{asked} absent queries with a candidate", share(accepts)),
        ("right identification at that α", on, share(identified)),
    ]


def percent(right: np.ndarray) -> str:
    """Return a share with its 95 % Wilson interval."""
    n, p, z = right.size, float(np.mean(right)), 1.96
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return f"{100 * p:.1f} % ({100 * (centre - half):.0f}–{100 * (centre + half):.0f})"


def share(value: float) -> str:
    """Return a share without an interval."""
    return f"{100 * value:.1f} %"


def table(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table; the first is its head."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join("---" for _ in rows[0]) + " |")
    return "\n".join(lines)


def _infrared(data: Path) -> Iterator[str]:
    yield "**Infrared**, RRUFF minerals; a query never meets its own specimen."
    yield table([("what", "on", "measured"), *infrared(data)])


def _impact(data: Path) -> Iterator[str]:
    yield (
        "**Electron ionisation**, drugs measured in two collections (SWGDRUG, NIST, MassBank); "
        "a query never meets its own compound from its own collection. *Comparable* leaves out "
        "queries whose only references are trimethylsilyl derivatives or deuterated standards "
        "filed under the parent's name. All but the first rank the same 34 substances. "
        "*Related forms*: the substance is also found as the parent of a deuterated standard "
        "or a derivative, where nothing is named; what such a hit is worth was chosen on the "
        "compounds of the other half."
    )
    yield table(electron_ionisation(data))


def _analogues(data: Path) -> Iterator[str]:
    yield (
        "**Novel analogues**, electron ionisation: every spectrum of the query's compound, "
        "formula and nominal mass is hidden from the search and from the class model; then "
        "every relative above a Morgan-2 Tanimoto similarity (members of the class without a "
        f"structure too). {analogues.PER_CLASS} spectra of each class at most; macro-F1 over "
        "drug queries. The weights of the ranking were chosen on spectra of these collections; "
        "macro-F1 of the two halves of the formulas lay within 0.02 of each other."
    )
    yield from (table(each) for each in analogues.rows(_collected(data), percent))


def _class_peers(data: Path) -> Iterator[str]:
    yield (
        "**The same beside other measures.** What is hidden is hidden from each; every other "
        "measure gives the class of its nearest spectrum."
    )
    for said, each in class_peers.rows(_collected(data), percent):
        yield said
        yield table(each)


def _mixtures(data: Path) -> Iterator[str]:
    yield (
        "**Mixtures in which no drug class is**, whole answers without a molecular mass: two or "
        "three substances in shares of 9:1 to 1:1, 10,000 to 500,000 ions, bleed; and peaks of "
        "simulated runs after deconvolution, each with a neighbour 0.3 to 1.5 σ away. Intervals "
        "by Clopper and Pearson."
    )
    yield from (table(each) for each in mixtures.rows(data))


def _tandem(data: Path) -> Iterator[str]:
    yield (
        "**MS/MS**, drugs measured by two contributors (MassBank, Fentanyl-Hunter); a query "
        "never meets its own compound from its own contributor, and only references of its "
        "precursor and polarity compete. A named substance stands for its isomers."
    )
    yield table([("what", "on", "measured"), *tandem(data)])


def _tandem_classes(data: Path) -> Iterator[str]:
    yield (
        "**Classes by MS/MS**, one spectrum of each compound: compound, formula and nominal "
        "precursor hidden, then every relative above a Tanimoto similarity. A *class note* is "
        "what fol says; its levels were learned on the same collection, each substance judged "
        "without itself. Each class alone is given to 1 % of others, several together to more."
    )
    yield from (table(each) for each in tandem_classes.rows(data, percent))


def _sites(data: Path) -> Iterator[str]:
    yield (
        "**Site of the change** against the parent of the class, drugs with one changed part, "
        "the molecular mass known; *amine side* is one part."
    )
    yield table(proposals.site_rows(data))


def _structures(data: Path) -> Iterator[str]:
    yield (
        "**Proposed structures**, drugs hidden from the collection; their nearest relatives "
        "are found by the hybrid search and changed by a dictionary of edits. *One change "
        "away*: the truth and a relative given differ by the group at one bond."
    )
    yield table(proposals.rows(data))


PARTS: Mapping[str, Callable[[Path], Iterator[str]]] = {
    "infrared": _infrared,
    "electron-impact": _impact,
    "analogues": _analogues,
    "class-peers": _class_peers,
    "mixtures": _mixtures,
    "msms": _tandem,
    "msms-classes": _tandem_classes,
    "sites": _sites,
    "structures": _structures,
}


@cache
def _collected(data: Path) -> Collected:
    """Return the spectra that two parts ask, whose scores are then worked out once."""
    return analogues.load(data)


def report(data: Path, only: Sequence[str] = ()) -> Iterator[str]:
    """Yield the measured part of the validation page, or the parts named."""
    yield "Made by `python -m benchmarks.accuracy --write`; intervals are 95 % (Wilson)."
    for name, part in PARTS.items():
        if not only or name in only:
            yield from part(data)


def main(arguments: Sequence[str]) -> int:
    """Print the report or the parts that ``--only`` names; ``--write`` puts all into the page."""
    data = data_folder()
    only = [each for flag, each in pairwise(arguments) if flag == "--only"]
    if set(only) - set(PARTS) or (only and "--write" in arguments):
        print(f"--only takes {', '.join(PARTS)}, and is not written", file=sys.stderr)
        return 2
    if not data.is_dir():
        print(f"no real spectra in {data}: nothing measured (set FOL_REAL_DATA)")
        return 0
    made = []
    for text in report(data, only):
        print(text, end="\n\n", flush=True)
        made.append(text)
    if "--write" in arguments:
        page = PAGE.read_text(encoding="utf-8")
        before, rest = page.split(BEGIN)
        _, after = rest.split(END)
        text = "\n\n".join(made)
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
