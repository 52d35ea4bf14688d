"""Which files in a folder are complete, look by look, on a clock the test holds."""

import os

import pytest

from instruments.watch import FolderWatch, Mark

JCAMP = b"##TITLE=x\n##JCAMP-DX=4.24\n1 2 3\n##END=\n"
TEXT = b"wavenumber,absorbance\n400,1\n"


def names(look):
    return [arrival.relative for arrival in look.ready]


def write(path, data=TEXT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "exports"
    made.mkdir()
    return made


@pytest.fixture
def watch(folder):
    return FolderWatch(folder, settle_s=3.0)


def test_nothing_is_taken_at_the_first_look(folder, watch):
    write(folder / "a.jdx", JCAMP)
    write(folder / "b.csv")
    look = watch.look(0.0)
    assert names(look) == []
    assert sorted(look.unsettled) == ["a.jdx", "b.csv"]
    assert look.files == 2


def test_a_marked_end_needs_one_more_look_and_a_silent_format_its_time(folder, watch):
    write(folder / "a.jdx", JCAMP)
    write(folder / "b.csv")
    watch.look(0.0)
    assert names(watch.look(0.2)) == ["a.jdx"]
    assert names(watch.look(2.9)) == ["a.jdx"]
    assert sorted(names(watch.look(3.0))) == ["a.jdx", "b.csv"]


def test_a_file_that_grows_begins_its_time_anew(folder, watch):
    path = write(folder / "a.csv")
    watch.look(0.0)
    for now in range(2, 20, 2):
        with path.open("ab") as stream:
            stream.write(b"401,1\n")
        assert names(watch.look(float(now))) == []
    assert names(watch.look(20.9)) == []
    assert names(watch.look(21.0)) == ["a.csv"]


def test_a_file_rewritten_with_the_same_size_begins_its_time_anew(folder, watch):
    path = write(folder / "a.csv")
    watch.look(0.0)
    os.utime(path, ns=(1, 1))
    watch.look(2.0)
    assert names(watch.look(4.0)) == []
    assert names(watch.look(5.0)) == ["a.csv"]


def test_a_file_that_says_it_is_unfinished_gets_patience_and_is_not_lost(folder, watch):
    write(folder / "a.jdx", JCAMP[:28])
    watch.look(0.0)
    assert names(watch.look(30.0)) == []
    assert names(watch.look(60.0)) == ["a.jdx"]


def test_what_is_done_with_is_not_offered_again_until_it_changes(folder, watch):
    path = write(folder / "a.jdx", JCAMP)
    watch.look(0.0)
    (arrival,) = watch.look(1.0).ready
    watch.finish(arrival)
    assert names(watch.look(2.0)) == []
    path.write_bytes(JCAMP + b"\n")
    assert names(watch.look(3.0)) == []
    assert names(watch.look(4.0)) == ["a.jdx"]


def test_what_was_remembered_is_not_even_opened(folder, monkeypatch):
    path = write(folder / "a.jdx", JCAMP)
    found = path.stat()
    done = {"a.jdx": Mark(size=found.st_size, mtime_ns=found.st_mtime_ns)}
    monkeypatch.setattr("instruments.watch.ending", lambda _: pytest.fail("opened"))
    watch = FolderWatch(folder, done=done)
    assert [names(watch.look(now)) for now in (0.0, 1.0, 9.0)] == [[], [], []]


def test_an_old_file_that_changes_is_found_within_forty_looks(folder):
    paths = [write(folder / f"{at}.jdx", JCAMP) for at in range(60)]
    done = {
        path.name: Mark(size=path.stat().st_size, mtime_ns=path.stat().st_mtime_ns)
        for path in paths
    }
    watch = FolderWatch(folder, done=done)
    watch.look(0.0)
    for path in paths[::7]:
        path.write_bytes(JCAMP + b"\n")
    found = set()
    for now in range(1, 43):
        look = watch.look(float(now))
        assert look.files == 60
        found |= set(names(look))
    assert found == {path.name for path in paths[::7]}


def test_a_postponed_arrival_comes_again_at_its_time(folder, watch):
    write(folder / "a.jdx", JCAMP)
    watch.look(0.0)
    (arrival,) = watch.look(1.0).ready
    watch.postpone(arrival, 8.0)
    look = watch.look(5.0)
    assert names(look) == []
    assert look.unsettled == ("a.jdx",)
    assert names(watch.look(8.0)) == ["a.jdx"]


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.jdx",
        "~$a.jdx",
        "a.jdx.part",
        "a.TMP",
        "#a.jdx#",
        "a.lock",
        "Thumbs.db",
        ".a.jdx.x3",
    ],
)
def test_temporary_names_are_passed_over(folder, watch, name):
    write(folder / name, JCAMP)
    assert [names(watch.look(float(now))) for now in range(3)] == [[], [], []]


def test_an_empty_file_is_not_there_yet(folder, watch):
    path = write(folder / "a.jdx", b"")
    for now in (0.0, 100.0, 200.0):
        look = watch.look(now)
        assert (look.ready, look.unsettled) == ((), ())
    path.write_bytes(JCAMP)
    watch.look(201.0)
    assert names(watch.look(202.0)) == ["a.jdx"]


@pytest.mark.parametrize("lock", ["a.jdx.lock", "~$a.jdx", ".~lock.a.jdx#", "A.JDX.lck"])
def test_a_lock_beside_a_file_holds_it_back(folder, watch, lock):
    write(folder / "a.jdx", JCAMP)
    held = write(folder / lock, b"")
    for now in (0.0, 5.0, 10.0):
        assert names(watch.look(now)) == []
    held.unlink()
    watch.look(11.0)
    assert names(watch.look(12.0)) == ["a.jdx"]


def test_links_and_pipes_are_never_followed(folder, watch, tmp_path):
    outside = write(tmp_path / "outside.jdx", JCAMP)
    write(tmp_path / "elsewhere" / "b.jdx", JCAMP)
    (folder / "a.jdx").symlink_to(outside)
    (folder / "below").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder / "pipe.jdx")
    for now in (0.0, 5.0, 10.0):
        look = watch.look(now)
        assert (look.ready, look.unsettled, look.troubles) == ((), (), ())


def test_subfolders_are_looked_at_to_a_depth(folder):
    write(folder / "one" / "a.jdx", JCAMP)
    write(folder / "one" / "two" / "b.jdx", JCAMP)
    watch = FolderWatch(folder, depth=1)
    watch.look(0.0)
    assert names(watch.look(1.0)) == ["one/a.jdx"]


def test_patterns_choose_names_without_minding_case(folder):
    write(folder / "A.JDX", JCAMP)
    write(folder / "b.csv")
    watch = FolderWatch(folder, patterns=["*.jdx"])
    watch.look(0.0)
    assert names(watch.look(99.0)) == ["A.JDX"]


def test_a_run_folder_is_one_arrival_once_none_of_its_files_changes(folder, watch):
    write(folder / "x.D" / "acqmeth.txt")
    watch.look(0.0)
    write(folder / "x.D" / "AcqData" / "MSScan.bin", b"x" * 40)
    watch.look(2.0)
    assert names(watch.look(4.0)) == []
    assert names(watch.look(5.0)) == ["x.D"]
    write(folder / "x.D" / "late.tmp", b"x")
    assert names(watch.look(9.0)) == []


def test_a_report_written_into_a_taken_run_is_no_new_run(folder, watch):
    data = write(folder / "x.D" / "DATA.MS", b"x" * 40)
    watch.look(0.0)
    (arrival,) = watch.look(3.0).ready
    watch.finish(arrival)
    write(folder / "x.D" / "RESULTS.CSV")
    assert [names(watch.look(now)) for now in (4.0, 40.0, 80.0)] == [[], [], []]
    data.write_bytes(b"y" * 41)
    watch.look(120.0)
    assert names(watch.look(123.0)) == ["x.D"]


def test_the_oldest_complete_file_comes_first(folder, watch):
    for name, moment in (("a.jdx", 30), ("b.jdx", 10), ("c.jdx", 20)):
        os.utime(write(folder / name, JCAMP), ns=(moment, moment))
    watch.look(0.0)
    assert names(watch.look(1.0)) == ["b.jdx", "c.jdx", "a.jdx"]


def test_a_share_that_goes_away_is_told_once_and_loses_nothing(folder, watch, tmp_path):
    write(folder / "a.csv")
    watch.look(0.0)
    away = folder.rename(tmp_path / "away")
    first = watch.look(1.0)
    assert [(t.relative, t.message) for t in first.troubles] == [("", "the folder is not there")]
    assert watch.look(2.0).troubles == ()
    away.rename(folder)
    back = watch.look(3.5)
    assert back.mended == ("",)
    assert names(back) == ["a.csv"]


def test_an_unreadable_file_is_told_once_and_tried_again(folder, watch, monkeypatch):
    write(folder / "a.jdx", JCAMP)

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("instruments.watch.ending", refuse)
        watch.look(0.0)
        (trouble,) = watch.look(1.0).troubles
        assert (trouble.relative, "Permission denied" in trouble.message) == ("a.jdx", True)
        for now in (5.0, 20.0):
            look = watch.look(now)
            assert (look.troubles, look.mended, look.unsettled) == ((), (), ("a.jdx",))
    look = watch.look(40.0)
    assert names(look) == ["a.jdx"]
    assert look.mended == ("a.jdx",)


def test_a_file_that_vanishes_is_forgotten(folder, watch):
    path = write(folder / "a.jdx", JCAMP)
    watch.look(0.0)
    path.unlink()
    look = watch.look(1.0)
    assert (look.ready, look.unsettled, look.troubles) == ((), (), ())


def test_whether_an_arrival_still_is_as_it_was_found(folder, watch):
    path = write(folder / "a.jdx", JCAMP)
    watch.look(0.0)
    (arrival,) = watch.look(1.0).ready
    assert watch.is_unchanged(arrival)
    path.write_bytes(JCAMP + b" ")
    assert not watch.is_unchanged(arrival)
    path.unlink()
    assert not watch.is_unchanged(arrival)
