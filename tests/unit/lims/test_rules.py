import re
from datetime import date
from itertools import combinations, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims import rules
from lims.model import ConclusionLevel
from lims.rules import Counted, Result

CASES = [
    line.split(";")
    for line in Path(__file__).with_name("identification_cases.csv").read_text().splitlines()
    if line and not line.startswith("#")
]
EDITIONS = {each.edition: each for each in rules.editions()}

# Imaginary techniques, two of each SWGDRUG category and a second instrument of the first one, so
# that every combination can be tried.
CATEGORIES = {"a1": "A", "a2": "A", "b1": "B", "b2": "B", "c1": "C", "c2": "C", "a1b": "A"}
IMAGINED = rules.Rules(
    edition="t",
    source="t",
    valid_from=date(2000, 1, 1),
    technique={t: Counted(category=c, property=t[:2]) for t, c in CATEGORIES.items()},
    rules=rules.current().rules,
)


def swgdrug(techniques):
    """Part IIIB in its own words: A and another; else three, two of them B."""
    kinds = [CATEGORIES[t] for t in {t[:2] for t in techniques}]
    if "A" in kinds:
        return len(kinds) >= 2
    return len(kinds) >= 3 and kinds.count("B") >= 2


def result(technique, *substances, **more):
    more = {"reviewed": True, "raw_kept": True, **more}
    return Result(technique=technique, substances=frozenset(substances or ("x",)), **more)


def spelled(text):
    """Read the results of a case; the marks are explained in the file itself."""
    found = []
    for word in re.findall(r"[a-z][^;]*?[^ ]*?(?= (?:" + NAMES + r")|$)", text):
        name = max((n for n in ALL_NAMES if word.startswith(n)), key=len)
        marks, _, open_to = word[len(name) :].partition("=")
        portion = re.search(r"@(\w)", marks)
        found.append(
            result(
                name,
                *(open_to.split("|") if open_to else ()),
                reviewed="!" not in marks,
                raw_kept="0" not in marks,
                verified="~" not in marks,
                resolved="?" not in marks,
                positive="-" not in marks,
                general="*" in marks,
                outputs=tuple(re.findall(r"\+(\w+)", marks)),
                portion=portion[1] if portion else "",
            )
        )
    return found


ALL_NAMES = sorted({"nose", *rules.current().technique}, key=len, reverse=True)
NAMES = "|".join(re.escape(name) for name in ALL_NAMES)


def test_truth_table_covers_two_editions():
    assert len(CASES) >= 60
    assert len({case[0] for case in CASES}) >= 2


@pytest.mark.parametrize("case", CASES, ids=lambda case: ";".join(case[:2]))
def test_rule_says_what_the_truth_table_says(case):
    edition, results, level, words = case
    said, missing = rules.conclusion_allowed(spelled(results), EDITIONS[edition])
    assert said.value == level
    assert bool(missing) is (level != "confirmed")
    assert words in "; ".join(missing)


def test_every_combination_of_techniques_is_judged_as_written():
    for size in range(1, 8):
        for techniques in combinations(CATEGORIES, size):
            level, missing = rules.conclusion_allowed([result(t) for t in techniques], IMAGINED)
            assert (level is ConclusionLevel.CONFIRMED) is swgdrug(techniques), techniques
            assert bool(missing) is (level is not ConclusionLevel.CONFIRMED)


RESULTS = st.builds(
    Result,
    technique=st.sampled_from(sorted(rules.current().technique)),
    substances=st.sampled_from([frozenset("x"), frozenset("xy"), frozenset("xz")]),
    reviewed=st.sampled_from([True, True, True, False]),
    raw_kept=st.sampled_from([True, True, True, False]),
    verified=st.sampled_from([True, True, True, False]),
    positive=st.sampled_from([True, True, True, False]),
    resolved=st.booleans(),
    general=st.booleans(),
    outputs=st.sampled_from([(), (), ("retention",)]),
)


def slow_confirmed(results, edition):
    """Every choice of usable results is tried against the rule's words."""
    for each in results:
        if not each.positive or not (each.reviewed and each.raw_kept and each.verified):
            return False
    if not any(not each.general for each in results):
        return False
    open_to = set("xyz")
    for each in results:
        if not each.general:
            open_to &= each.substances
    if len(open_to) != 1:
        return False
    counted = [
        (edition.technique[name].property, category)
        for each in results
        for name in (each.technique, *each.outputs)
        for category in [
            "C"
            if name == each.technique
            and not each.resolved
            and edition.technique[name].category == "A"
            else edition.technique[name].category
        ]
    ]
    for pair in combinations(set(counted), 2):
        if pair[0][0] != pair[1][0] and "A" in (pair[0][1], pair[1][1]):
            return True
    return any(
        len({c[0] for c in three}) == 3 and sum(c[1] == "B" for c in three) >= 2
        for three in combinations(set(counted), 3)
    )


@given(st.lists(RESULTS, max_size=5), st.sampled_from(rules.editions()))
def test_nothing_is_confirmed_that_the_slow_reading_of_the_rule_does_not(results, edition):
    level, _ = rules.conclusion_allowed(results, edition)
    assert (level is ConclusionLevel.CONFIRMED) is slow_confirmed(results, edition)


@given(st.lists(RESULTS, max_size=4), st.sampled_from(sorted(rules.current().technique)))
def test_good_further_result_never_lowers_what_is_said(results, technique):
    before, _ = rules.conclusion_allowed(results)
    after, _ = rules.conclusion_allowed([*results, result(technique)])
    if before is ConclusionLevel.CONFIRMED:
        assert after is ConclusionLevel.CONFIRMED
    assert after in (ConclusionLevel.PRESUMPTIVE, ConclusionLevel.CONFIRMED)


@pytest.mark.parametrize("technique", sorted(rules.current().technique))
def test_one_technique_never_confirms_however_often(technique):
    level, missing = rules.conclusion_allowed([result(technique)] * 5)
    assert level is ConclusionLevel.PRESUMPTIVE
    assert missing


@pytest.mark.parametrize(("reviewed", "raw"), list(product((False, True), repeat=2)))
def test_each_result_must_be_reviewed_with_its_raw_file(reviewed, raw):
    second = result("gcms", reviewed=reviewed, raw_kept=raw)
    level, missing = rules.conclusion_allowed([result("ftir"), second])
    assert (level is ConclusionLevel.CONFIRMED) is (reviewed and raw)
    assert any("review" in m for m in missing) is not reviewed
    assert any("raw file" in m for m in missing) is not raw


def test_isomers_nobody_told_apart_are_not_confirmed():
    level, missing = rules.conclusion_allowed([result("gcms", "x", "y"), result("ftir", "x", "y")])
    assert level is ConclusionLevel.PRESUMPTIVE
    assert "a technique that tells apart x, y" in missing


def test_edition_of_the_day_is_used():
    assert rules.in_force(date(2018, 1, 1)).edition == "7.1"
    assert rules.in_force(date(2019, 6, 13)).edition == "8.0"
    assert rules.in_force(date(2026, 1, 1)) is rules.current()
    assert rules.in_force(date(1999, 1, 1)).edition == "7.1"


def test_edition_that_requires_separate_portions_holds_back_one_portion():
    strict = rules.Rules(
        edition="s",
        source="s",
        valid_from=date(2000, 1, 1),
        technique=rules.current().technique,
        rules=rules.current().rules,
        separate_portions="required",
    )
    pair = [result("raman", portion="1"), result("ftir", portion="1")]
    apart = [result("raman", portion="1"), result("ftir", portion="2")]
    assert rules.conclusion_allowed(pair, strict)[1] == (
        "a second technique on a separate portion",
    )
    assert rules.conclusion_allowed(apart, strict)[0] is ConclusionLevel.CONFIRMED


def test_one_portion_and_unresolved_mixture_are_said_beside_the_conclusion():
    one = [result("raman", portion="1"), result("ftir", portion="1")]
    assert "one portion (1)" in rules.limitations(one)[0]
    assert "no portion is on record" in rules.limitations([result("raman"), result("ftir")])[0]
    apart = [result("raman", portion="1"), result("ftir", portion="2", resolved=False)]
    assert rules.limitations(apart) == ("a mixture not taken apart by ftir itself",)
    assert rules.limitations([result("raman")]) == ()
