import pytest

from libraries.licences import OWN, why_not_shared


@pytest.mark.parametrize(
    "terms",
    [
        "CC0", "CC BY 4.0", "cc-by-sa", "Creative Commons Attribution", "public domain", OWN,
        "US Government work", "CC0 (internal standard added)",
    ],
)  # fmt: skip
def test_open_terms_travel(terms):
    assert why_not_shared(terms) == ""


@pytest.mark.parametrize(
    "terms",
    [
        "not for redistribution", "Proprietary", "All rights reserved", "internal use only",
        "do not distribute", "may not be shared", "must not be passed on", "no redistribution",
        "single-user licence", "commercial license", "CC BY 4.0, not for distribution",
        "non-distributable",
    ],
)  # fmt: skip
def test_terms_that_forbid_stay_whatever_anybody_says(terms):
    assert "forbids" in why_not_shared(terms)
    assert "forbids" in why_not_shared(terms, frozenset((terms,)))


def test_what_is_not_known_stays_until_a_person_names_it_exactly():
    assert why_not_shared("SWGDRUG 3.14")
    assert why_not_shared("SWGDRUG  3.14", frozenset(("SWGDRUG 3.14",))) == ""
    assert why_not_shared("SWGDRUG 3.14", frozenset(("SWGDRUG",)))


def test_no_terms_at_all_are_no_permission():
    assert why_not_shared(" ") == "no licence is stated"
    assert why_not_shared("", frozenset(("",))) == "no licence is stated"
