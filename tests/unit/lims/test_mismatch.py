"""What does not fit on a shipment: on paper, against a balance, against what was found."""

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims import canonical, hs_goods, intake, mismatch
from lims.errors import RecordError
from lims.mismatch import Kind, Weighed
from lims.model import ShipmentDraft


def a_draft(**more):
    return ShipmentDraft(**{"declared_goods": "silicon dioxide", **more})


def test_sand_that_was_xylazine_gives_its_two_notes():
    draft = ShipmentDraft(
        declared_goods="silicon dioxide",
        declared_value="10 USD",
        declared_weight="1.5 kg",
        freight="80 USD",
    )
    assert mismatch.notes(draft) == ("declared value 6.67 USD per kg", "freight above goods value")


def test_freight_is_compared_in_one_currency_only():
    draft = ShipmentDraft(declared_goods="x", declared_value="10 USD", freight="80 EUR")
    assert mismatch.notes(draft) == ()


def test_figure_that_cannot_be_read_is_said_not_guessed():
    draft = ShipmentDraft(declared_goods="x", declared_value="about ten", declared_weight="0 kg")
    assert mismatch.notes(draft) == (
        "declared value 'about ten' is kept as typed; it cannot be read as one figure",
    )


def test_declared_against_found_names_the_stranger_with_its_role():
    note = mismatch.against_found("silicon dioxide", ["xylazine"])
    assert note == "declared silicon dioxide, found xylazine (adulterant)"
    assert mismatch.is_found(note)


@pytest.mark.parametrize("goods", ["silicon dioxide", "Silicon Dioxide", "pack of silicon dioxide"])
def test_honest_goods_have_no_note(goods):
    assert mismatch.against_found(goods, ["silicon dioxide"]) == ""


def test_only_what_was_not_declared_is_a_stranger():
    note = mismatch.against_found("lactose", ["lactose", "fentanyl"])
    assert note == "declared lactose, found fentanyl (drug)"


def test_substance_in_no_table_is_still_a_stranger():
    assert mismatch.against_found("sand", ["unobtainium"]) == "declared sand, found unobtainium"


@given(st.text(max_size=200))
def test_any_text_on_paper_is_compared_or_not_without_a_crash(text):
    names = (
        "declared_value",
        "declared_weight",
        "gross_weight",
        "net_weight",
        "freight",
        "hs_code",
    )
    draft = ShipmentDraft(declared_goods=text, **dict.fromkeys(names, text))
    mismatch.on_paper(draft)
    mismatch.against_weighed(draft, [Weighed(of="gross", mass_ug=1, u_ug=1)])
    mismatch.on_substances(draft, ["fentanyl", text])


def test_each_mismatch_carries_its_figures_and_its_fields():
    draft = a_draft(declared_value="10 USD", declared_weight="1.5 kg", freight="25 USD")
    rate, freight = mismatch.on_paper(draft)
    assert (rate.kind, rate.odd) == (Kind.VALUE_PER_KG, False)
    assert rate.figures == {"value_per_kg": "6.67 USD"}
    assert rate.fields == ("declared_value", "declared_weight")
    assert freight.says == mismatch.FREIGHT
    assert freight.figures == {
        "freight": "25 USD",
        "declared_value": "10 USD",
        "freight_over_value": "2.50",
    }


def test_value_per_kilogram_goes_by_the_net_weight_where_there_is_one():
    draft = a_draft(declared_value="10 USD", net_weight="2 kg", gross_weight="4 kg")
    assert mismatch.notes(draft) == ("declared value 5.00 USD per kg",)
    gross = a_draft(declared_value="10 USD", gross_weight="4 kg")
    assert mismatch.notes(gross) == ("declared value 2.50 USD per kg gross",)


def test_free_goods_with_freight_are_odd_and_divide_by_nothing():
    (freight,) = mismatch.on_paper(a_draft(declared_value="0 USD", freight="25 USD"))
    assert "freight_over_value" not in freight.figures


def test_net_above_gross_is_told():
    (found,) = mismatch.on_paper(a_draft(net_weight="2 kg", gross_weight="1.5 kg"))
    assert found.says == "declared net weight above gross weight"
    assert found.figures == {"net_weight": "2 kg", "gross_weight": "1.5 kg"}


KG = 10**9


@pytest.mark.parametrize(
    ("of", "kilos", "declared_as", "odd"),
    [
        ("gross", "1.62", {"gross_weight": "1.5 kg"}, True),
        ("gross", "1.53", {"gross_weight": "1.5 kg"}, None),  # within the rounding of 1.5
        ("gross", "1.53", {"gross_weight": "1.500 kg"}, True),
        ("gross", "1.38", {"gross_weight": "1.5 kg"}, True),
        ("net", "1.62", {"net_weight": "1.5 kg"}, True),
        ("gross", "1.62", {"net_weight": "1.5 kg"}, None),  # packaging
        ("gross", "1.38", {"net_weight": "1.5 kg"}, True),  # lighter than its content
        ("net", "1.62", {"gross_weight": "1.5 kg"}, True),
        ("net", "1.38", {"gross_weight": "1.5 kg"}, None),
        ("gross", "1.38", {"declared_weight": "1.5 kg"}, True),
        ("gross", "15", {"declared_weight": "1.5 kg"}, False),  # worth knowing: packaging unknown
        ("net", "15", {"declared_weight": "1.5 kg"}, True),
        ("samples", "1.38", {"gross_weight": "1.5 kg"}, None),
        ("samples", "1.62", {"gross_weight": "1.5 kg"}, True),
        ("gross", "1.62", {"gross_weight": "some"}, None),
    ],
)
def test_balance_is_held_against_the_weight_it_can_contradict(of, kilos, declared_as, odd):
    weighed = Weighed(of=of, mass_ug=int(float(kilos) * KG), u_ug=1_000_000)
    found = mismatch.against_weighed(a_draft(**declared_as), [weighed])
    assert [each.odd for each in found] == ([] if odd is None else [odd])


def test_weight_gap_gives_difference_and_tolerance_in_figures():
    (found,) = mismatch.against_weighed(
        a_draft(gross_weight="1.5 kg"), [Weighed(of="gross", mass_ug=1_620_000_000, u_ug=10**6)]
    )
    # k = 2; u² = (1 g)² + (50 g)² / 3
    assert found.figures["difference"] == "0.12 kg"
    assert float(found.figures["tolerance"].removesuffix(" kg")) == pytest.approx(0.05777, abs=1e-5)
    assert found.says.startswith("weighed gross 1.62 kg, declared 1.5 kg (gross): 0.12 kg more")
    assert found.says.endswith("0.058 kg tolerated")


@given(st.integers(1, 10**12), st.integers(0, 10**8), st.integers(1, 999))
def test_weight_that_agrees_with_itself_is_never_a_gap(mass_ug, u_ug, grams):
    draft = a_draft(gross_weight=f"{grams} g", net_weight=f"{grams} g")
    same = [Weighed(of=of, mass_ug=grams * 10**6, u_ug=u_ug) for of in ("gross", "net")]
    assert mismatch.against_weighed(draft, same) == ()


@pytest.mark.parametrize(
    ("goods", "found"),
    [
        ("Ecstasy perfume", "MDMA"),
        ("foxy shirts", "5-MeO-DiPT"),
        ("china white tableware", "alpha-methylfentanyl"),
    ],
)
def test_street_name_in_a_trade_name_declares_no_drug(goods, found):
    assert mismatch.against_found(goods, [found])


@pytest.mark.parametrize(
    ("goods", "found"),
    [
        ("vitamin C powder, food grade", "ascorbic acid"),
        ("silica", "silicon dioxide"),
        ("paracetamol", "acetaminophen"),
        ("xylazine hydrochloride", "xylazine"),
    ],
)
def test_goods_declared_by_another_name_agree(goods, found):
    assert mismatch.against_found(goods, [found]) == ""


@pytest.mark.parametrize(
    ("hs_code", "found", "told"),
    [
        ("2811.22", ["xylazine"], "an organic compound, which chapter 28 does not hold"),
        ("3204.17", ["fentanyl"], "of heading 2933, or 30 as a medicament"),
        ("0409.00", ["cocaine"], "of heading 2939"),
        ("2939.30", ["fentanyl"], "named in heading 2933"),
        ("2933.33", ["fentanyl"], ""),
        ("2933.39", ["xylazine"], ""),
        ("3004.90", ["fentanyl"], ""),
        ("3824.99", ["fentanyl"], ""),
        ("1211.90", ["cocaine"], ""),
        ("2101.12", ["caffeine"], ""),
        ("2811.22", ["calcium carbonate"], ""),
        ("2811.22", ["unobtainium"], ""),
        ("not a code", ["fentanyl"], ""),
    ],
)
def test_heading_is_held_against_the_find_where_that_can_be_told(hs_code, found, told):
    note = hs_goods.against_found(hs_code, found)
    assert told in note
    assert bool(note) == bool(told)
    assert not note or mismatch.is_found(note)


def test_headings_that_name_a_substance_are_in_the_list_at_hand():
    from lims import code_lists

    assert all(code_lists.hs(code)[0] == "yes" for code in hs_goods.HEADINGS.values())


def test_declared_sand_with_its_heading_gives_both_notes():
    draft = a_draft(hs_code="2811.22")
    goods, heading = mismatch.on_substances(draft, ["xylazine"])
    assert goods.says == "declared silicon dioxide, found xylazine (adulterant)"
    assert heading.says == (
        "declared HS 2811.22 (Silicon dioxide), found xylazine: an organic compound, which "
        "chapter 28 does not hold"
    )
    assert heading.fields == ("hs_code", "hs_edition")


def test_words_typed_as_a_figure_are_not_taken_for_a_find():
    (note,) = mismatch.notes(a_draft(declared_value="ten, found in a drawer"))
    assert not mismatch.is_found(note)


ANYTHING = st.one_of(
    st.text(st.characters(categories=("L", "N", "P", "S")), max_size=40),
    st.sampled_from(["2811.22", "9999", "CNSHA", "IMO 9319466", "1e9 kg", "0 kg", "US-NJ", "²²²²"]),
)


COUNTRY = st.sampled_from(["", "CN", "zz"])
PAPERS = {
    **{each.name: ANYTHING for each in fields(ShipmentDraft)},
    "origin": COUNTRY,
    "destination_country": COUNTRY,
}


@given(st.fixed_dictionaries(PAPERS))
def test_any_papers_are_taken_with_marks_or_refused_by_name(typed):
    refused = ""
    try:
        body = intake.shipment_body(ShipmentDraft(**typed))
    except RecordError as error:
        refused = error.message or "no message"
    if refused:
        assert refused != "no message"
        return
    assert json.loads(canonical.spelled(body)) == body
    assert ShipmentDraft(**body["draft"])
