"""Bring the outbox to headquarters over HTTPS: in sequence, signed, acknowledged or kept.

Exactly once follows from two facts: the lab repeats until it has a 200, and the hub knows the same
bytes again. Which hub is asked stands in ``hub.toml`` of the lab folder.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import ssl
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from lims import clock, outbox
from lims.clock import stamp
from lims.errors import ConfigError
from reports.errors import DeliveryError

if TYPE_CHECKING:
    import httpx

    from lims.lab import Lab
    from lims.model import OutboxItem

CONFIG = "hub.toml"
PATH = "/api/1/reports"
TIMEOUT_S = 20.0
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
MAX_ANSWER_BYTES = 65_536
RETRY_STATUS = frozenset({408, 425, 429})
"""The only refusals that time can cure; every other 4xx waits for a person."""


class OutcomeState(StrEnum):
    """What became of one report in one push."""

    SENT = "sent"
    DUPLICATE = "duplicate"
    """Headquarters had it already: an earlier acknowledgement was lost on the way."""
    PARKED = "parked"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one report in one push."""

    report_id: str
    seq: int
    state: OutcomeState
    tries: int
    status: int | None = None
    detail: str = ""
    next_try: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAddress:
    """Where headquarters is, and the one authority its certificate may come from."""

    url: str
    ca_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """One attempt's result; ``status`` is None where no whole answer came."""

    status: int | None
    code: str
    detail: str

    @property
    def is_refusal(self) -> bool:
        """Whether the hub said no and will say no again."""
        return (
            self.status is not None and 400 <= self.status < 500 and self.status not in RETRY_STATUS
        )


def configure(lab_folder: Path, url: str, ca_path: Path | str) -> HubAddress:
    """Write headquarters' address and a copy of its CA certificate into the lab folder.

    Raises
    ------
    ConfigError
        The address is not ``https://``, or the file holds no certificate.
    """
    address, ca_path = _checked_url(url), Path(ca_path)
    try:
        with ca_path.open("rb") as file:
            pem = file.read(65_537)
    except OSError as error:
        raise ConfigError(
            f"{ca_path} cannot be read: {error.strerror or error}",
            hint="Ask headquarters for the file tls/ca.pem of the hub.",
        ) from error
    copy = lab_folder / "hub-ca.pem"
    _context_of(pem, ca_path)
    copy.write_bytes(pem)
    # Both values are checked above and JSON strings are TOML strings.
    text = f"url = {json.dumps(address)}\nca = {json.dumps(copy.name)}\n"
    (lab_folder / CONFIG).write_text(text, encoding="utf-8")
    return HubAddress(url=address, ca_file=copy)


def configured(lab_folder: Path) -> HubAddress:
    """Return the address in ``hub.toml``.

    Raises
    ------
    ConfigError
        There is none, or it is not readable; says what to do.
    """
    path = lab_folder / CONFIG
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            "no hub is configured for this lab",
            hint="Give the hub's address and CA file once (fol push --hub URL --ca FILE).",
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    unknown = sorted(said.keys() - {"url", "ca"})
    if unknown or not isinstance(said.get("url"), str) or not isinstance(said.get("ca"), str):
        raise ConfigError(
            f"{path} must hold the texts url and ca" + (f", not {unknown[0]}" if unknown else "")
        )
    return HubAddress(url=_checked_url(said["url"]), ca_file=lab_folder / said["ca"])


def push(
    lab: Lab,
    actor: str,
    *,
    url: str = "",
    ca_file: Path | None = None,
    only_due: bool = False,
    tries: int = 3,
    timeout_s: float = TIMEOUT_S,
    pause: Callable[[float], None] = time.sleep,
    jitter: random.Random | None = None,
) -> list[Outcome]:
    """Send what waits in the outbox, oldest sequence first.

    Parameters
    ----------
    lab : Lab
    actor : str
        Person id; must be allowed to deliver reports.
    url, ca_file : str, Path
        The hub; from ``hub.toml`` when left out. Only this authority is trusted.
    only_due : bool
        Leave what is backing off until its time has come. A person who pushes does not wait.
    tries : int
        Attempts per report now, with a short pause between, before its next time is noted.
    timeout_s : float
        For connecting, and for each wait on the connection.
    pause, jitter
        How to wait and where randomness comes from; tests give their own.

    Returns
    -------
    list of Outcome
        One per report tried. One without an answer ends the push: the order is kept.

    Raises
    ------
    DeliveryError
        Headquarters could not be reached and nothing was delivered; everything stays queued.
    ConfigError
        No hub is configured, or the CA file holds no certificate.
    """
    import httpx

    hub = address(lab, url, ca_file)
    now = clock.now()
    waiting = [
        item
        for item in outbox.pending(lab)
        if not only_due or (due := due_at(lab, item)) is None or due <= now
    ]
    if not waiting:
        return []
    context = trusting(hub.ca_file)
    chance = jitter or random.Random()
    outcomes: list[Outcome] = []
    with httpx.Client(
        verify=context, timeout=timeout_s, trust_env=False, follow_redirects=False
    ) as client:
        for item in waiting:
            outcome = _deliver(lab, actor, client, hub, item, tries, pause, chance)
            outcomes.append(outcome)
            if outcome.state is OutcomeState.WAITING:
                break
    last = outcomes[-1]
    if last.state is OutcomeState.WAITING and len(outcomes) == 1:
        when = f" Next try after {stamp(last.next_try)}." if last.next_try else ""
        raise DeliveryError(
            f"headquarters at {hub.url} did not acknowledge {last.report_id}: {last.detail}",
            hint=f"Nothing is lost: {len(waiting)} reports stay in the outbox.{when} "
            "Check the line, the address and the CA file.",
        )
    return outcomes


def due_at(lab: Lab, item: OutboxItem) -> datetime | None:
    """Return when a report that failed is tried again, or None when it never failed.

    The record doubles the wait from 5 s to 15 min. Up to half of the shortest to the longest wait
    is added, the same for the same lab, report and try, so that labs cut off together do not all
    come back at once.
    """
    if item.next_try is None:
        return None
    digest = hashlib.sha256(f"{lab.lab_id}/{item.seq}/{item.tries}".encode()).digest()
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(max(item.tries, 1) - 1, 12))
    due: datetime = item.next_try + wait * (digest[0] / 510)
    return due


def address(lab: Lab, url: str, ca_file: Path | None) -> HubAddress:
    """Return the hub that was given, or the one in ``hub.toml``."""
    if url and ca_file:
        return HubAddress(url=_checked_url(url), ca_file=ca_file)
    if url or ca_file:
        raise ConfigError(
            "a hub needs both its address and its CA file",
            hint="Give both, or neither to use the lab's hub.toml.",
        )
    return configured(lab.folder)


def _deliver(
    lab: Lab,
    actor: str,
    client: httpx.Client,
    hub: HubAddress,
    item: OutboxItem,
    tries: int,
    pause: Callable[[float], None],
    chance: random.Random,
) -> Outcome:
    answer = _Answer(status=None, code="", detail="not tried")
    for attempt in range(1, max(1, tries) + 1):
        answer = _send(client, hub, lab.site, item)
        if answer.status == 200 and answer.code in ("stored", "duplicate"):
            # The same words for "stored" and "duplicate": two programs may have sent it at once.
            receipt = f"{hub.url} holds {item.report_id}, sha256 {item.sha256}"
            outbox.mark_sent(lab, actor, item.seq, receipt)
            state = OutcomeState.SENT if answer.code == "stored" else OutcomeState.DUPLICATE
            return _outcome(item, state, attempt, answer)
        if answer.is_refusal:
            reason = f"{answer.status} {answer.code}: {answer.detail}"
            outbox.mark_parked(lab, actor, item.seq, reason)
            return _outcome(item, OutcomeState.PARKED, attempt, answer)
        if attempt < tries:
            pause(0.2 * attempt * chance.uniform(0.5, 1.0))
    failed = outbox.mark_failed(lab, actor, item.seq, answer.detail)
    return _outcome(item, OutcomeState.WAITING, max(1, tries), answer, due_at(lab, failed))


def _outcome(
    item: OutboxItem,
    state: OutcomeState,
    tries: int,
    answer: _Answer,
    next_try: datetime | None = None,
) -> Outcome:
    return Outcome(
        report_id=item.report_id,
        seq=item.seq,
        state=state,
        tries=tries,
        status=answer.status,
        detail=answer.detail or answer.code,
        next_try=next_try,
    )


def _send(client: httpx.Client, hub: HubAddress, site: str, item: OutboxItem) -> _Answer:
    """Make one attempt, with the stored bytes as they are and the signature beside them."""
    import httpx

    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": item.report_id,
        "Fol-Lab": site,
        "Fol-Sequence": str(item.seq),
        "Fol-Signature": base64.b64encode(item.signature).decode("ascii"),
        "Fol-Sent-At": stamp(clock.now()),
    }
    try:
        with client.stream("POST", hub.url + PATH, content=item.body, headers=headers) as response:
            said = b""
            for part in response.iter_bytes():
                said += part
                if len(said) > MAX_ANSWER_BYTES:
                    return _Answer(status=None, code="", detail="the answer is not a receipt")
            return _read_answer(response.status_code, said)
    except httpx.HTTPError as error:
        return _Answer(status=None, code="", detail=f"{type(error).__name__}: {error}"[:300])


def _read_answer(status: int, said: bytes) -> _Answer:
    try:
        value = json.loads(said)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, Mapping) or value.get("schema") != "fol.receipt/1":
        # Not our hub: a proxy or a login page may say 200 or 403 to anything.
        return _Answer(status=None, code="", detail=f"status {status} without a hub's receipt")
    return _Answer(
        status=status,
        code=str(value.get("code", ""))[:60],
        detail=str(value.get("detail", ""))[:300],
    )


def refusal_of(said: bytes) -> tuple[str, str]:
    """Return code and detail of a hub's receipt; both empty where it is none."""
    found = _read_answer(0, said)
    return found.code, found.detail if found.status is not None else ""


def _checked_url(url: str) -> str:
    import httpx

    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ConfigError(f"{url[:80]!r} is not an address: {error}") from error
    if parsed.scheme != "https" or not parsed.host or parsed.userinfo or parsed.query:
        raise ConfigError(
            f"{url[:80]!r} is not the address of a hub",
            hint="An https:// address without user, password or query.",
        )
    return str(parsed).rstrip("/")


def trusting(ca_file: Path) -> ssl.SSLContext:
    """Return a TLS context that trusts the authority in a file alone.

    Raises
    ------
    ConfigError
        The file cannot be read or holds no certificate.
    """
    try:
        with ca_file.open("rb") as file:
            pem = file.read(65_537)
    except OSError as error:
        raise ConfigError(
            f"the hub's CA file {ca_file} cannot be read: {error.strerror or error}",
            hint="Ask headquarters for the file tls/ca.pem of the hub.",
        ) from error
    return _context_of(pem, ca_file)


def _context_of(pem: bytes, path: Path) -> ssl.SSLContext:
    """Return a TLS context that trusts this authority alone and checks the host's name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cadata=pem.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(
            f"{path} holds no certificate",
            hint="Ask headquarters for the file tls/ca.pem of the hub.",
        ) from error
    return context
