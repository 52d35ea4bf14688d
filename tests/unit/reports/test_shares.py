from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import layout, shares, trends
from tests.unit.reports.builders import many

DAY = date(2026, 11, 23)


def test_the_shift_by_hand():
    # 46 % methamphetamine and 18 % fentanyl; fourteen months later 52 % fentanyl.
    before = {"methamphetamine": 46, "fentanyl": 18}
    (fentanyl, *_) = shares.compare({"fentanyl": 104, "methamphetamine": 60}, 200, before, 100)
    assert fentanyl.name == "fentanyl"
    assert fentanyl.points == pytest.approx(34.0)
    assert fentanyl.share_ratio == pytest.approx(2.9, abs=0.05)
    assert fentanyl.count_ratio == pytest.approx(104 / 18)
    assert (fentanyl.rank, fentanyl.rank_before) == (1, 2)
    words = layout.share_words(fentanyl)
    assert words[1:3] == ("104 of 200", "52 %")
    assert words[4:9] == ("18 of 100", "18 %", "+34", "× 2.9", "× 5.8")


def test_the_shift_between_two_months_of_rows():
    rows = [
        *many(date(2025, 9, 10), 46, "methamphetamine"),
        *many(date(2025, 9, 11), 18, "fentanyl"),
        *many(date(2025, 9, 12), 36),
        *many(date(2026, 11, 10), 52, "fentanyl"),
        *many(date(2026, 11, 11), 48),
    ]
    by_name = {c.name: c for c in trends.between(rows, "2026-11", "2025-09", "UTC")}
    assert by_name["fentanyl"].points == pytest.approx(34.0)
    assert by_name["fentanyl"].share_ratio == pytest.approx(52 / 18)
    assert by_name["methamphetamine"].points == pytest.approx(-46.0)
    monthly = {each.name: each for each in trends.monthly(rows, DAY, "UTC")}
    months = {m.month: (m.share.count, m.share.total) for m in monthly["fentanyl"].months}
    assert months == {"2025-09": (18, 100), "2026-11": (52, 100)}


def test_wilson_against_published_figures():
    # Newcombe, Stat. Med. 17 (1998) 857, table I, method 3.
    for count, total, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        found = shares.wilson(count, total)
        assert found == pytest.approx((low, high), abs=5e-5)


def test_share_of_nothing_is_none_not_an_error():
    nothing = shares.share(0, 0)
    assert (nothing.share, nothing.low, nothing.high) == (None, None, None)
    moved = shares.change("x", shares.share(3, 10), nothing)
    assert (moved.points, moved.share_ratio, moved.count_ratio) == (None, None, None)
    assert layout.share_words(moved)[5:9] == ("–", "–", "–", "–")


def test_ratio_to_zero_is_none():
    moved = shares.change("x", shares.share(3, 10), shares.share(0, 10))
    assert moved.points == pytest.approx(30.0)
    assert moved.share_ratio is None
    assert moved.count_ratio is None


def test_more_than_the_total_is_refused():
    with pytest.raises(ValueError, match="not a share"):
        shares.share(4, 3)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_no_counts_divide_by_zero(a, b, c, d):
    now, before = shares.share(min(a, b), b), shares.share(min(c, d), d)
    moved = shares.change("x", now, before)
    assert (moved.points is None) == (b == 0 or d == 0)


def test_equal_counts_share_a_rank():
    assert shares.ranks({"a": 4, "b": 4, "c": 1, "d": 0}) == {"a": 1, "b": 1, "c": 3}


def test_new_number_one_is_announced_once():
    start = DAY - timedelta(days=200)
    days = {
        "old": [start + timedelta(days=n) for n in range(200)],
        "new": [DAY - timedelta(days=n // 3) for n in range(60)],
    }
    tested = {start + timedelta(days=n): 5 for n in range(240)}
    announced = [
        day
        for n in range(120)
        if shares.new_number_one(days, tested, day := DAY - timedelta(days=60 - n)) is not None
    ]
    assert len(announced) == 1
    found = shares.new_number_one(days, tested, announced[0])
    assert found is not None
    assert (found.name, found.former) == ("new", "old")
    assert found.count == found.former_count + 1 or found.count > found.former_count
    assert found.first_seen == min(days["new"])


def test_a_tie_at_the_top_announces_nobody():
    days = {
        "a": [DAY - timedelta(days=n) for n in range(40)],
        "b": [DAY - timedelta(days=n) for n in range(28)],
    }
    assert shares.new_number_one(days, {}, DAY) is None
