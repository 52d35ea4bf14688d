"""Whose a file is, and what becomes of it."""

from functools import partial

import pytest

from instruments import registry
from lims import audit, intake, pickup, quarantine, queries
from lims.errors import BusyError, NotFoundError, PermissionDenied
from lims.pickup import Taken
from tests.lims_builders import a_file, a_match, a_sample, an_entry, handed

MATCH = a_match(an_entry("match", "xylazine"))


@pytest.fixture
def pick(lab, bench):
    def one(name, *, title="x", by="ana", folders=(), **more):
        path = a_file(bench, name, title=title)
        more.setdefault("match", MATCH)
        return pickup.pick_up(lab, by, path, folders=folders, read=registry.read_bytes, **more)

    return one


def reason(done):
    assert done.taken is Taken.QUARANTINED
    assert done.row is not None
    return done.row.reason


def runs(lab, sample):
    return queries.sample_record(lab, sample).runs


@pytest.mark.parametrize("spell", [str, str.lower, lambda n: n.replace("-", "_"), lambda n: n[7:]])
def test_the_file_name_says_whose_it_is(lab, pick, spell):
    sample = a_sample(lab).number
    done = pick(f"{spell(sample)} run 2.jdx")
    assert (done.taken, done.sample) == (Taken.RUN, sample)
    assert [run.id for run in runs(lab, sample)] == [done.finding.run]


def test_the_title_in_the_file_says_whose_it_is(lab, pick):
    sample = a_sample(lab).number
    assert pick("run 12.jdx", title=f"{sample} powder").sample == sample


def test_the_folder_it_lies_in_says_whose_it_is(lab, pick):
    sample = a_sample(lab).number
    assert pick("run 12.jdx", folders=("tuesday", sample.lower())).sample == sample


def test_a_comment_says_whose_it_is_and_a_background_does_not(lab, bench):
    sample, other = a_sample(lab).number, a_sample(lab).number
    path = a_file(bench, "run.jdx")
    text = path.read_text(encoding="ascii")
    head = f"##BACKGROUND={other}\n##SAMPLE DESCRIPTION={sample} neat\n##XUNITS"
    path.write_text(text.replace("##XUNITS", head), encoding="ascii")
    done = pickup.pick_up(lab, "ana", path, read=registry.read_bytes, match=MATCH)
    assert (done.taken, done.sample) == (Taken.RUN, sample)


def test_a_file_without_a_number_waits(lab, pick):
    done = pick("run 12.jdx")
    assert reason(done) == "no sample number in its name or its metadata"
    assert done.row.sample == ""


def test_a_wrong_check_character_is_never_linked(lab, pick):
    sample = a_sample(lab).number
    wrong = sample[:-1] + ("X" if sample[-1] != "X" else "Y")
    said = reason(pick(f"{wrong}.jdx"))
    assert said == (
        f"{wrong} (file name) looks like a sample number, but its check character is wrong; "
        f"did you mean {sample}?"
    )
    assert runs(lab, sample) == ()


def test_a_wrong_number_beside_a_right_one_is_for_a_person(lab, pick):
    sample, other = a_sample(lab).number, a_sample(lab).number
    wrong = other[:-1] + ("X" if other[-1] != "X" else "Y")
    said = reason(pick(f"{sample}.jdx", title=wrong))
    assert f"did you mean {other}?" in said
    assert f"Also named: {sample} (file name)" in said


def test_two_samples_named_wait_with_both(lab, pick):
    sample, other = a_sample(lab).number, a_sample(lab).number
    said = reason(pick(f"{sample}.jdx", title=f"{other} powder"))
    assert f"{sample} (file name)" in said
    assert f"{other} (title)" in said


def test_the_short_and_the_whole_number_of_one_sample_are_one(lab, pick):
    sample = a_sample(lab).number
    assert pick(f"{sample}.jdx", title=sample[7:]).sample == sample


def test_an_unknown_sample_waits(lab, pick):
    from lims import ids

    number = ids.make("NOG", 2026, ids.SAMPLE, 77)
    assert reason(pick(f"{number}.jdx")) == (
        f"{number} (file name) is no sample of this lab's record"
    )


def test_a_sample_never_held_waits_under_its_number_and_links_later(lab, pick):
    sample = a_sample(lab, held_by="cus").number
    done = pick(f"{sample}.jdx")
    assert "never held" in reason(done)
    assert done.row.sample == sample
    handed(lab, sample, "cus", "ana")
    again = pick(f"{sample}.jdx")
    assert again.taken is Taken.RUN
    assert quarantine.waiting(lab) == 0


def test_a_portion_is_named_with_its_sample_and_must_exist(lab, pick):
    sample = a_sample(lab).number
    assert reason(pick(f"{sample}.1.jdx")) == f"there is no portion {sample}.1"
    portion = intake.add_portion(lab, "ana", sample, "extract", ["hexane"]).id
    done = pick(f"{sample}.1.jdx", title="other")
    assert runs(lab, sample)[0].portion == portion
    assert done.sample == sample


def test_an_unreadable_file_waits_under_the_sample_its_name_says(lab, bench):
    sample = a_sample(lab).number
    path = bench / f"{sample}.bin"
    path.write_bytes(b"\x00\x01junk" * 40)
    done = pickup.pick_up(lab, "ana", path, read=registry.read_bytes)
    assert done.row.sample == sample
    assert "not a known instrument format" in reason(done)


def test_the_same_bytes_are_one_whatever_they_are_called(lab, pick):
    sample = a_sample(lab).number
    assert pick(f"{sample}.jdx").taken is Taken.RUN
    for name in (f"{sample}.jdx", "copy of it.jdx", f"{sample} (2).jdx"):
        done = pick(name)
        assert (done.taken, done.sample) == (Taken.KNOWN, sample)
    assert len(runs(lab, sample)) == 1
    assert pick("unknown.jdx", title="y").taken is Taken.QUARANTINED
    for name in ("unknown.jdx", "renamed.jdx"):
        again = pick(name, title="y")
        assert (again.taken, again.row.number) == (Taken.KNOWN, quarantine.listed(lab)[0].number)
    assert len(quarantine.listed(lab, everything=True)) == 1


def test_the_same_bytes_under_another_samples_number_are_for_a_person(lab, pick):
    sample, other = a_sample(lab).number, a_sample(lab).number
    pick(f"{sample}.jdx")
    done = pick(f"{other}.jdx")
    assert f"the same bytes are {sample}.R1 already" in reason(done)
    assert done.row.sample == other
    assert pick(f"{other}.jdx").taken is Taken.KNOWN
    assert runs(lab, other) == ()


def test_a_waiting_file_renamed_with_its_number_is_linked_and_closed(lab, pick):
    sample = a_sample(lab).number
    waiting = pick("run 12.jdx").row
    done = pick(f"{sample} run 12.jdx")
    assert (done.taken, done.sample) == (Taken.RUN, sample)
    assert quarantine.find(lab, waiting.number).run == done.finding.run
    assert quarantine.waiting(lab) == 0


def test_what_was_dismissed_or_linked_by_a_person_is_not_taken_again(lab, pick):
    sample = a_sample(lab).number
    dismissed = pick("dust.jdx", title="dust").row
    quarantine.dismiss(lab, "ana", dismissed.number, "an empty cell")
    assert pick("dust.jdx", title="dust").taken is Taken.KNOWN
    linked = pick("run.jdx", title="run").row
    pickup.link(lab, "ana", linked.number, sample, match=MATCH)
    again = pick("run.jdx", title="run")
    assert (again.taken, again.sample, again.row) == (Taken.KNOWN, sample, None)
    assert quarantine.waiting(lab) == 0


def test_nothing_is_written_for_a_file_that_moved_on(lab, pick):
    sample = a_sample(lab).number
    before = audit.projected(lab)
    for answers in ([False], [True, False]):
        left = list(answers)
        assert pick(f"{sample}.jdx", is_settled=lambda left=left: left.pop(0)) is None
    assert audit.projected(lab) == before


def test_a_reading_that_was_stopped_is_no_fault_of_the_file(lab, bench):
    path = bench / "x.bin"
    path.write_bytes(b"\x00junk")
    left = [True, False]
    done = pickup.pick_up(
        lab, "ana", path, read=registry.read_bytes, is_settled=lambda: left.pop(0)
    )
    assert done is None
    assert quarantine.listed(lab, everything=True) == ()


def test_what_is_not_the_files_fault_is_left_to_be_tried_again(lab, pick, bench):
    sample = a_sample(lab).number

    def busy(*_, **__):
        raise BusyError("another program writes")

    with pytest.raises(BusyError):
        pick(f"{sample}.jdx", match=busy)
    with pytest.raises(PermissionDenied):
        pick(f"{sample}.jdx", by="olga")
    with pytest.raises(NotFoundError, match="cannot be opened"):
        pickup.pick_up(lab, "ana", bench / "gone.jdx")
    assert quarantine.listed(lab, everything=True) == ()
    assert pick(f"{sample}.jdx").taken is Taken.RUN


def test_a_folder_of_a_run_is_one_file(lab, bench):
    sample = a_sample(lab).number
    folder = bench / f"{sample}.D"
    (folder / "AcqData").mkdir(parents=True)
    (folder / "AcqData" / "MSScan.bin").write_bytes(b"\x00" * 40)
    done = pickup.pick_up(lab, "ana", folder, read=registry.read_bytes)
    assert done.taken is Taken.QUARANTINED
    assert done.row.file_name == folder.name
    assert done.row.sample == sample
    again = partial(pickup.pick_up, lab, "ana", read=registry.read_bytes)
    assert again(folder.rename(bench / "renamed.D")).taken is Taken.KNOWN


def test_hostile_names_and_titles_are_only_text(lab, pick):
    done = pick("[@click=app.wipe]x\x1b[2J'--.jdx", title="x'; DROP TABLE run")
    assert "\x1b" not in done.row.file_name
    assert audit.verify(lab).ok
