from __future__ import annotations

import copy
import json

import pytest

from reports import daily, schema
from tests.unit.reports.builders import DAY, a_row, facts

SHAPE = schema.load("fol.daily/1")


@pytest.fixture(scope="module")
def document():
    return json.loads(daily.to_json(daily.compose([a_row(DAY, "fentanyl")], [], DAY, facts())))


def put(document, path, value):
    changed = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "fol.daily/2"),
        (("extra",), 1),
        (("totals", "tested"), -1),
        (("totals", "tested"), True),
        (("totals", "tested"), "4"),
        (("header", "day"), "24/11/2026"),
        (("header", "site"), "../x"),
        (("report_id",), "NOG-2026-11-23-d/../../x"),
        (("rows", 0, "level"), "identified"),
        (("rows", 0, "consignee"), "somebody"),
        (("rows", 0, "substances"), "fentanyl"),
        (("rows", 0, "text"), "x" * 2_001),
        (("rows",), {}),
        (("sequence",), 0),
        (("log", "head"), "zz"),
    ],
)
def test_what_does_not_fit_is_named(document, path, value):
    found = schema.problems(put(document, path, value), SHAPE)
    assert found
    assert str(path[-1] if isinstance(path[-1], str) else path[-2]) in found[0]


def test_missing_keys_are_named(document):
    del (changed := copy.deepcopy(document))["totals"]
    assert schema.problems(changed, SHAPE) == ["totals: missing"]


def test_at_most_ten_problems_are_told(document):
    changed = put(document, ("rows",), [{} for _ in range(50)])
    assert len(schema.problems(changed, SHAPE)) == 10


def test_not_a_document_at_all():
    assert schema.problems([1], SHAPE)
    assert schema.problems(None, SHAPE)


def test_the_longest_texts_of_a_record_still_fit():
    row = a_row(
        DAY, "f" * 5_000, declared_goods="x" * 5_000, text="y" * 5_000, notes=("z" * 5_000,)
    )
    made = json.loads(daily.to_json(daily.compose([row], [], DAY, facts())))
    assert schema.problems(made, SHAPE) == []
