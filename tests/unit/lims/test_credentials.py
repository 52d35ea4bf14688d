import shutil
import threading
import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims import audit, clock, credentials, pepper, secret_forms, sessions, sign_in_settings
from lims.errors import AuditBrokenError, ConfigError, PermissionDenied, RecordError, StateError
from lims.lab import open_lab
from lims.secret_forms import Cost, Secret
from tests.lims_builders import a_lab
from tests.signing_builders import (
    PINS,
    a_guarded_lab,
    a_lab_with_passwords,
    cheap,
    password_of,
    sit_down,
)

CHEAP = Cost(memory_kib=8_192, passes=1)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("once") / "lab"
    a_lab_with_passwords(folder, "lee", "rex", "ana").close()
    return folder


@pytest.fixture
def lab(made_once, tmp_path):
    shutil.copytree(made_once, tmp_path / "lab")
    opened = open_lab(tmp_path / "lab")
    yield opened
    opened.close()


def everything_written(lab):
    """Every byte of the record: log, tables, indexes."""
    found = b"".join(path.read_bytes() for path in lab.folder.glob("lab.db*"))
    assert b"credential.set" in found
    return found


def test_right_password_is_proved_and_a_wrong_one_is_counted(lab):
    proof = credentials.prove(lab, "rex", password_of("rex"))
    assert (proof.person, proof.method, proof.session) == ("rex", "password", "")
    with pytest.raises(PermissionDenied, match="4 tries are left"):
        credentials.prove(lab, "rex", "rex has another word")
    assert credentials.credentials(lab)["rex"].refused == 1


def test_neither_secrets_nor_what_is_kept_of_them_are_in_the_log(lab):
    sit_down(lab, "rex")
    kept = [str(row[0]) for row in lab.db.execute("SELECT kept FROM credential_secret").fetchall()]
    log = "".join(str(row) for row in lab.db.execute("SELECT * FROM event").fetchall())
    assert len(kept) == 6
    for secret in (*kept, password_of("rex"), PINS["rex"], lab.presence.token.split(".")[1]):
        assert secret not in log
    raw = everything_written(lab)
    for secret in (password_of("rex"), PINS["rex"], lab.presence.token.split(".")[1]):
        assert secret.encode() not in raw


def test_replay_needs_no_secret(lab):
    sit_down(lab, "rex")
    with pytest.raises(PermissionDenied):
        credentials.prove(lab, "rex", "123987")
    report = audit.verify(lab)
    assert (report.ok, report.problems) == (True, ())


@pytest.mark.parametrize("wrong", range(1, 5))
def test_four_wrong_pins_are_forgiven_by_a_right_signature(lab, wrong):
    token = sit_down(lab, "rex")
    for _ in range(wrong):
        with pytest.raises(PermissionDenied):
            credentials.prove(lab, "rex", "123987")
    sessions.lock(lab, token, because="locked")
    sessions.unlock(lab, token, PINS["rex"])
    with pytest.raises(PermissionDenied, match="4 tries are left"):
        credentials.prove(lab, "rex", "123987")


def test_five_wrong_pins_block_for_fifteen_minutes_then_for_twice_as_long(lab):
    start = clock.now()
    now = start
    with clock.running_from(lambda: now):
        sit_down(lab, "rex")
        waits = []
        for _ in range(9):
            for _ in range(credentials.TRIES):
                with pytest.raises(PermissionDenied, match="wrong"):
                    credentials.prove(lab, "rex", "123987")
            until = credentials.credentials(lab)["rex"].blocked_until
            waits.append(round((_moment(until) - now).total_seconds() / 60))
            with pytest.raises(PermissionDenied, match="blocked until"):
                credentials.prove(lab, "rex", PINS["rex"])
            now = _moment(until) + timedelta(seconds=1)
            sit_down(lab, "rex")
    assert waits == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]


def test_block_outlives_the_program_and_spares_the_password(lab, tmp_path):
    sit_down(lab, "rex")
    for _ in range(credentials.TRIES):
        with pytest.raises(PermissionDenied):
            credentials.prove(lab, "rex", "123987")
    lab.close()
    again = open_lab(tmp_path / "lab")
    try:
        with pytest.raises(PermissionDenied, match="blocked until"):
            credentials.prove(again, "rex", PINS["rex"])
        assert credentials.prove(again, "rex", password_of("rex")).method == "password"
        with pytest.raises(PermissionDenied, match="wrong"):
            credentials.prove(again, "ana", "ana has no such word")
    finally:
        again.close()


def test_guesses_at_once_are_counted_one_by_one(lab):
    sit_down(lab, "rex")
    said, lock = [], threading.Lock()

    def guess() -> None:
        try:
            credentials.prove(lab, "rex", "123987")
        except PermissionDenied as error:
            with lock:
                said.append(error.message)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("too often" in each for each in said) == 12 - credentials.TRIES
    assert credentials.credentials(lab)["rex"].refused == credentials.TRIES


def test_pin_serves_only_beside_a_session_opened_with_the_password(lab):
    with pytest.raises(PermissionDenied, match="only after signing in"):
        credentials.prove(lab, "rex", PINS["rex"])
    token = sit_down(lab, "rex")
    assert credentials.prove(lab, "rex", PINS["rex"]).method == "pin"
    sessions.sign_out(lab, token)
    with pytest.raises(PermissionDenied, match="only after signing in"):
        credentials.prove(lab, "rex", PINS["rex"])


def test_session_of_a_script_lends_no_pin(lab):
    sessions.sign_in(lab, "rex", password_of("rex"), place="test", unattended=True)
    with pytest.raises(PermissionDenied, match="only after signing in"):
        credentials.prove(lab, "rex", PINS["rex"])


@pytest.mark.parametrize("who", ["nobody", "", "x" * 70, "abe", "rex' OR 1=1 --"])
def test_unknown_person_and_one_without_a_password_are_refused_alike(lab, who):
    with pytest.raises(PermissionDenied, match="the person or the secret is wrong"):
        credentials.prove(lab, who, "some password of mine")


def test_unknown_people_leave_no_event(lab):
    before = lab.db.execute("SELECT count(*) FROM event").fetchone()[0]
    with pytest.raises(PermissionDenied):
        credentials.prove(lab, "nobody", "some password of mine")
    assert lab.db.execute("SELECT count(*) FROM event").fetchone()[0] == before


def test_hash_put_into_the_table_by_hand_is_seen(lab):
    mine = secret_forms.keep(
        Secret.PASSWORD, "what the intruder likes", CHEAP, person_id="rex", pepper=b""
    )
    by_hand(
        lab, "UPDATE credential_secret SET kept=? WHERE person='rex' AND secret='password'", (mine,)
    )
    with pytest.raises(AuditBrokenError, match="not what the log says"):
        credentials.prove(lab, "rex", "what the intruder likes")


def test_hash_and_its_digest_put_in_by_hand_are_told_by_the_audit(lab):
    mine = secret_forms.keep(
        Secret.PASSWORD, "what the intruder likes", CHEAP, person_id="rex", pepper=b""
    )
    by_hand(
        lab, "UPDATE credential_secret SET kept=? WHERE person='rex' AND secret='password'", (mine,)
    )
    by_hand(
        lab,
        "UPDATE credential SET digest=? WHERE person='rex' AND secret='password'",
        (secret_forms.digest(mine),),
    )
    report = audit.verify(lab)
    assert any("table credential " in problem for problem in report.problems)


def test_one_persons_kept_pin_does_not_serve_for_another(lab):
    sit_down(lab, "ana")
    for column, table in (("kept", "credential_secret"), ("digest", "credential")):
        by_hand(
            lab,
            f"UPDATE {table} SET {column}=(SELECT {column} FROM {table} WHERE person='rex' "
            "AND secret='pin') WHERE person='ana' AND secret='pin'",
        )
    with pytest.raises(PermissionDenied, match="wrong"):
        credentials.prove(lab, "ana", PINS["rex"])


def test_secret_is_kept_anew_when_the_lab_asks_for_a_higher_cost(lab):
    sign_in_settings.change(lab, "lee", "password_passes", 2, reason="faster computers")
    before = kept_of(lab, "rex")
    credentials.prove(lab, "rex", password_of("rex"))
    after = kept_of(lab, "rex")
    assert ("t=1" in before, "t=2" in after) == (True, True)
    assert audit.verify(lab).ok
    credentials.prove(lab, "rex", password_of("rex"))
    assert kept_of(lab, "rex") == after


def test_password_is_changed_with_the_present_one_only(lab):
    with pytest.raises(PermissionDenied):
        credentials.set_password(lab, "rex", "another long word", current="a wrong long word")
    credentials.set_password(lab, "rex", "another long word", current=password_of("rex"))
    with pytest.raises(PermissionDenied):
        credentials.prove(lab, "rex", password_of("rex"))
    assert credentials.prove(lab, "rex", "another long word")


def test_changed_password_ends_the_other_sessions(lab):
    elsewhere = sit_down(lab, "rex")
    here = sit_down(lab, "rex")
    credentials.set_password(lab, "rex", "another long word", current=password_of("rex"))
    assert sessions.session(lab, elsewhere).state == "closed"
    assert sessions.session(lab, here).state == "open"


def test_pin_needs_a_password_first_and_the_right_one(lab):
    with pytest.raises(StateError, match="needs a password first"):
        credentials.set_pin(lab, "abe", "482913", password="x")
    with pytest.raises(PermissionDenied):
        credentials.set_pin(lab, "rex", "482913", password="a wrong long word")


def test_lost_pepper_is_said_and_counts_nothing(lab):
    sit_down(lab, "rex")
    (lab.keys_folder / pepper.NAME).unlink()
    with pytest.raises(ConfigError, match="pepper of the PINs is missing"):
        credentials.prove(lab, "rex", PINS["rex"])
    assert credentials.credentials(lab)["rex"].refused == 0
    credentials.set_pin(lab, "rex", "482913", password=password_of("rex"))
    assert credentials.prove(lab, "rex", "482913").method == "pin"
    sit_down(lab, "ana")
    with pytest.raises(RecordError, match="another pepper"):
        credentials.prove(lab, "ana", PINS["ana"])
    assert credentials.credentials(lab)["ana"].refused == 0


def test_pepper_is_closed_to_other_accounts_and_outside_the_database(lab):
    path = lab.keys_folder / pepper.NAME
    assert path.stat().st_mode & 0o777 == 0o600
    secret = path.read_text().strip()
    assert len(bytes.fromhex(secret)) == 32
    assert secret.encode() not in everything_written(lab)
    path.chmod(0o644)
    sit_down(lab, "rex")
    with pytest.raises(ConfigError, match="read by other accounts"):
        credentials.prove(lab, "rex", PINS["rex"])


def test_first_password_is_free_only_where_nobody_must_sign_in(tmp_path):
    lab = a_lab(tmp_path / "open")
    cheap(lab)
    credentials.set_password(lab, "abe", password_of("abe"))
    lab.close()
    guarded = a_guarded_lab(tmp_path / "guarded", "lee", "rex")
    with pytest.raises(PermissionDenied, match="not the code"):
        credentials.set_password(guarded, "abe", password_of("abe"))
    with pytest.raises(PermissionDenied, match="not the code"):
        credentials.set_password(guarded, "abe", password_of("abe"), code="AAAA-BBBB-CCCC-DDDD")
    guarded.close()


def test_copy_of_the_folder_knows_the_same_secrets(lab, tmp_path):
    lab.close()
    shutil.copytree(tmp_path / "lab", tmp_path / "copy")
    copy = open_lab(tmp_path / "copy")
    assert credentials.prove(copy, "rex", password_of("rex"))
    copy.close()


@pytest.mark.parametrize(
    "text",
    ["", "   ", "x" * 257, "x" * 1_000_000, "a\x00bcdefghijklm", "pass\x1b[2Jword12",
     "a\u202ebcdefghijkl", "\ud800" * 12, "with\nnewline in it"],
)  # fmt: skip
def test_hostile_secret_is_refused_and_never_repeated(lab, text):
    with pytest.raises(RecordError) as refused:
        credentials.prove(lab, "rex", text)
    if text.strip():
        assert text not in refused.value.message + refused.value.hint
    with pytest.raises(RecordError):
        credentials.set_password(lab, "abe", text)


def test_password_is_the_same_on_every_keyboard(lab):
    composed, decomposed = "Zoë’s café ﬁlter", unicodedata.normalize("NFD", "Zoë’s café filter")
    credentials.set_password(lab, "abe", composed)
    assert credentials.prove(lab, "abe", decomposed)


@pytest.mark.parametrize(
    "weak", ["short", "123456789012", "aaaaaaaaaaaaa", "abababababab", "rexrexrexrex"]
)
def test_weak_password_is_refused(weak):
    with pytest.raises(RecordError):
        secret_forms.require_good(Secret.PASSWORD, weak, person_id="rex", name="Rex")


@pytest.mark.parametrize(
    "weak",
    ["12345", "1234567890123", "123456", "987654", "890123", "111111", "121212", "123123",
     "12345a", "１２３４５６", ""],
)  # fmt: skip
def test_weak_pin_is_refused(weak):
    with pytest.raises(RecordError):
        secret_forms.require_good(Secret.PIN, weak, person_id="rex", name="Rex")


@given(st.text(max_size=300))
def test_any_text_is_cleaned_alike_twice_or_refused(text):
    try:
        once = secret_forms.cleaned(text)
    except RecordError:
        return
    assert unicodedata.is_normalized("NFKC", once)
    if len(once) <= secret_forms.MOST_CHARACTERS:
        assert secret_forms.cleaned(once) == once


def by_hand(lab, sql, values=()):
    """Change the database as somebody with the file would."""
    with lab.store.writing() as database:
        database.conn.execute(sql, values)


def kept_of(lab, person):
    return str(
        lab.db.execute(
            "SELECT kept FROM credential_secret WHERE person=? AND secret='password'", [person]
        ).fetchone()[0]
    )


def _moment(stamp):
    from lims import records

    return records.moment(stamp)
