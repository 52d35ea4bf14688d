from itertools import combinations, product

import pytest

from lims import rules
from lims.model import ConclusionLevel
from lims.rules import Result

# Six imaginary techniques, two of each SWGDRUG category, so that every combination can be tried.
CATEGORIES = {"a1": "A", "a2": "A", "b1": "B", "b2": "B", "c1": "C", "c2": "C"}
IMAGINED = rules.Rules(edition="t", source="t", category=CATEGORIES, rules=rules.current().rules)


def swgdrug(techniques):
    """Part IIIB in its own words: A and another; else three, two of them B."""
    kinds = [CATEGORIES[t] for t in techniques]
    if "A" in kinds:
        return len(kinds) >= 2
    return len(kinds) >= 3 and kinds.count("B") >= 2


def result(technique, *substances, reviewed=True, raw_kept=True):
    return Result(
        technique=technique,
        substances=frozenset(substances or ("x",)),
        reviewed=reviewed,
        raw_kept=raw_kept,
    )


def test_every_combination_of_techniques_is_judged_as_written():
    for size in range(1, 7):
        for techniques in combinations(CATEGORIES, size):
            level, missing = rules.conclusion_allowed([result(t) for t in techniques], IMAGINED)
            assert (level is ConclusionLevel.CONFIRMED) is swgdrug(techniques), techniques
            assert bool(missing) is (level is not ConclusionLevel.CONFIRMED)


@pytest.mark.parametrize("technique", ["raman", "ftir", "gcms", "ms", "gc"])
def test_one_technique_never_confirms_however_often(technique):
    level, missing = rules.conclusion_allowed([result(technique)] * 5)
    assert level is ConclusionLevel.PRESUMPTIVE
    assert missing


def test_two_different_techniques_confirm():
    level, missing = rules.conclusion_allowed([result("ftir"), result("gcms")])
    assert (level, missing) == (ConclusionLevel.CONFIRMED, ())


@pytest.mark.parametrize(("reviewed", "raw"), list(product((False, True), repeat=2)))
def test_each_result_must_be_reviewed_with_its_raw_file(reviewed, raw):
    second = result("gcms", reviewed=reviewed, raw_kept=raw)
    level, missing = rules.conclusion_allowed([result("ftir"), second])
    assert (level is ConclusionLevel.CONFIRMED) is (reviewed and raw)
    assert any("review" in m for m in missing) is not reviewed
    assert any("raw file" in m for m in missing) is not raw


def test_isomers_nobody_told_apart_are_not_confirmed():
    level, missing = rules.conclusion_allowed([result("gcms", "x", "y"), result("ms", "x", "y")])
    assert level is ConclusionLevel.PRESUMPTIVE
    assert "a technique that tells apart x, y" in missing


def test_one_technique_that_tells_isomers_apart_is_enough_for_both():
    level, _ = rules.conclusion_allowed([result("gcms", "x", "y"), result("ftir", "x")])
    assert level is ConclusionLevel.CONFIRMED


def test_nothing_usable_is_inconclusive():
    assert rules.conclusion_allowed([])[0] is ConclusionLevel.INCONCLUSIVE
    assert rules.conclusion_allowed([result("nose")])[0] is ConclusionLevel.INCONCLUSIVE
