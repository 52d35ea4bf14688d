"""Fetch headquarters' answers about this lab's unknowns: over HTTPS, or from a file.

What comes is taken by `lims.hub_answers`, which verifies it; this module only carries it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lims import hub_answer_form, hub_answers, keys
from lims.errors import AnswerRefusedError, ConfigError
from reports import delivery
from reports.errors import DeliveryError
from reports.hub_answers import question, signature_text

if TYPE_CHECKING:
    import httpx

    from lims.hub_answers import AnswerOutcome, Taken
    from lims.lab import Lab

PATH = "/api/1/answers"
_MOST_ROUNDS = 100
_MOST_REFUSAL_BYTES = 65_536


def pull(
    lab: Lab,
    actor: str,
    *,
    url: str = "",
    ca_file: Path | None = None,
    trusting: str = "",
    timeout_s: float = delivery.TIMEOUT_S,
) -> Taken:
    """Ask headquarters for the answers that are not here yet, and take them.

    Parameters
    ----------
    lab : Lab
    actor : str
        Person id; must be allowed to deliver reports.
    url, ca_file : str, Path
        The hub; from ``hub.toml`` when left out.
    trusting : str
        See `lims.hub_answers.take`.

    Raises
    ------
    DeliveryError
        Headquarters could not be reached, or refused the question.
    AnswerRefusedError
        What came does not verify.
    ConfigError, PermissionDenied, BusyError, StorageFullError
    """
    import httpx

    hub = delivery.address(lab, url, ca_file)
    outcomes: list[AnswerOutcome] = []
    taken: Taken | None = None
    with httpx.Client(
        verify=delivery.trusting(hub.ca_file),
        timeout=timeout_s,
        trust_env=False,
        follow_redirects=False,
    ) as client:
        for _ in range(_MOST_ROUNDS):
            before = hub_answers.last(lab) if taken is not None or not trusting else 0
            brought = hub_answers.take(
                lab, actor, _asked(client, hub.url, lab, before), trusting=trusting
            )
            outcomes += brought.outcomes
            newly = brought.newly_trusted or (taken is not None and taken.newly_trusted)
            taken = replace(brought, newly_trusted=newly)
            if not any(each.state == "taken" for each in brought.outcomes):
                break
    if taken is None:
        raise DeliveryError("headquarters was not asked")
    return replace(taken, outcomes=tuple(outcomes))


def take_file(lab: Lab, actor: str, path: Path, *, trusting: str = "") -> Taken:
    """Take the answers of a file that was carried by hand.

    Raises
    ------
    ConfigError
        The file cannot be read.
    AnswerRefusedError, PermissionDenied, BusyError, StorageFullError
    """
    try:
        with path.open("rb") as file:
            data = file.read(hub_answer_form.MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
    return hub_answers.take(lab, actor, data, trusting=trusting)


def _asked(client: httpx.Client, url: str, lab: Lab, after: int) -> bytes:
    """Return the envelope that headquarters gives."""
    import httpx

    body = question(lab.site, after)
    headers = {
        "Content-Type": "application/json",
        "Fol-Lab": lab.site,
        "Fol-Signature": signature_text(keys.sign(lab, body)),
    }
    try:
        with client.stream("POST", url + PATH, content=body, headers=headers) as response:
            status, said = response.status_code, b""
            most = hub_answer_form.MOST_BYTES if status == 200 else _MOST_REFUSAL_BYTES
            for part in response.iter_bytes():
                said += part
                if len(said) > most:
                    raise AnswerRefusedError(
                        f"more than {most} bytes came from {url}", code="too_large"
                    )
    except httpx.HTTPError as error:
        raise DeliveryError(
            f"headquarters at {url} gave no answer: {type(error).__name__}: {error}"[:300],
            hint="Check the line, the address and the CA file; or take a file (fol pull --file).",
        ) from error
    if status == 200:
        return said
    code, detail = delivery.refusal_of(said)
    raise DeliveryError(
        f"headquarters at {url} refused to answer: {status} {code}: {detail}"
        if code
        else f"headquarters at {url} gave status {status} without a hub's receipt",
        hint="An older hub has no answers to give."
        if status in (404, 405)
        else "Headquarters sees the refusal among its alarms.",
    )
