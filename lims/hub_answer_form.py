"""What headquarters answers a laboratory about its unknowns, as a document: written and read here.

One answer is for one laboratory, numbered, signed over its exact bytes, and names the answer before
it. Knows no record and no network.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from lims import canonical
from lims.errors import AnswerRefusedError, RecordError
from lims.fields import visible

ANSWER = "fol.hub-answer/1"
ENVELOPE = "fol.hub-answers/1"
MOST_BYTES = 4 * 1024 * 1024
"""Of an envelope."""
MOST_ANSWERS = 1_000
MOST_UNKNOWNS = 500
"""Of one answer; more go into the next."""
_MOST_LABS = 200
_MOST_CODES = 1_000
_LAB_CODE = re.compile(r"UNK-[A-Z]{3}-\d{4,7}")
_HUB_CODE = re.compile(r"HQ-UNK-[A-Z]{3}-\d{4,7}")
_SITE = re.compile(r"[A-Z0-9]{2,6}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_LONGEST_NAME = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkLab:
    """One laboratory that has met an unknown; ``codes`` are its own. Days are ISO."""

    site: str
    codes: tuple[str, ...]
    samples: int
    first_day: str
    last_day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkUnknown:
    """What headquarters knows of one cluster of a laboratory.

    Parameters
    ----------
    lab_code : str
        The laboratory's own code.
    code : str
        The code over all laboratories.
    earlier : tuple of str
        Codes over all laboratories that lead to ``code``: it was called so, or they were merged.
    labs : tuple of NetworkLab
    samples : int
        Over all laboratories.
    name, named_at : str
        What laboratories found it to be, and which ones; empty while none did.
    """

    lab_code: str
    code: str
    class_name: str = ""
    earlier: tuple[str, ...] = ()
    labs: tuple[NetworkLab, ...] = ()
    samples: int = 0
    name: str = ""
    named_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. ``previous`` is the SHA-256 of the answer before it, empty for the first."""

    lab: str
    lab_key: str
    sequence: int
    previous: str
    made_at: str
    unknowns: tuple[NetworkUnknown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The exact bytes of an answer and the signature over them."""

    body: bytes
    signature: bytes


def to_bytes(answer: Answer) -> bytes:
    """Return the bytes that are signed: canonical JSON (RFC 8785)."""
    return canonical.dumps({"schema": ANSWER, **asdict(answer)})


def plain_unknown(each: NetworkUnknown) -> dict[str, Any]:
    """Return one unknown as JSON values; `unknown_of` reads them back."""
    said: dict[str, Any] = asdict(each)
    return said


def envelope(public_key: bytes, answers: Sequence[Signed]) -> bytes:
    """Return several signed answers as one file or message."""
    return canonical.dumps(
        {
            "schema": ENVELOPE,
            "public_key": public_key.hex(),
            "answers": [
                {
                    "body": each.body.decode("utf-8"),
                    "signature": base64.b64encode(each.signature).decode("ascii"),
                }
                for each in answers
            ],
        }
    )


def opened(data: bytes) -> tuple[bytes, tuple[Signed, ...]]:
    """Return the public key an envelope names and its answers; nothing is verified yet.

    Raises
    ------
    AnswerRefusedError
        ``too_large``, ``not_json`` or ``wrong_schema``.
    """
    value = _json(data, ENVELOPE)
    key, answers = value.get("public_key"), value.get("answers")
    if not isinstance(key, str) or _SHA256.fullmatch(key) is None:
        raise _wrong("the envelope names no public key")
    if not isinstance(answers, list) or len(answers) > MOST_ANSWERS:
        raise _wrong(f"an envelope holds a list of at most {MOST_ANSWERS} answers")
    return bytes.fromhex(key), tuple(_signed(each) for each in answers)


def _signed(value: object) -> Signed:
    if not isinstance(value, Mapping) or set(value) != {"body", "signature"}:
        raise _wrong("an answer in an envelope has a body and a signature")
    body, signature = value["body"], value["signature"]
    if not isinstance(body, str) or not isinstance(signature, str):
        raise _wrong("body and signature of an answer are texts")
    try:
        signed = base64.b64decode(signature, validate=True)
        return Signed(body=body.encode("utf-8"), signature=signed)
    except (binascii.Error, ValueError) as error:
        raise _wrong("the signature of an answer is not Base64") from error


def parsed(body: bytes) -> Answer:
    """Return the answer that verified bytes hold.

    Raises
    ------
    AnswerRefusedError
        ``not_json`` or ``wrong_schema``.
    """
    value = _json(body, ANSWER)
    sequence, unknowns = value.get("sequence"), value.get("unknowns")
    if not isinstance(sequence, int) or not _whole(sequence, 1, 2**53 - 1):
        raise _wrong("an answer has a number from 1")
    if not isinstance(unknowns, list) or not 0 < len(unknowns) <= MOST_UNKNOWNS:
        raise _wrong(f"an answer tells of 1 to {MOST_UNKNOWNS} unknowns")
    found = tuple(unknown_of(each) for each in unknowns)
    if len({each.lab_code for each in found}) != len(found):
        raise _wrong("an answer tells of an unknown twice")
    previous = _text(value, "previous", 64)
    if previous and _SHA256.fullmatch(previous) is None:
        raise _wrong("previous is no SHA-256")
    made_at = _text(value, "made_at", 40)
    if _MOMENT.fullmatch(made_at) is None:
        raise _wrong("made_at is no moment")
    return Answer(
        lab=_text(value, "lab", 40),
        lab_key=_text(value, "lab_key", 80),
        sequence=sequence,
        previous=previous,
        made_at=made_at,
        unknowns=found,
    )


def unknown_of(value: object) -> NetworkUnknown:
    """Return one unknown of an answer.

    Raises
    ------
    AnswerRefusedError
        ``wrong_schema``.
    """
    if not isinstance(value, Mapping):
        raise _wrong("an unknown of an answer is an object")
    earlier, labs = value.get("earlier"), value.get("labs")
    if not isinstance(earlier, list) or len(earlier) > _MOST_CODES:
        raise _wrong("earlier is a list of codes")
    if not isinstance(labs, list) or len(labs) > _MOST_LABS:
        raise _wrong("labs is a list of laboratories")
    if not _whole(value.get("samples"), 0, 10**9):
        raise _wrong("samples is a count")
    return NetworkUnknown(
        lab_code=_code(value.get("lab_code"), _LAB_CODE),
        code=_code(value.get("code"), _HUB_CODE),
        class_name=_text(value, "class_name", _LONGEST_NAME),
        earlier=tuple(_code(each, _HUB_CODE) for each in earlier),
        labs=tuple(_lab(each) for each in labs),
        samples=int(value["samples"]),
        name=_text(value, "name", _LONGEST_NAME),
        named_at=_text(value, "named_at", _LONGEST_NAME),
    )


def _lab(value: object) -> NetworkLab:
    if not isinstance(value, Mapping) or not _whole(value.get("samples"), 0, 10**9):
        raise _wrong("a laboratory of an answer has a count of samples")
    codes = value.get("codes")
    if not isinstance(codes, list) or len(codes) > _MOST_CODES:
        raise _wrong("codes of a laboratory are a list")
    site = _text(value, "site", 6)
    if _SITE.fullmatch(site) is None:
        raise _wrong(f"{visible(site)} is no laboratory")
    days = [_text(value, name, 10) for name in ("first_day", "last_day")]
    for day in days:
        try:
            date.fromisoformat(day)
        except ValueError as error:
            raise _wrong(f"{visible(day)} is no day") from error
    return NetworkLab(
        site=site,
        codes=tuple(_code(each, _LAB_CODE) for each in codes),
        samples=int(value["samples"]),
        first_day=days[0],
        last_day=days[1],
    )


def _json(data: bytes, schema: str) -> dict[str, Any]:
    if len(data) > MOST_BYTES:
        raise AnswerRefusedError(
            f"{len(data)} bytes; an answer of headquarters has at most {MOST_BYTES}",
            code="too_large",
        )
    try:
        value = canonical.loads(data)
    except RecordError as error:
        raise AnswerRefusedError(
            f"not an answer of headquarters: {error.message}", code="not_json"
        ) from error
    if not isinstance(value, dict) or value.get("schema") != schema:
        said = value.get("schema") if isinstance(value, dict) else None
        raise _wrong(f"the schema {visible(str(said))[:60]} is not {schema}")
    return value


def _code(value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or len(value) > 30 or pattern.fullmatch(value) is None:
        raise _wrong(f"{visible(str(value)[:40])} is not the code of an unknown")
    return value


def _text(value: Mapping[str, Any], name: str, most: int) -> str:
    said = value.get(name)
    if not isinstance(said, str) or len(said) > most or visible(said, most) != said:
        raise _wrong(f"{name} is not one line of at most {most} plain characters")
    return said


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _wrong(message: str) -> AnswerRefusedError:
    return AnswerRefusedError(
        message,
        code="wrong_schema",
        hint="Nothing of it was taken. Headquarters may run a newer version of fol-lims.",
    )
