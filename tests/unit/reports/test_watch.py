from __future__ import annotations

from datetime import date

import pytest

from lims.errors import ConfigError, NotFoundError
from reports import watch
from reports.document import Change


def test_item_is_kept_and_removed_by_its_id(tmp_path):
    first = watch.add(tmp_path, substance="xylazine", areas=["New Jersey", " "])
    second = watch.add(tmp_path, substance="", areas=["Philadelphia"], note="any")
    assert [item.id for item in watch.load(tmp_path)] == ["W1", "W2"]
    assert first.areas == ("New Jersey",)
    watch.remove(tmp_path, "W1")
    assert watch.load(tmp_path) == (second,)
    assert watch.add(tmp_path, substance="x").id == "W1"
    with pytest.raises(NotFoundError):
        watch.remove(tmp_path, "W9")


def test_item_without_substance_and_area_is_refused(tmp_path):
    with pytest.raises(ConfigError):
        watch.add(tmp_path, substance=" ", areas=[])


@pytest.mark.parametrize("text", ["{", "{}", "[1]", '[{"id": "W1"}]', "\xff"])
def test_damaged_list_is_a_clear_error(tmp_path, text):
    (tmp_path / watch.WATCH_FILE).write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError):
        watch.load(tmp_path)


def test_marks_come_back_in_order_of_their_day(tmp_path):
    late = Change(day=date(2026, 3, 1), kind="method", text="new column")
    early = Change(day=date(2026, 1, 1), kind="event", text="border restriction")
    watch.mark(tmp_path, late)
    watch.mark(tmp_path, early)
    assert watch.marks(tmp_path) == (early, late)
    with pytest.raises(ConfigError):
        watch.mark(tmp_path, Change(day=late.day, kind="other", text="x"))
    (tmp_path / watch.MARKS_FILE).write_text('[{"day": "soon", "kind": "event", "text": "x"}]')
    with pytest.raises(ConfigError, match="not a day"):
        watch.marks(tmp_path)
