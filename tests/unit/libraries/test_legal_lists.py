from __future__ import annotations

import re

import pytest

from libraries import legal, legal_lists, legal_rules, substances
from libraries.legal import Outcome

TABLE = substances.table()
US = legal_rules.packaged().get("us-schedules-named").versions[0]


def read(name: str, day: str) -> legal.RuleResult:
    row = TABLE.find(name)
    assert row is not None
    found = legal.classify(row.smiles, day=day).rules
    return next(each for each in found if each.id == "us-schedules-named")


def test_the_list_and_the_schedule_column_of_the_table_say_the_same() -> None:
    listed = {each.name: each.schedule for each in legal_lists.entries(US.test)}
    for row in TABLE:
        noted = row.us_schedule
        unsure = not noted or "FRS" in noted or "verify" in noted
        assert (row.name in listed) is not unsure, row.name
        if not unsure:
            code = re.match(r"(List II|List I|III|II|IV|I|V)\b", noted)
            assert code is not None
            assert re.sub(r"Schedule | chemical", "", listed[row.name]) == code[1], row.name


def test_days_are_days_and_never_after_the_list_was_written() -> None:
    for each in legal_lists.entries(US.test):
        assert not each.since or "1971-05-01" <= each.since <= str(US.test["as_of"])


@pytest.mark.parametrize(
    ("name", "day", "outcome"),
    [
        ("isotonitazene", "2020-08-19", Outcome.NOT_YET),
        ("isotonitazene", "2020-08-20", Outcome.APPLIES),
        ("metonitazene", "2022-04-11", Outcome.NOT_YET),
        ("metonitazene", "2022-04-12", Outcome.APPLIES),
        ("fentanyl", "2000-01-01", Outcome.APPLIES),
        ("fentanyl", "1970-01-01", Outcome.NOT_YET),
        ("xylazine", "2026-11-24", Outcome.NO),
        # The first day of control is not on file: an earlier day is not answered.
        ("tapentadol", "1999-01-01", Outcome.OPEN),
        ("tapentadol", "2026-11-24", Outcome.APPLIES),
    ],
)
def test_a_listed_substance_by_the_day(name: str, day: str, outcome: Outcome) -> None:
    found = read(name, day)
    assert found.outcome is outcome
    assert found.applies is (outcome is Outcome.APPLIES)


def test_the_entry_gives_schedule_and_first_day() -> None:
    found = read("carfentanil", "2026-01-01")
    assert (found.schedule, found.valid_from) == ("Schedule II", "1988-10-28")


def test_stereoisomers_of_a_listed_skeleton_are_listed() -> None:
    for smiles in ("CN[C@H](C)[C@@H](O)c1ccccc1", "CN[C@@H](C)[C@@H](O)c1ccccc1"):
        found = legal.classify(smiles, day="2026-01-01").rules
        entry = next(each for each in found if each.id == "us-schedules-named")
        assert entry.applies
        assert entry.schedule == "List I chemical"


def test_an_entry_that_has_ended_is_told_as_ended() -> None:
    entries = {"entries": [{"name": "xylazine", "since": "2001-01-01", "until": "2002-01-01"}]}
    (entry,) = legal_lists.entries(entries)
    block = entry.inchikey_block
    found = legal_lists.read_listed({block: entry}, block, "2003-01-01", "")
    assert (found.met, found.ended) == (False, True)
    assert "until 2002-01-01" in found.reasons[0]
