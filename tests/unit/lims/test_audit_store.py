"""The replay that follows the file says what a replay into a database says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lims import audit_rows, audit_tables, canonical, folding, sqlite
from lims.audit_statements import Given, Insert, Look, Update, understood
from lims.audit_store import FollowingStore
from lims.audit_tables import Strayed

SCHEMA = (
    "CREATE TABLE main.item(number TEXT PRIMARY KEY, owner TEXT NOT NULL, state TEXT NOT NULL "
    "DEFAULT 'new', weight INTEGER) STRICT",
    "CREATE INDEX main.item_owner ON item(owner)",
    "CREATE TABLE main.pair(a TEXT, b TEXT, n INTEGER, PRIMARY KEY(a, b)) STRICT, WITHOUT ROWID",
)
INSERT = "INSERT INTO item(number, owner) VALUES(?, ?)"
STATE = "UPDATE item SET state=?, weight=coalesce(?, weight) WHERE number=?"
OF_OWNER = "UPDATE item SET state='sold' WHERE owner=? AND state='new'"
FIND = "SELECT number, state, weight FROM item WHERE owner=?"
ONE = "SELECT owner FROM item WHERE number=?"


@pytest.mark.parametrize(
    ("sql", "plan"),
    [
        ("INSERT INTO t(a, b) VALUES(?, ?)", Insert("t", ("a", "b"))),
        ("INSERT INTO t(a, b) VALUES(?,?)", Insert("t", ("a", "b"))),
        (
            "UPDATE t SET a=?, b='x', c=coalesce(?, c) WHERE k=? AND d=-1",
            Update(
                "t",
                (("a", Given(0)), ("b", Given(value="x")), ("c", Given(1, or_present=True))),
                (("k", Given(2)), ("d", Given(value=-1))),
            ),
        ),
        ("SELECT a, b FROM t WHERE k=?", Look("t", ("a", "b"), (("k", Given(0)),))),
    ],
)
def test_plain_statement_is_understood(sql, plan):
    assert understood(sql) == plan


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t(a, b) VALUES(?)",
        "INSERT INTO t(a) VALUES('x')",
        "INSERT INTO t(a) VALUES(?) ON CONFLICT(a) DO NOTHING",
        "INSERT OR IGNORE INTO t(a) VALUES(?)",
        "UPDATE t SET a=? WHERE k=? OR b=?",
        "UPDATE t SET a=coalesce(?, b) WHERE k=?",
        "UPDATE t SET a='?' WHERE k=?",
        "UPDATE t SET a='it''s' WHERE k=?",
        "UPDATE t SET a=a+1 WHERE k=?",
        "UPDATE t SET a=?",
        "UPDATE t SET a=(SELECT 1) WHERE k=?",
        "SELECT * FROM t WHERE k=?",
        "SELECT max(a) FROM t WHERE k=?",
        "SELECT a FROM t WHERE k>?",
        "SELECT a FROM t WHERE k=? ORDER BY a",
        "SELECT a FROM t, u WHERE k=?",
        "DELETE FROM t WHERE k=?",
    ],
)
def test_any_other_statement_is_left_to_sqlite(sql):
    assert understood(sql) is None


class Both:
    """The same statements run in a database, and followed against where that one ended."""

    def __init__(self, path):
        self.path = path

    def play(self, statements, spoil=()):
        """Return what each look-up gave in either, and the tables said to differ, and moved."""
        self.path.unlink(missing_ok=True)
        plain = sqlite.memory()
        for sql in SCHEMA:
            plain.execute(sql)
        answers = [plain.conn.execute(sql, values).fetchall() for sql, values in statements]
        for sql in spoil:
            plain.conn.execute(sql)
        plain.conn.commit()
        plain.conn.execute("VACUUM INTO ?", [str(self.path)])
        plain.close()
        memory = sqlite.memory()
        for sql in SCHEMA:
            memory.execute(sql)
        memory.conn.commit()
        sqlite.attach(memory, self.path, read_only=True)
        store = FollowingStore(memory, ("item", "pair"))
        told = [list(store.execute(sql, values).fetchall()) for sql, values in statements]
        wrong = list(store.differing())
        kept_here = [table for table in ("item", "pair") if table not in store.followed]
        wrong += [table for table in kept_here if audit_rows._table(memory, table) is not None]
        store.close()
        memory.close()
        return answers, told, wrong, store.moved


@pytest.fixture
def both(tmp_path):
    return Both(tmp_path / "kept.db")


names = st.sampled_from(["ann", "ben", "cy"])
states = st.sampled_from(["new", "sold", "lost"])
acts = st.lists(
    st.one_of(
        st.tuples(st.just("add"), names),
        st.tuples(st.just("state"), st.integers(0, 9), states, st.one_of(st.none(), st.integers())),
        st.tuples(st.just("owner"), names),
        st.tuples(st.just("find"), names),
        st.tuples(st.just("one"), st.integers(0, 9)),
        st.tuples(st.just("give"), st.integers(0, 9), names),
        st.tuples(st.just("odd"), names),
        st.tuples(st.just("drop"), st.integers(0, 9)),
    ),
    max_size=25,
)


def written(of):
    number, result = 0, []
    for kind, *rest in of:
        if kind == "add":
            result.append((INSERT, (f"i{number}", rest[0])))
            number += 1
        elif kind == "state":
            bound = None if rest[2] is None else rest[2] % 2**40
            result.append((STATE, (rest[1], bound, f"i{rest[0]}")))
        elif kind == "owner":
            result.append((OF_OWNER, (rest[0],)))
        elif kind == "find":
            result.append((FIND, (rest[0],)))
        elif kind == "one":
            result.append((ONE, (f"i{rest[0]}",)))
        elif kind == "give":  # changes what rows are found by
            result.append(("UPDATE item SET owner=? WHERE number=?", (rest[1], f"i{rest[0]}")))
        elif kind == "odd":  # no shape that is understood
            result.append(
                ("UPDATE item SET weight=(SELECT count(*) FROM item) WHERE owner=?", (rest[0],))
            )
        else:
            result.append(("DELETE FROM item WHERE number=?", (f"i{rest[0]}",)))
    return result


@given(acts)
@settings(max_examples=150, deadline=None)
def test_following_answers_as_sqlite_does(tmp_path_factory, told):
    both = Both(tmp_path_factory.getbasetemp() / "follow.db")
    statements = written(told)
    answers, followed, wrong, _ = both.play(statements)
    assert followed == answers
    assert wrong == []


def some(count=3):
    return [(INSERT, (f"i{n}", "ann")) for n in range(count)]


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE item SET state='lost' WHERE number='i1'",
        "UPDATE item SET weight=1 WHERE number='i2'",
        "DELETE FROM item WHERE number='i0'",
        "DELETE FROM item WHERE number='i2'",
        "INSERT INTO item(number, owner) VALUES('i9', 'ann')",
        "UPDATE item SET number='i9' WHERE number='i1'",
        "INSERT INTO pair VALUES('a', 'b', 1)",
    ],
)
def test_row_that_does_not_follow_is_found(both, spoil):
    statements = [*some(), (STATE, ("sold", 5, "i0"))]
    assert both.play(statements)[2] == []
    assert both.play(statements, [spoil])[2] != []


def test_reverted_update_is_found(both):
    # The file shows the row as it was before its last act.
    statements = [*some(), (STATE, ("sold", 5, "i0"))]
    _, _, wrong, _ = both.play(
        statements, ["UPDATE item SET state='new', weight=NULL WHERE number='i0'"]
    )
    assert wrong == ["item"]


def test_table_moves_where_what_rows_are_found_by_changes(both):
    statements = [
        *some(),
        (FIND, ("ann",)),
        ("UPDATE item SET owner=? WHERE number=?", ("b", "i1")),
    ]
    statements += [(FIND, ("ann",)), (FIND, ("b",))]
    answers, told, wrong, moved = both.play(statements)
    assert told == answers
    assert (wrong, moved) == ([], ["item"])


def test_only_what_is_not_there_yet_is_remembered(both, monkeypatch):
    monkeypatch.setattr(audit_tables, "RECENT", 8)
    statements = [*some(200), *((STATE, ("sold", 1, f"i{n}")) for n in range(200))]
    answers, told, wrong, moved = both.play(statements)
    assert (told, wrong, moved) == (answers, [], [])


def test_statement_about_an_unknown_column_is_not_answered(both):
    with pytest.raises((Strayed, sqlite.sqlite3.OperationalError)):
        both.play([*some(1), ("UPDATE item SET colour=? WHERE number=?", ("red", "i0"))])


def test_counters_take_the_greatest_number(lab):
    memory = sqlite.memory()
    from lims import migrate

    migrate.apply(memory)
    sqlite.attach(memory, lab.store.path, read_only=False)
    store = FollowingStore(memory, ["counter"])
    for last in (3, 9, 4):
        store.execute(folding.COUNT, ("S", 2026, last))
    list(store.differing())
    assert memory.execute("SELECT last FROM counter").fetchone()[0] == 9
    store.close()
    memory.close()


def test_every_kind_of_event_of_a_worked_lab_is_followed_without_a_second_replay(
    lab, bench, monkeypatch
):
    from lims import alerts, conclusion
    from tests.lims_builders import a_finding, a_sample, an_entry

    sample = a_sample(lab).number
    a_finding(lab, bench, sample, an_entry("match", "fentanyl", hazard="H1"), reviewed=True)
    conclusion.conclude(lab, "ana", sample)
    alerts.acknowledge(lab, "olga", alerts.open_alerts(lab)[0].id)
    stores = []

    class Watched(FollowingStore):
        def __init__(self, *given):
            super().__init__(*given)
            stores.append(self)

    monkeypatch.setattr(audit_rows, "FollowingStore", Watched)
    monkeypatch.setattr(audit_rows, "_differing", None)  # nobody may replay twice
    found = audit_rows.Findings()
    audit_rows.compare(lab.store.path, read_only=False, found=found)
    assert found.problems == []
    hot = {"shipment", "sample", "custody", "run", "finding", "conclusion", "alert", "note"}
    assert hot <= set(stores[0].followed)


def test_encoder_of_the_record_spells_as_the_library_does():
    for value in ({"b": 1, "a": [1.5, None, True]}, [], {}, "é", {"x": {"y": ["z", 0.1]}}):
        assert canonical.spelled(value) == canonical.dumps(value).decode()
