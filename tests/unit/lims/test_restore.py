import pytest

from lims import audit, backup, events, restore
from lims.errors import AuditBrokenError, ConfigError, PermissionDenied
from lims.lab import open_lab
from tests.lims_builders import a_sample


@pytest.fixture
def made(lab, tmp_path):
    a_sample(lab)
    return backup.back_up(lab, "qm", tmp_path / "out")


def test_restored_lab_opens_verifies_works_and_says_it_was_restored(made, tmp_path):
    done = restore.restore(made.folder, tmp_path / "new", "qm")
    found = open_lab(done.folder)
    try:
        last = events.read(found.db, 0, 1000)[-1]
        assert (last.kind, last.actor) == ("lab.restored", "qm")
        assert last.body["head"] == made.manifest.head == last.prev.hex()
        a_sample(found)
        report = audit.verify(found)
        assert report.ok
        assert audit.checkpoints(found)[-1].size == last.seq
    finally:
        found.close()
    assert not done.lost


def test_known_head_tells_what_is_missing(lab, made, tmp_path):
    a_sample(lab)
    later = audit.verify(lab).head
    assert restore.restore(made.folder, tmp_path / "a", "qm", known_head=later[:16]).lost
    earlier = events.read(lab.db, 3, 1)[0]
    done = restore.restore(made.folder, tmp_path / "b", "qm", known_head=earlier.hash.hex())
    assert (done.lost, done.known_event) == (False, 4)


@pytest.mark.parametrize("head", ["xyz", "12", "0" * 65, "%" * 16])
def test_what_is_not_a_head_is_refused(made, tmp_path, head):
    with pytest.raises(ConfigError, match="head"):
        restore.restore(made.folder, tmp_path / "new", "qm", known_head=head)


def test_altered_backup_is_refused_by_name_and_nothing_stays(made, tmp_path):
    (made.folder / "keys" / "lab.ed25519.pub").write_text("00")
    with pytest.raises(AuditBrokenError, match=r"keys/lab\.ed25519\.pub was altered"):
        restore.restore(made.folder, tmp_path / "new", "qm")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lab", "out"]


def test_unfinished_backup_is_refused(made, tmp_path):
    (made.folder / "manifest.json").unlink()
    with pytest.raises(ConfigError, match="not a finished backup"):
        restore.restore(made.folder, tmp_path / "new", "qm")
    with pytest.raises(ConfigError, match="no backup"):
        restore.restore(tmp_path / "nowhere", tmp_path / "new", "qm")


def test_a_lab_is_never_restored_over(lab, made, tmp_path):
    with pytest.raises(ConfigError, match="not empty"):
        restore.restore(made.folder, lab.folder, "qm")
    with pytest.raises(ConfigError, match="inside the backup"):
        restore.restore(made.folder, made.folder / "new", "qm")
    assert audit.verify(lab).ok


def test_empty_folder_is_taken(made, tmp_path):
    (tmp_path / "new").mkdir()
    assert (restore.restore(made.folder, tmp_path / "new", "qm").folder / "lab.db").is_file()


def test_only_who_may_restore_does(made, tmp_path):
    for person in ("ana", "nobody"):
        with pytest.raises(PermissionDenied):
            restore.restore(made.folder, tmp_path / "new", person)
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".restoring-*"))
