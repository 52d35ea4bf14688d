from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims import declared
from lims.errors import RecordError


@pytest.mark.parametrize(
    ("text", "ug"),
    [
        ("1.5 kg", 1_500_000_000),
        ("1,5 kg", 1_500_000_000),
        ("1.5kg", 1_500_000_000),
        ("1500 g", 1_500_000_000),
        ("1 500 g", 1_500_000_000),
        ("1,500.5 g", 1_500_500_000),
        ("1.500,5 g", 1_500_500_000),
        ("12.345 g", 12_345_000),
        ("0,001 g", 1_000),
        ("3 mg", 3_000),
        ("7 µg", 7),
        ("1 lb", 453_592_370),
        ("1 oz", 28_349_523),
        ("1 LB", 453_592_370),
        ("1,234 kg", None),
        ("1.2.3 kg", None),
        ("5", None),
        ("kg", None),
        ("-5 kg", None),
        ("5 stone", None),
        ("1e5 kg", None),
        ("99999999999 t", None),
        ("", None),
        ("５ kg", None),
    ],
)
def test_weights_are_read_once_or_not_at_all(text, ug):
    assert declared.weight_ug(text) == ug


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("10 USD", "10", "USD"),
        ("USD 10", "10", "USD"),
        ("10usd", "10", "USD"),
        ("1.234,50 EUR", "1234.50", "EUR"),
        ("1,234.50 USD", "1234.50", "USD"),
        ("1'234.50 CHF", "1234.50", "CHF"),
    ],
)
def test_amounts_are_read(text, amount, currency):
    assert declared.money(text) == declared.Money(amount=Decimal(amount), currency=currency)


@pytest.mark.parametrize("text", ["10", "$10", "ten USD", "1,234 USD", "10 USDX", "10 USD 5", ""])
def test_amounts_with_two_meanings_are_not_read(text):
    assert declared.money(text) is None


def test_balance_reading_that_is_no_mass_is_an_error_with_a_hint():
    assert declared.parse_mass("12.345 g") == 12_345_000
    with pytest.raises(RecordError) as wrong:
        declared.parse_mass("a handful")
    assert "12.345 g" in wrong.value.hint


@given(st.integers(0, 10**9), st.integers(0, 3))
def test_decimal_mark_does_not_matter_where_it_is_clear(whole, places):
    digits = f"{whole:0{places + 1}d}"
    front, back = (digits[:-places], digits[-places:]) if places else (digits, "")
    dot = declared.number(f"{front}.{back}") if back else declared.number(front)
    comma = declared.number(f"{front},{back}") if back else declared.number(front)
    assert dot == Decimal(whole).scaleb(-places)
    assert comma in (None, dot)


@given(st.text(max_size=200))
def test_any_text_is_read_or_not_without_a_crash(text):
    declared.weight_ug(text)
    declared.money(text)


@given(st.decimals(min_value="0.01", max_value=10**6, places=2), st.integers(1, 10**6))
def test_value_per_kg_is_value_over_weight(value, grams):
    rate = declared.value_per_kg(f"{value} USD", f"{grams} g")
    assert rate is not None
    assert abs(rate.amount * grams / 1000 - value) < Decimal("0.0001")


@pytest.mark.parametrize(
    ("text", "mass_ug", "half_ug"),
    [
        ("1.5 kg", 1_500_000_000, 50_000_000),
        ("1.50 kg", 1_500_000_000, 5_000_000),
        ("1500 g", 1_500_000_000, 500_000),
        ("1,5 kg", 1_500_000_000, 50_000_000),
        ("2 lb", 907_184_740, 226_796_185),
    ],
)
def test_weight_is_as_fine_as_its_last_digit(text, mass_ug, half_ug):
    read = declared.weight_reading(text)
    assert read == declared.WeightReading(mass_ug=mass_ug, half_ug=half_ug)
