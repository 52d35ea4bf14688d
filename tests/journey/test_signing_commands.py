"""Signing in from the command line, as people and scripts do it; and as their enemies try."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lims.lab import open_lab
from tests.lims_builders import a_sample
from tests.signing_builders import PINS, a_lab_with_passwords, password_of, require_sign_in
from tui.cli import main


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """A lab in which everybody signs in, and this account's own runtime folder."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("FOL_LAB", str(tmp_path / "lab"))
    monkeypatch.delenv("FOL_PERSON", raising=False)
    lab = a_lab_with_passwords(tmp_path / "lab", "lee", "rex", "olga", "cus")
    (tmp_path / "files").mkdir()
    sample = a_sample(lab, held_by="olga").number
    lab.close()
    lab = open_lab(tmp_path / "lab")
    require_sign_in(lab)
    lab.close()
    return Bench(tmp_path, sample)


class Bench:
    """Runs commands with secrets in a closed file, one a line."""

    def __init__(self, folder: Path, sample: str) -> None:
        self.folder, self.sample = folder, sample

    @property
    def session_file(self) -> Path:
        (found,) = (self.folder / "run" / "fol").glob("session-*.json")
        return found

    def __call__(self, *args: str, secrets: tuple[str, ...] = ()) -> int:
        if not secrets:
            return main(list(args))
        path = self.folder / "secrets"
        path.write_text("\n".join(secrets) + "\n")
        path.chmod(0o600)
        return main(["--pin-file", str(path), *args])

    def events(self, kind: str) -> int:
        lab = open_lab(self.folder / "lab")
        try:
            sql = "SELECT count(*) FROM event WHERE kind=?"
            return int(lab.db.execute(sql, [kind]).fetchone()[0])
        finally:
            lab.close()


def said(capsys):
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_name_alone_does_nothing(bench, capsys):
    assert bench("shipment", "add", "--declared", "sand", "--as", "olga") == 3
    assert "nobody is signed in here" in said(capsys)


def test_who_signed_in_is_who_acts_and_the_variable_is_not(bench, capsys, monkeypatch):
    monkeypatch.setenv("FOL_PERSON", "lee")
    assert bench("sign-in", "olga", secrets=(password_of("olga"),)) == 0
    assert bench("shipment", "add", "--declared", "sand") == 0
    assert bench("who", "--json") == 0
    out = capsys.readouterr().out
    document = json.loads(out[out.index("{") :])
    assert (document["schema"], document["acts"], document["required"]) == (
        "fol.who/1",
        "olga",
        True,
    )
    assert bench("shipment", "add", "--declared", "sand", "--as", "lee") == 3
    assert "Olga is signed in here, not Lee" in said(capsys)


def test_pin_in_the_environment_or_an_argument_is_no_pin(bench, capsys, monkeypatch):
    bench("sign-in", "lee", secrets=(password_of("lee"),))
    bench("shipment", "add", "--declared", "sand")
    number = capsys.readouterr().out.split()[-1]
    for name in ("FOL_PIN", "FOL_PASSWORD", "PIN"):
        monkeypatch.setenv(name, PINS["lee"])
    assert bench("seize", number, "--reason", "r") == 3
    assert "Lee has not signed: I record the seizure" in said(capsys)
    assert bench("seize", number, "--reason", "r", "--pin", PINS["lee"]) == 2
    assert PINS["lee"] not in said(capsys)
    assert bench.events("shipment.seized") == 0


def test_act_is_written_once_with_the_pin_of_that_moment(bench, capsys):
    bench("sign-in", "lee", secrets=(password_of("lee"),))
    bench("shipment", "add", "--declared", "sand")
    number = capsys.readouterr().out.split()[-1]
    assert bench("seize", number, "--reason", "r", secrets=("111213",)) == 3
    assert "4 tries are left" in said(capsys)
    assert bench("seize", number, "--reason", "r", secrets=(PINS["lee"],)) == 0
    shown = said(capsys)
    assert "I record the seizure of this shipment." in shown
    assert f"shipment: {number}" in shown
    assert PINS["lee"] not in shown
    assert bench.events("shipment.seized") == 1
    assert bench("person", "signatures", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["schema"] == "fol.person.signatures/1"
    assert listed["signatures"][0]["is_bound"] is True


def test_hand_over_at_one_terminal_takes_the_other_persons_secret(bench, capsys):
    bench("sign-in", "cus", secrets=(password_of("cus"),))
    bench("sign-in", "olga", secrets=(password_of("olga"),))
    transfer = ("sample", "transfer", bench.sample, "--to", "cus", "--confirm", "cus")
    assert bench(*transfer) == 3
    assert "Cus has not signed" in said(capsys)
    assert bench(*transfer, secrets=(PINS["olga"],)) == 3
    assert bench.events("sample.transferred") == 0
    assert bench(*transfer, secrets=(PINS["cus"],)) == 0
    assert bench.events("sample.transferred") == 1


def test_idle_session_locks_and_its_pin_goes_on_where_the_command_was(bench, capsys):
    bench("sign-in", "olga", secrets=(password_of("olga"),))
    old = time.time() - 121
    os.utime(bench.session_file, (old, old))
    assert bench("shipment", "add", "--declared", "sand") == 3
    assert "the session of olga is locked" in said(capsys)
    assert bench.events("session.locked") == 1
    before = bench.events("shipment.received")
    assert bench("shipment", "add", "--declared", "sand", secrets=(PINS["olga"],)) == 0
    assert bench.events("shipment.received") == before + 1
    assert bench.events("session.unlocked") == 1


def test_colleague_changes_over_and_back(bench, capsys):
    bench("sign-in", "lee", secrets=(password_of("lee"),))
    bench("sign-in", "rex", secrets=(password_of("rex"),))
    assert bench("switch", "olga", secrets=(PINS["olga"],)) == 3
    assert "did not sign in here before" in said(capsys)
    assert bench("switch", "lee", secrets=(PINS["rex"],)) == 3
    assert bench("switch", "lee", secrets=(PINS["lee"],)) == 0
    assert "lee acts now" in said(capsys)
    assert bench("sign-out", "--everybody") == 0
    assert bench("who") == 3


def test_five_wrong_pins_stand_in_the_list_of_people_and_in_doctor(bench, capsys):
    bench("sign-in", "rex", secrets=(password_of("rex"),))
    bench("lock")
    for _ in range(5):
        assert bench("unlock", secrets=("111213",)) == 3
    assert "blocked until" in said(capsys)
    assert bench("unlock", secrets=(PINS["rex"],)) == 3
    assert "wrong too often" in said(capsys)
    bench("person", "list")
    assert "BLOCKED until" in said(capsys)
    bench("doctor", "--json")
    checks = {c["name"]: c for c in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["signing in"]["state"] == "warn"
    assert "rex" in checks["signing in"]["found"]


def test_script_works_in_a_session_of_its_own_and_signs_nothing(bench, capsys):
    file = bench.folder / "script.session"
    secrets = (password_of("lee"),)
    assert bench("sign-in", "lee", "--unattended", str(file), secrets=secrets) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    copies = str(bench.folder / "copies")
    assert main(["--session-file", str(file), "backup", copies]) == 0
    capsys.readouterr()
    assert main(["--session-file", str(file), "shipment", "add", "--declared", "x"]) == 3
    assert "without a person at it may not" in said(capsys)
    file.chmod(0o644)
    assert main(["--session-file", str(file), "backup", copies]) == 2
    assert "other accounts may read it" in said(capsys)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", 2),
        (b"[]", 2),
        (b"[" * 100_000, 2),
        (b"x" * 20_000, 2),
        (b"\xff\xfe\x00", 2),
        (b'{"current": "lee", "tokens": {"lee": "made.up"}}', 3),
        (b'{"current": 1, "tokens": {"1": null}}', 3),
        (b'{"current": "\\u001b[2J", "tokens": {"\\u001b[2J": "x"}}', 3),
    ],
)
def test_damaged_or_forged_session_file_admits_nobody(bench, capsys, content, code):
    bench("sign-in", "olga", secrets=(password_of("olga"),))
    bench.session_file.write_bytes(content)
    assert bench("shipment", "add", "--declared", "sand") == code
    shown = said(capsys)
    assert "Traceback" not in shown
    assert "\x1b" not in shown


def test_session_file_of_somebody_else_or_behind_a_link_is_refused(bench, capsys):
    bench("sign-in", "olga", secrets=(password_of("olga"),))
    bench.session_file.chmod(0o640)
    assert bench("shipment", "add", "--declared", "sand") == 2
    assert "other accounts may read it" in said(capsys)
    bench.session_file.chmod(0o600)
    real = bench.folder / "elsewhere.json"
    link = bench.session_file
    link.rename(real)
    link.symlink_to(real)
    assert bench("shipment", "add", "--declared", "sand") == 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no further secret"),
        (b"\xff\xfe\n", "not UTF-8"),
        (b"x" * 1_000_000, "too long"),
        (b"with\x00nul and more words\n", "control or invisible"),
        (b"with \x1b[31mcolour\x1b[0m\n", "control or invisible"),
        (b"\n", "no secret was given"),
    ],
)
def test_hostile_secrets_are_refused_in_a_line_and_not_repeated(bench, capsys, data, says):
    path = bench.folder / "secrets"
    path.write_bytes(data)
    path.chmod(0o600)
    assert main(["--pin-file", str(path), "sign-in", "lee"]) in (2, 3)
    shown = said(capsys)
    assert says in shown
    assert "colour" not in shown
    assert "Traceback" not in shown


def test_open_file_of_secrets_is_refused(bench, capsys):
    path = bench.folder / "secrets"
    path.write_text(password_of("lee"))
    path.chmod(0o644)
    assert main(["--pin-file", str(path), "sign-in", "lee"]) == 2
    assert "can be read by other accounts" in said(capsys)


def test_role_is_proposed_and_approved_by_two(bench, capsys):
    bench("sign-in", "lee", secrets=(password_of("lee"),))
    add = ("person", "add", "new", "--name", "Newman", "--role", "analyst")
    assert bench(*add, secrets=(PINS["lee"],)) == 0
    number = said(capsys).split("proposal ")[1].split(":")[0]
    assert bench("person", "approve", number, secrets=(PINS["lee"],)) == 3
    assert "may not approve" in said(capsys)
    bench("sign-in", "rex", secrets=(password_of("rex"),))
    assert bench("person", "approve", number, secrets=(PINS["rex"],)) == 0
    code = said(capsys).split("good for a day: ")[1].split()[0]
    new = ("person", "password", "--as", "new")
    assert bench(*new, secrets=("WRON-GWRO-NGWR-ONGW", "new has a long word")) == 3
    assert bench(*new, secrets=(code, "new has a long word")) == 0
    assert bench("sign-in", "new", secrets=("new has a long word",)) == 0
    assert bench("person", "change", "ana", "--role", "lead", "--reason", "x") == 3


def test_secret_typed_at_a_terminal_is_never_shown(bench):
    """What a terminal shows, its scrollback and the process list hold none of it."""
    command = [sys.executable, "-c", "from tui.cli import run; run()", "sign-in", "olga"]
    root = Path(__file__).resolve().parents[2]
    parent, child = pty.openpty()
    process = subprocess.Popen(
        command, stdin=child, stdout=child, stderr=child, cwd=root, start_new_session=True,
        preexec_fn=lambda: _take_terminal(child),
    )  # fmt: skip
    os.close(child)
    shown, typed = b"", False
    try:
        while select.select([parent], [], [], 60)[0]:
            try:
                part = os.read(parent, 4_096)
            except OSError:
                break  # the other end is gone: all was said
            if not part:
                break
            shown += part
            if not typed and b"Password of olga" in shown:
                os.write(parent, password_of("olga").encode() + b"\n")
                typed = True
        code = process.wait(60)
    finally:
        process.kill()
        os.close(parent)
    assert typed
    assert code == 0, shown
    assert b"olga is signed in" in shown
    assert password_of("olga").encode() not in shown


def _take_terminal(child: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(child, termios.TIOCSCTTY, 0)
