"""A list of entries: every word found where it stands, nothing given that was not verified."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libraries import browse, store
from libraries.browse import Listed, Listing
from libraries.errors import LibraryError, LibraryNotFoundError
from tests.unit.libraries.reference_builders import a_curve, a_library, a_mass_spectrum

NAMES = ("Fentanyl", "fentanyl base", "β-Keto amphetamine", "Straße 7", "a", "ei ei", "xylazine")
CAS = {"Fentanyl": "437-38-7", "xylazine": "7361-61-7"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = [a_mass_spectrum(at, name=name, CAS=CAS.get(name, "")) for at, name in enumerate(NAMES)]
    made += [a_curve(at, name=name) for at, name in enumerate(NAMES[:3])]
    return a_library(tmp_path_factory.mktemp("libraries"), [*made]).folder


@pytest.fixture(scope="module")
def listing(folder: Path) -> Listing:
    return Listing(folder)


def everything(listing: Listing) -> list[Listed]:
    return listing.page(0, 1_000)


def holds(each: Listed, find: str) -> bool:
    """The plain rule, one entry and one word at a time."""
    words = (each.name, each.substance, each.id, each.technique)
    words += (each.formula, each.inchikey, each.cas, each.class_name)
    return all(any(word in text.casefold() for text in words) for word in find.casefold().split())


def test_the_list_is_in_the_order_people_read(listing: Listing) -> None:
    names = [(each.substance.casefold(), each.technique) for each in everything(listing)]
    assert names == sorted(names)
    assert listing.count() == len(names) == 10


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=6),
        st.lists(
            st.sampled_from([*NAMES, "ei", "ftir", "437-", "F", "e", "ss", "%", "_", "."])
        ).map(" ".join),
    )
)
def test_a_search_finds_what_a_plain_look_finds(listing: Listing, find: str) -> None:
    expected = [each.id for each in everything(listing) if holds(each, find)]
    if len(find.split()) <= 8:
        assert [each.id for each in listing.page(0, 1_000, find)] == expected
        assert listing.count(find) == len(expected)


def test_pages_join_without_gap_or_overlap(listing: Listing) -> None:
    whole = [each.id for each in everything(listing)]
    pages = [listing.page(at, 3) for at in range(0, 12, 3)]
    assert [each.id for page in pages for each in page] == whole
    assert listing.page(500, 3) == []


def test_a_page_longer_than_one_statement_takes_keeps_its_order(
    listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = everything(listing)
    monkeypatch.setattr(browse, "_MOST_ASKED", 3)
    assert everything(listing) == whole


def test_an_entry_goes_by_its_id_by_the_beginning_of_it_and_by_its_name(listing: Listing) -> None:
    one = next(each for each in everything(listing) if each.name == "xylazine")
    for text in (one.id, one.id[:9], "XYLAZINE", "xylazine ei", " xylazine "):
        assert listing.resolve(text).id == one.id


def test_several_that_are_meant_are_listed_and_none_is_taken(listing: Listing) -> None:
    with pytest.raises(LibraryNotFoundError) as told:
        listing.resolve("fentanyl")
    assert "2 entries" in told.value.message
    assert "(ftir)" in told.value.hint
    assert "(ei)" in told.value.hint
    assert listing.resolve("fentanyl ftir").technique == "ftir"


@pytest.mark.parametrize("text", ["", "   ", "nothing like it", "0000000000000000", "'; DROP"])
def test_what_nobody_has_is_a_clear_error(listing: Listing, text: str) -> None:
    with pytest.raises(LibraryNotFoundError):
        listing.resolve(text)


def _altered(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / store.FILE)
    for trigger in ("entry_nu", "entry_nd"):
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_an_altered_entry_is_listed_and_never_given(tmp_path: Path) -> None:
    folder = a_library(tmp_path, [a_mass_spectrum(seed) for seed in range(3)]).folder
    _altered(folder, "UPDATE entry SET name = 'aspirin' WHERE row = 1")
    with Listing(folder) as listing:
        listed = [each for each in listing.page(0, 10) if each.row == 1]
        assert listed[0].name == "aspirin"
        with pytest.raises(LibraryError, match="does not match its recorded hash"):
            listing.entry(listed[0].id)


def test_a_record_without_entries_has_none(tmp_path: Path) -> None:
    folder = a_library(tmp_path, [a_mass_spectrum(1)]).folder
    _altered(folder, "DELETE FROM entry")
    with Listing(folder) as listing:
        assert listing.page(0, 10) == []
        assert listing.count("a") == 0
        assert listing.page(0, 10, "ab c") == []


def test_replicates_are_those_of_the_substance_and_the_technique(listing: Listing) -> None:
    one = listing.resolve("fentanyl ei")
    found = listing.replicates(one.draft.identity.group, one.draft.section, 9)
    assert one.id in {each.id for each in found}
    assert {each.technique for each in found} == {"ei"}
