import os
import stat

import pytest

from lims import audit, keys, migrate, people, sqlite, store
from lims import lab as labs
from lims.errors import AuditBrokenError, ConfigError, PermissionDenied, RecordError
from lims.model import Person, Role
from tests.lims_builders import a_lab

FOUNDER = Person(id="lee", name="Lee", roles=frozenset((Role.LEAD,)))


def test_new_lab_has_its_folders_key_and_founder(lab):
    for name in ("raw", "libraries", "keys", "outbox", "reports"):
        assert (lab.folder / name).is_dir()
    assert (lab.site, lab.name, lab.timezone, lab.training) == ("NOG", "Nogales", "UTC", False)
    assert people.person(lab, "lee").roles == {Role.LEAD}
    mode = stat.S_IMODE((lab.keys_folder / keys.PRIVATE_NAME).stat().st_mode)
    assert mode == 0o600
    assert not list(lab.folder.glob("lab.new*"))


def test_existing_lab_is_never_made_again(lab):
    with pytest.raises(ConfigError, match="is a lab already"):
        a_lab(lab.folder)
    assert people.person(lab, "ana").name == "Ana"


def test_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        a_lab(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("site", ["", "N", "1AB", "TOOLONG", "NO-G", "NÖG", "N G", "ＮＯＧ"])
def test_site_code_must_be_able_to_start_a_number(tmp_path, site):
    with pytest.raises(ConfigError):
        a_lab(tmp_path / "lab", site=site)
    assert not (tmp_path / "lab").exists()


@pytest.mark.parametrize(
    "facts",
    [
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        {"timezone": ""},
        {"locode": "NOGALES"},
        {"name": ""},
        {"name": "a\x1b]0;pwn\x07"},
    ],
)
def test_unusable_fact_leaves_nothing_behind(tmp_path, facts):
    with pytest.raises(ConfigError):
        a_lab(tmp_path / "lab", **facts)
    assert not (tmp_path / "lab").exists()


def test_founder_cannot_be_it_admin_and_more(tmp_path):
    both = Person(id="x", name="X", roles=frozenset((Role.IT_ADMIN, Role.ANALYST)))
    with pytest.raises(ConfigError, match="IT administration"):
        labs.create_lab(tmp_path / "lab", site="NOG", name="N", founder=both)


def test_path_through_a_file_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError):
        a_lab(tmp_path / "file" / "lab")


def test_missing_folder_and_folder_that_is_no_lab_are_told_apart(tmp_path):
    with pytest.raises(ConfigError, match="no lab at") as missing:
        labs.open_lab(tmp_path / "nowhere")
    assert "fol init" in missing.value.hint
    with pytest.raises(ConfigError, match="not a lab"):
        labs.open_lab(tmp_path)


def test_foreign_database_is_not_a_lab(tmp_path):
    sqlite.create(tmp_path / "lab.db").close()
    foreign = sqlite.sqlite3.connect(str(tmp_path / "lab.db"))
    foreign.execute("PRAGMA application_id=0")
    foreign.execute("CREATE TABLE t(a)")
    foreign.commit()
    foreign.close()
    with pytest.raises(ConfigError, match="not a lab's record"):
        labs.open_lab(tmp_path)


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 4096, b"SQLite format 3\x00" + b"\xff" * 9000, b"text"]
)
def test_damaged_database_is_a_clear_error(lab, data):
    folder = lab.folder
    lab.close()
    (folder / "lab.db").write_bytes(data)
    with pytest.raises((ConfigError, RecordError)) as damaged:
        labs.open_lab(folder)
    assert damaged.value.hint


def test_overwritten_pages_are_found_at_opening(lab):
    folder = lab.folder
    lab.close()
    path = folder / "lab.db"
    data = bytearray(path.read_bytes())
    data[4096 : 4096 * 6] = os.urandom(4096 * 5)
    path.write_bytes(data)
    with pytest.raises(RecordError, match="damaged"):
        labs.open_lab(folder)


def test_newer_schema_is_refused(lab):
    folder = lab.folder
    lab.close()
    other = sqlite.sqlite3.connect(str(folder / "lab.db"))
    other.execute(f"PRAGMA user_version={migrate.latest() + 1}")
    other.close()
    with pytest.raises(ConfigError, match="newer software"):
        labs.open_lab(folder)


def test_dropped_trigger_stops_work_but_not_inspection(lab):
    folder = lab.folder
    lab.close()
    other = sqlite.sqlite3.connect(str(folder / "lab.db"))
    other.execute("DROP TRIGGER event_nu")
    other.commit()
    other.close()
    with pytest.raises(AuditBrokenError, match="event_nu is missing"):
        labs.open_lab(folder)
    labs.open_lab(folder, for_inspection=True).close()


def test_closed_lab_says_so(lab):
    lab.close()
    with pytest.raises(RecordError, match="closed"):
        people.people(lab)


@pytest.mark.parametrize("actor", ["", "nobody", "ana' OR 1=1 --"])
def test_nobody_acts_without_being_a_person_of_the_lab(lab, actor):
    with pytest.raises(PermissionDenied):
        people.add_person(lab, actor, "x", "X", [Role.ANALYST])


def test_act_inside_an_act_is_refused(lab):
    with lab.writing("lee"), pytest.raises(RecordError, match="inside another"), lab.writing("lee"):
        pass


def test_default_folder_is_the_environment_s(monkeypatch, tmp_path):
    monkeypatch.setenv("FOL_LAB", str(tmp_path / "mine"))
    assert labs.default_folder() == tmp_path / "mine"
    monkeypatch.delenv("FOL_LAB")
    assert labs.default_folder().name == "lab"


def test_threads_share_a_lab(lab):
    from concurrent.futures import ThreadPoolExecutor

    def add(index):
        return people.add_person(lab, "lee", f"p{index}", "P", [Role.ANALYST]).id

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(add, range(20))) == sorted(f"p{i}" for i in range(20))


def test_copy_on_a_read_only_medium_can_be_inspected_and_not_written(lab, monkeypatch):
    lab.close()
    monkeypatch.setattr(store, "_is_writable", lambda _: False)
    opened = labs.open_lab(lab.folder, for_inspection=True)
    assert audit.verify(opened).ok
    with pytest.raises(ConfigError, match="inspection only"):
        people.add_person(opened, "lee", "x", "X", [Role.ANALYST])
    opened.close()
    assert not list(lab.folder.glob("lab.db-*"))


def test_read_only_database_is_a_clear_error(lab):
    lab.db.conn.set_authorizer(None)
    lab.db.conn.execute("PRAGMA query_only=ON")
    with pytest.raises(ConfigError, match="read-only") as refused:
        people.add_person(lab, "lee", "x", "X", [Role.ANALYST])
    assert "permission" in refused.value.hint
