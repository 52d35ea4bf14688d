"""A lab in which everybody signs in, with guesses that cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lims import credentials, sessions, sign_in_settings, two_persons
from lims.lab import Lab
from tests.lims_builders import STAFF, a_lab

PINS = {
    "lee": "482913", "ana": "593827", "abe": "604938", "rex": "715046", "olga": "826159",
    "cus": "937260", "qm": "148372", "lia": "259483", "root": "360597",
}  # fmt: skip


def password_of(person: str) -> str:
    return f"{person} has a long word"


def cheap(lab: Lab) -> None:
    """Make a guess cost milliseconds: by the lab's own settings, not by a switch of the program."""
    for secret in ("password", "pin"):
        sign_in_settings.change(lab, "lee", f"{secret}_memory_kib", 8_192, reason="a test")
        sign_in_settings.change(lab, "lee", f"{secret}_passes", 1, reason="a test")


def a_lab_with_passwords(folder: Path, *people: str) -> Lab:
    """A lab of the whole staff in which these, or all, have set their password."""
    lab = a_lab(folder)
    cheap(lab)
    for person in people or STAFF:
        credentials.set_password(lab, person, password_of(person))
        credentials.set_pin(lab, person, PINS[person], password=password_of(person))
    return lab


def require_sign_in(lab: Lab, *, required: bool = True) -> None:
    """Switch the duty to sign in, by lee and rex, each with their password."""
    with by_password(lab, "lee"):
        seq = two_persons.propose_sign_in(lab, "lee", required=required, reason="shared bench").seq
    with by_password(lab, "rex"):
        two_persons.approve(lab, "rex", seq)


def a_guarded_lab(folder: Path, *people: str) -> Lab:
    """A lab in which everybody signs in."""
    lab = a_lab_with_passwords(folder, *people)
    require_sign_in(lab)
    return lab


def sit_down(lab: Lab, person: str) -> str:
    """Sign somebody in at this opened lab and return the token."""
    return sessions.sign_in(lab, person, password_of(person), place="test").token


@contextmanager
def by_password(lab: Lab, *people: str) -> Iterator[None]:
    """Let the next acts be signed by these with their passwords."""
    proofs = [credentials.prove(lab, person, password_of(person)) for person in people]
    with lab.presence.given(*proofs):
        yield


@contextmanager
def by_pin(lab: Lab, *people: str) -> Iterator[None]:
    """Let the next acts be signed by these with their PINs."""
    proofs = [credentials.prove(lab, person, PINS[person]) for person in people]
    with lab.presence.given(*proofs):
        yield
