"""What a curve cannot show beside its main component: said with the answer, never left to guess.

A carrier (sugar, salt, a filler) fills a spectrum; a drug of a few per cent in it is not seen.
Knows decisions and the substances table, no spectra.
"""

from __future__ import annotations

from dataclasses import replace

from libraries import naming
from libraries.entry import Section
from spectra.decision import Decision, DecisionState

# Below these shares of the signal a component is not found reliably: drug-checking services state
# 5 to 10 % for infrared; handheld Raman needs 10 to 40 % (Drug Test. Anal., doi:10.1002/dta.2993).
DETECTION_LIMIT = {Section.FTIR: 0.05, Section.RAMAN: 0.10}

_CARRIER = "diluent"
_NAMING = (DecisionState.MATCH, DecisionState.MATCH_GROUP, DecisionState.MIXTURE)


def told(decided: Decision, section: Section) -> Decision:
    """Return a decision that says what its carriers may hide.

    Parameters
    ----------
    decided : Decision
        Of a curve; one that names nothing is returned as it is.
    section : Section
    """
    limit = DETECTION_LIMIT.get(section)
    if limit is None or decided.state not in _NAMING:
        return decided
    carriers = [name for name in decided.substances if _is_carrier(name)]
    if not carriers:
        return decided
    reason = (
        f"{' and '.join(carriers)} may mask what makes up less than {limit:.0%} of the signal: "
        "run an extract as well"
    )
    return replace(decided, reasons=(*decided.reasons, reason))


def _is_carrier(name: str) -> bool:
    found = naming.known(name)
    return found is not None and found.role == _CARRIER
