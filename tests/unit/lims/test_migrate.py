import pytest

from lims import migrate, sqlite
from lims.errors import ConfigError


def test_steps_are_numbered_without_gaps():
    assert [number for number, _ in migrate.steps()] == list(range(1, migrate.latest() + 1))


def test_new_file_has_the_schema_the_steps_give(lab):
    assert migrate.version_of(lab.db) == migrate.latest()
    assert migrate.schema_faults(lab.db) == []


def test_every_table_is_strict():
    database = sqlite.memory()
    migrate.apply(database)
    loose = database.execute(
        "SELECT name FROM pragma_table_list WHERE schema='main' AND type='table' AND strict=0 "
        "AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    assert loose == []


def test_step_that_fails_changes_nothing(monkeypatch):
    database = sqlite.memory()
    monkeypatch.setattr(
        migrate,
        "steps",
        lambda: ((1, "CREATE TABLE a(b) STRICT; CREATE TABLE c(d INTEGER) STRICT; nonsense;"),),
    )
    with pytest.raises(sqlite.sqlite3.DatabaseError):
        migrate.apply(database)
    assert migrate.version_of(database) == 0
    assert database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0


def test_files_quarantined_before_they_had_numbers_get_them_in_order(monkeypatch):
    database, before = sqlite.memory(), migrate.steps()[:2]
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "steps", lambda: before)
        migrate.apply(database)
    for seq in (4, 9, 11):
        database.execute(
            "INSERT INTO quarantine(seq, sample, file_name, raw_sha256, size, reason, at, by) "
            "VALUES(?,'','a','b',1,'c','d','e')",
            [seq],
        )
    database.conn.commit()
    assert 3 in migrate.apply(database)
    found = database.execute("SELECT seq, serial, state FROM quarantine ORDER BY seq").fetchall()
    assert [tuple(row) for row in found] == [
        (4, 1, "waiting"),
        (9, 2, "waiting"),
        (11, 3, "waiting"),
    ]


def test_later_step_is_applied_once_after_a_whole_copy(tmp_path, monkeypatch):
    database = sqlite.create(tmp_path / "lab.db")
    migrate.apply(database)
    more = (*migrate.steps(), (migrate.latest() + 1, "CREATE TABLE later(a INTEGER) STRICT;"))
    monkeypatch.setattr(migrate, "steps", lambda: more)
    assert migrate.apply(database, backup_folder=tmp_path) == [more[-1][0]]
    assert migrate.apply(database, backup_folder=tmp_path) == []
    copy = sqlite.connect(tmp_path / f"lab-before-schema-{more[-1][0]:04d}.db")
    assert migrate.version_of(copy) == more[-1][0] - 1
    copy.close()
    monkeypatch.setattr(migrate, "steps", lambda: more[:-1])
    with pytest.raises(ConfigError, match="newer software"):
        migrate.apply(database)
    database.close()
