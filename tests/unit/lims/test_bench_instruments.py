"""Instruments of the lab, their confirmed mappings, and the runs read by them."""

import json
import shutil
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from instruments.errors import RefusedFormatError
from instruments.mapping import from_text, to_json
from instruments.mapping_proposal import Choices, propose
from lims import (
    audit,
    bench_instruments,
    events,
    examination,
    migrate,
    queries,
    records,
    review,
    sqlite,
)
from lims.bench_instruments import add_instrument, confirm_mapping, import_mapping
from lims.errors import NotFoundError, PermissionDenied, RecordError, StateError
from lims.lab import open_lab
from lims.model import FindingState
from spectra.spectrum import Technique
from tests.lims_builders import a_file, a_lab, a_match, a_sample, an_entry

X = np.arange(200.5, 232.5, 1.0)


def text(decimal=",", x=X):
    """A Raman text without names: nothing says what its columns are."""
    return "\n".join(f"{a};{a * 7.25:.4f}" for a in x).replace(".", decimal).encode()


@pytest.fixture
def raman(lab):
    return add_instrument(lab, "ana", "raman-1", Technique.RAMAN, serial="77", laser_nm=784.9)


def a_mapping(data=None, **choices):
    said = Choices(**({"x_unit": "cm-1", "y_unit": "counts"} | choices))
    return propose(data or text(), "a.csv", said, technique=Technique.RAMAN, laser_nm=784.9).mapping


def confirmed(lab, mapping=None, data=None, by="ana", key=""):
    return confirm_mapping(
        lab,
        by,
        "raman-1",
        mapping or a_mapping(),
        sample=data or text(),
        file_name="a.csv",
        key=key,
    )


def test_instrument_is_on_record_with_who_added_it(lab, raman):
    assert bench_instruments.instruments(lab) == (raman,)
    assert (raman.laser_nm, raman.by) == (784.9, "ana")
    assert bench_instruments.instrument(lab, "RAMAN-1") == raman


def test_name_is_taken_whatever_its_case(lab, raman):
    with pytest.raises(StateError):
        add_instrument(lab, "ana", "Raman-1", Technique.FTIR)


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "a" * 41, "a\n", "µ"])
def test_name_can_be_typed_on_a_command_line(lab, name):
    with pytest.raises(RecordError):
        add_instrument(lab, "ana", name, Technique.RAMAN)


@pytest.mark.parametrize("laser", [0.0, -785.0, 1e9, float("nan"), float("inf")])
def test_laser_is_one_there_can_be(lab, laser):
    with pytest.raises(RecordError):
        add_instrument(lab, "ana", "r", Technique.RAMAN, laser_nm=laser)


def test_same_key_adds_one_instrument(lab):
    first = add_instrument(lab, "ana", "r", Technique.RAMAN, key="k")
    assert add_instrument(lab, "ana", "r", Technique.RAMAN, key="k") == first


def test_instrument_that_is_not_there_names_those_that_are(lab, raman):
    with pytest.raises(NotFoundError) as caught:
        bench_instruments.mappings(lab, "ftir-9")
    assert "raman-1" in caught.value.hint


@pytest.mark.parametrize("person", ["olga", "rex", "cus", "lia", "root", "lee"])
def test_only_analysts_and_quality_confirm(lab, raman, person):
    with pytest.raises(PermissionDenied):
        confirmed(lab, by=person)
    assert bench_instruments.newest_mapping(lab, "raman-1") is None


def test_confirmed_mapping_has_a_version_a_person_and_the_file(lab, raman):
    done = confirmed(lab)
    assert (done.version, done.by, done.sample_name) == (1, "ana", "a.csv")
    assert done.mapping.label == "raman-1 v1"
    assert done.mapping.sample_sha256 == done.sample_sha256
    kept = lab.raw_folder / done.sample_sha256[:2] / done.sample_sha256[2:4] / done.sample_sha256
    assert kept.read_bytes() == text()


def test_same_reading_confirmed_again_is_no_new_version(lab, raman):
    assert confirmed(lab) == confirmed(lab, by="abe")


def test_another_reading_is_a_new_version_and_the_old_one_stays(lab, raman):
    confirmed(lab)
    dots = text(".")
    second = confirmed(lab, a_mapping(dots), dots)
    assert second.version == 2
    assert [each.version for each in bench_instruments.mappings(lab, "raman-1")] == [2, 1]


def test_same_key_confirms_once_and_not_for_another(lab, raman):
    first = confirmed(lab, key="k")
    dots = text(".")
    assert confirmed(lab, a_mapping(dots), dots, key="k") == first
    with pytest.raises(RecordError):
        confirmed(lab, by="abe", key="k")


def test_mapping_that_does_not_read_its_own_file_is_not_recorded(lab, raman):
    with pytest.raises(RefusedFormatError, match="does not fit"):
        confirmed(lab, data=text("."))
    assert bench_instruments.mappings(lab, "raman-1") == ()


def test_file_that_says_itself_how_it_is_read_needs_no_mapping(lab, raman, bench):
    with pytest.raises(RecordError, match="says itself"):
        confirmed(lab, data=a_file(bench, kind="raman").read_bytes())


def test_mapping_is_for_the_instruments_own_technique(lab, raman):
    infrared = propose(
        text(), "a.csv", Choices(x_unit="cm-1", y_unit="absorbance", technique=Technique.FTIR)
    ).mapping
    with pytest.raises(RecordError, match="raman"):
        confirmed(lab, infrared)


def test_two_labs_read_alike(lab, raman, tmp_path):
    done = confirmed(lab)
    carried = from_text(json.dumps(to_json(done.mapping)))
    other = a_lab(tmp_path / "other", site="PHX", name="Phoenix")
    add_instrument(other, "ana", "bench-7", Technique.RAMAN)
    taken = import_mapping(other, "ana", "bench-7", carried)
    assert taken.mapping.same_reading(done.mapping)
    assert (taken.version, taken.sample_sha256) == (1, done.sample_sha256)
    assert "raman-1 v1" in taken.origin
    add_instrument(other, "ana", "bench-8", Technique.RAMAN)
    with pytest.raises(RefusedFormatError):
        import_mapping(other, "ana", "bench-8", carried, sample=text("."), file_name="own.csv")
    assert audit.replay(other) == audit.projected(other)
    other.close()


def ingested(lab, bench, sample, *, data=None, match=None, **more):
    path = bench / "powder.csv"
    path.write_bytes(data or text())
    return examination.ingest(
        lab, "ana", path, sample, match=match or a_match(an_entry("no_match")), **more
    )


def test_run_names_its_instrument_and_the_version_it_was_read_by(lab, raman, bench):
    confirmed(lab)
    sample = a_sample(lab)
    ingested(lab, bench, sample.number, instrument="Raman-1")
    (run,) = records.runs(lab.db, sample.number)
    assert (run.instrument, run.mapping_version, run.warnings) == ("raman-1", 1, ())
    assert audit.replay(lab) == audit.projected(lab)
    assert audit.verify(lab).ok


def test_run_without_an_instrument_says_so(lab, bench):
    sample = a_sample(lab)
    ingested(lab, bench, sample.number)
    (run,) = records.runs(lab.db, sample.number)
    assert (run.instrument, run.mapping_version) == ("", 0)
    assert any("please confirm" in warning for warning in run.warnings)
    body = next(e for e in audit.events(lab, 0, 100) if e.kind == "run.recorded").body
    assert "instrument" not in body


def test_file_that_no_longer_fits_is_quarantined_not_guessed(lab, raman, bench):
    confirmed(lab)
    sample = a_sample(lab)
    with pytest.raises(RefusedFormatError, match=r"does not fit.*expected"):
        ingested(lab, bench, sample.number, data=text("."), instrument="raman-1")
    assert records.runs(lab.db, sample.number) == ()


def test_technique_is_the_instruments_where_the_file_leaves_it_open(lab, raman, bench):
    sample = a_sample(lab)
    shaped = text(x=np.arange(32.0))
    ingested(lab, bench, sample.number, data=shaped, instrument="raman-1")
    (run,) = records.runs(lab.db, sample.number)
    assert (run.technique, run.instrument, run.mapping_version) == ("raman", "raman-1", 0)


def test_serial_number_of_another_instrument_is_told(lab, raman, bench):
    data = b"Serial;78\n" + text()
    confirmed(
        lab, propose(data, "a", Choices(x_unit="cm-1", technique=Technique.RAMAN)).mapping, data
    )
    sample = a_sample(lab)
    ingested(lab, bench, sample.number, data=data, instrument="raman-1")
    (run,) = records.runs(lab.db, sample.number)
    assert any("serial number 78" in warning for warning in run.warnings)


def test_laser_of_another_instrument_is_told(lab, raman, bench):
    data = b"Laser wavelength;532\n" + text()
    confirmed(lab, a_mapping(data), data)
    sample = a_sample(lab)
    ingested(lab, bench, sample.number, data=data, instrument="raman-1")
    (run,) = records.runs(lab.db, sample.number)
    assert any("laser at 532 nm" in warning for warning in run.warnings)


def test_text_on_record_is_read_again_once_its_mapping_is_confirmed(lab, raman, bench):
    sample = a_sample(lab)
    first = ingested(lab, bench, sample.number, match=a_match(an_entry("insufficient")))
    confirmed(lab)
    again = ingested(lab, bench, sample.number, instrument="raman-1")
    assert again.id != first.id
    assert again.run == first.run
    assert records.finding(lab.db, first.id).state is FindingState.SUPERSEDED
    (run,) = records.runs(lab.db, sample.number)
    assert (run.mapping_version, run.warnings) == (1, ())
    assert ingested(lab, bench, sample.number, instrument="raman-1") == again
    assert audit.replay(lab) == audit.projected(lab)


def test_reviewed_finding_stands_whatever_is_confirmed_later(lab, raman, bench):
    sample = a_sample(lab)
    first = ingested(lab, bench, sample.number)
    reviewed = review.review(lab, "rex", first.id, accept=True)
    confirmed(lab)
    assert ingested(lab, bench, sample.number, instrument="raman-1") == reviewed


def test_own_statement_of_a_file_is_not_read_again(lab, raman, bench):
    sample = a_sample(lab)
    confirmed(lab)
    path = a_file(bench, kind="raman")
    match = a_match(an_entry("no_match"))
    first = examination.ingest(lab, "ana", path, sample.number, match=match)
    assert (
        examination.ingest(lab, "ana", path, sample.number, match=match, instrument="raman-1")
        == first
    )


def test_guessed_unit_names_nothing_but_still_warns(tmp_path):
    from instruments.export import GUESSED, Export
    from libraries.library import Library
    from lims.matching import headline, match_export
    from tests.unit.libraries.reference_builders import a_curve, a_library

    stated = a_curve(5)
    guessed = replace(stated, metadata={**stated.metadata, GUESSED: "the x unit is a guess"})
    export = Export(
        path=tmp_path / "a.csv",
        sha256="0" * 64,
        size=1,
        format="csv",
        technique=Technique.FTIR,
        metadata={},
        warnings=(),
        spectra=(stated, guessed),
        reader="text",
        reader_version="1",
    )
    references = [a_curve(seed) for seed in range(60)]
    with Library(a_library(tmp_path / "made", references).folder) as library:
        result = match_export(export, [library])
    named, unnamed = result["spectra"]
    assert named["decision"]["state"] == "match"
    assert unnamed["decision"]["state"] == "insufficient"
    assert unnamed["decision"]["substances"] == []
    assert unnamed["hits"] == named["hits"]
    assert unnamed["hazard"] == named["hazard"]
    assert "the x unit is a guess" in unnamed["decision"]["reasons"][0]
    assert "fol instrument confirm" in unnamed["decision"]["reasons"][1]
    assert "mineral" not in headline(result | {"spectra": [unnamed]})


def old_steps():
    """The steps as they were when only the first had been written."""
    first = resources.files("lims").joinpath("migrations/0001_spine.sql").read_text("utf-8")
    return ((1, first),)


def as_then(append):
    """Events of that time did not say how people confirmed a step."""

    def without(database, *, body, **more):
        body = {name: value for name, value in body.items() if name != "confirmed"}
        return append(database, body=body, **more)

    return without


def test_lab_made_by_the_first_schema_opens_and_migrates(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "steps", old_steps)
        migrate.expected_schema.cache_clear()
        database = sqlite.memory()
        migrate.apply(database)
        assert migrate.version_of(database) == 1
        database.close()
    migrate.expected_schema.cache_clear()
    made = a_lab(tmp_path / "lab")
    bench = tmp_path / "bench"
    bench.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(events, "append", as_then(events.append))
        sample = a_sample(made)
    examination.ingest(
        made, "ana", a_file(bench), sample.number, match=a_match(an_entry("no_match"))
    )
    made.close()
    backwards(tmp_path / "lab" / "lab.db")
    opened = open_lab(tmp_path / "lab")
    assert migrate.version_of(opened.db) == migrate.latest()
    (run,) = records.runs(opened.db, sample.number)
    assert (run.instrument, run.mapping_version) == ("", 0)
    add_instrument(opened, "ana", "raman-1", Technique.RAMAN)
    report = audit.verify(opened)
    assert report.problems == ()
    assert audit.replay(opened) == audit.projected(opened)
    assert queries.event_count(opened) > 0
    opened.close()


def backwards(path):
    """Rebuild a lab's file under the first schema: its events and what the old tables held."""
    old = path.with_name("old.db")
    database = sqlite.sqlite3.connect(str(old), isolation_level=None)
    database.executescript(f"BEGIN;\n{old_steps()[0][1]}\nPRAGMA user_version=1;\nCOMMIT;")
    database.execute("ATTACH ? AS new", [str(path)])
    names = [
        row[0]
        for row in database.execute(
            "SELECT name FROM main.sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
    ]
    database.execute("BEGIN")
    for name in names:
        columns = ", ".join(
            f'"{row[1]}"' for row in database.execute(f"PRAGMA main.table_info({name})").fetchall()
        )
        database.execute(
            f"INSERT INTO main.{name}({columns}) SELECT {columns} FROM new.{name} ORDER BY rowid"
            if name not in ("counter",)
            else f"INSERT INTO main.{name}({columns}) SELECT {columns} FROM new.{name}"
        )
    database.execute("COMMIT")
    application = database.execute("PRAGMA new.application_id").fetchone()[0]
    database.execute("DETACH new")
    database.execute(f"PRAGMA application_id={application}")
    database.execute("PRAGMA journal_mode=WAL")
    database.close()
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    shutil.move(old, path)
