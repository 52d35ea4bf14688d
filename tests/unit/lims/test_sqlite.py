import subprocess
import sys

import pytest

from lims import sqlite


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 9), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
        ((4, 0, 0), True),
    ],
)
def test_wal_only_where_the_reset_fault_is_mended(version, safe):
    assert sqlite.safe_for_wal(version) is safe
    assert bool(sqlite.banner(version)) is not safe


@pytest.mark.parametrize(("safe", "mode", "synchronous"), [(True, "wal", 2), (False, "delete", 3)])
def test_journal_follows_the_gate(tmp_path, monkeypatch, safe, mode, synchronous):
    monkeypatch.setattr(sqlite, "safe_for_wal", lambda _: safe)
    path = tmp_path / "a.db"
    sqlite.create(path).close()
    database = sqlite.connect(path)
    read = {
        name: database.execute(f"PRAGMA {name}").fetchone()[0]
        for name in (
            "journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "trusted_schema",
            "application_id",
        )
    }  # fmt: skip
    database.close()
    assert read == {
        "journal_mode": mode,
        "synchronous": synchronous,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "trusted_schema": 0,
        "application_id": sqlite.APPLICATION_ID,
    }


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE event SET actor='x'",
        "DELETE FROM event",
        "DELETE FROM document",
        "UPDATE checkpoint SET size=0",
        "DROP TRIGGER event_nu",
        "DROP TABLE event",
        "ALTER TABLE event ADD COLUMN x",
        "CREATE TABLE more(a)",
        "CREATE TRIGGER t AFTER INSERT ON event BEGIN SELECT 1; END",
        "CREATE TEMP TRIGGER t AFTER INSERT ON event BEGIN SELECT 1; END",
        "ATTACH ':memory:' AS other",
        "PRAGMA writable_schema=ON",
        "PRAGMA recursive_triggers=OFF",
        "PRAGMA journal_mode=OFF",
        "PRAGMA synchronous=OFF",
        "PRAGMA user_version=9",
        "PRAGMA foreign_keys=OFF",
    ],
)
def test_no_connection_of_ours_can_unmake_the_record(lab, sql):
    with pytest.raises(sqlite.sqlite3.DatabaseError, match=r"not authorized|prohibited"):
        lab.db.conn.execute(sql)


def test_replacing_an_event_is_refused_by_its_trigger(lab):
    with pytest.raises(sqlite.sqlite3.DatabaseError):
        lab.db.conn.execute(
            "INSERT OR REPLACE INTO event SELECT seq,event_id,at,'x',kind,body,key,prev,hash "
            "FROM event WHERE seq=1"
        )


def test_importing_the_record_does_not_take_pandas_or_matchms_along():
    heavy = "('pandas', 'matchms', 'rdkit')"
    code = f"import sys, lims.lab; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
