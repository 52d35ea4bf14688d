"""What a structural test found: the one answer of every kind of test a legal rule may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a structural test found.

    Parameters
    ----------
    met : bool
        The test is met.
    open : bool
        Neither met nor refused: the rule's text leaves it open, or that part of it is not coded.
    letters : tuple of str
        The clauses of the rule that were found, as the rule letters them.
    reasons : tuple of str
        Why, in words, for yes and for no.
    not_yet, ended : bool
        Of a list only: the substance stands on it, but not yet, or no longer, on the day asked.
    since : str
        Of a list only: the ISO day from which the substance stands on it; empty where unknown.
    schedule : str
        Of a list only: the schedule of this very substance.
    """

    met: bool
    letters: tuple[str, ...]
    reasons: tuple[str, ...]
    open: bool = False
    not_yet: bool = False
    ended: bool = False
    since: str = ""
    schedule: str = ""
