"""A lab of any earlier schema opens in this software with its whole record, or is left alone."""

from __future__ import annotations

import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lims import audit, migrate, sqlite
from lims import events as log
from lims.errors import ConfigError, LabError
from lims.lab import open_lab
from tests.lims_builders import a_shipment
from tests.services.old_labs import history, older
from tests.services.power_cut import PoweredDisk
from tests.services.watched_disk import NO_SHIM, POSSIBLE, compiled, diary, run

STEPS = migrate.steps()
EARLIER = range(1, migrate.latest())
CUTS = 70


@pytest.fixture(scope="module")
def now(tmp_path_factory):
    return history(tmp_path_factory.mktemp("history"))


def fingerprints() -> dict[int, str]:
    """Each schema's fingerprint, from its own steps."""
    found = {}
    for number, _ in migrate.steps():
        database = sqlite.memory()
        for _, text in migrate.steps()[:number]:
            database.conn.executescript(text)
        found[number] = migrate.fingerprint(database)
        database.close()
    return found


def rows_of(path: Path) -> list[tuple[object, ...]]:
    database = sqlite.connect(path)
    try:
        return list(log.everything(database))
    finally:
        database.close()


@pytest.mark.parametrize("schema", EARLIER)
def test_lab_of_an_earlier_schema_keeps_every_event_and_goes_on(now, tmp_path, schema):
    folder = older(now, schema, tmp_path / "old")
    before = rows_of(folder / "lab.db")
    assert len(before) > 20
    lab = open_lab(folder)
    assert migrate.version_of(lab.db) == migrate.latest()
    assert list(log.everything(lab.db)) == before
    a_shipment(lab)
    audit.checkpoint(lab, "lee")
    report = audit.verify(lab)
    lab.close()
    assert (report.problems, report.events) == ((), len(before) + 1)
    kept = folder / f"lab-before-schema-{schema + 1:04d}.db"
    assert rows_of(kept) == before


def test_step_that_gives_old_rows_other_values_is_seen(now, tmp_path, monkeypatch):
    folder = older(now, 2, tmp_path / "old")
    wrong = tuple((n, text.replace("SELECT count(*)", "SELECT 1+count(*)")) for n, text in STEPS)
    assert wrong != STEPS
    monkeypatch.setattr(migrate, "steps", lambda: wrong)
    lab = open_lab(folder)
    report = audit.verify(lab)
    lab.close()
    assert any("quarantine" in problem for problem in report.problems)


def test_two_programs_that_open_an_old_lab_at_once_migrate_it_once(now, tmp_path):
    folder = older(now, 1, tmp_path / "old")
    before = rows_of(folder / "lab.db")
    with ThreadPoolExecutor(max_workers=4) as pool:
        labs = list(pool.map(open_lab, [folder] * 4))
    assert [audit.verify(lab).problems for lab in labs] == [()] * 4
    for lab in labs:
        lab.close()
    assert rows_of(folder / "lab.db") == before
    assert rows_of(folder / "lab-before-schema-0002.db") == before
    assert not list(folder.glob("*.partial"))


def test_lab_of_a_newer_schema_is_refused_and_left_alone(now, tmp_path):
    folder = shutil.copytree(now, tmp_path / "newer")
    database = sqlite.connect(folder / "lab.db")
    database.execute(f"PRAGMA user_version={migrate.latest() + 1}")
    database.close()
    before = (folder / "lab.db").read_bytes()
    with pytest.raises(ConfigError, match="newer software") as told:
        open_lab(folder)
    assert "newer version" in told.value.hint
    assert (folder / "lab.db").read_bytes() == before


@pytest.mark.skipif(not POSSIBLE, reason=NO_SHIM)
@pytest.mark.slow
@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_migration_that_loses_power_leaves_one_schema_or_the_next(
    now, tmp_path, monkeypatch, journal
):
    if journal == "delete":
        monkeypatch.setattr(sqlite, "safe_for_wal", lambda _: False)
    older(now, 1, tmp_path / "lab")
    shutil.copytree(tmp_path / "lab", tmp_path / "start")
    whole = rows_of(tmp_path / "lab" / "lab.db")
    run(compiled(tmp_path), "tests.services.old_labs", tmp_path, journal)
    seen = list(diary(tmp_path / "diary"))
    known, dice = fingerprints(), random.Random(7)
    disk, met, at = PoweredDisk(tmp_path / "start", tmp_path / "lab", journalled=False), set(), 0
    for cut in (0, *sorted(dice.choices(range(len(seen)), k=CUTS)), len(seen)):
        for entry in seen[at:cut]:
            disk.see(entry)
        at = cut
        image = laid_out(tmp_path / "image", disk.cut(dice))
        met.add(schema_of(image / "lab.db", known))
        opens_whole(image, whole)
    assert {1, migrate.latest()} <= met
    assert len(met) > 5  # cuts between the steps too


def laid_out(folder: Path, files: dict[str, bytes]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def schema_of(path: Path, known: dict[int, str]) -> int:
    """Return the schema version a file says it has, after seeing that it has exactly that."""
    database = sqlite.connect(path)
    try:
        version = migrate.version_of(database)
        assert migrate.fingerprint(database) == known[version]
    finally:
        database.close()
    return version


def opens_whole(folder: Path, whole: list[tuple[object, ...]]) -> None:
    try:
        lab = open_lab(folder)
    except LabError as error:
        pytest.fail(f"{error.message} ({error.hint})")
    try:
        assert list(log.everything(lab.db)) == whole
        assert audit.verify(lab).problems == ()
    finally:
        lab.close()
