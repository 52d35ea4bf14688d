"""The files of a report: made from its signed document, signed each, in the lab's own folder.

The same document gives the same bytes. What was issued is never written over: once amended or
withdrawn, marked copies stand beside it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lims import canonical, certificate_queries, clock, keys
from lims.certificate_model import OUT, Certificate, CertificateState
from lims.errors import NotFoundError
from reports import certificate, html, minisign, pdf
from reports.certificate import Standing
from reports.errors import ReportError
from spectra.errors import LabError

if TYPE_CHECKING:
    from lims.lab import Lab

FORMS = ("pdf", "html", "json")
KEY_FILE = "lab.minisign.pub"
LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a file is found to be: whether its signature is this key's, and what that says."""

    path: Path
    fits: bool
    comment: str
    number: str
    standing: str
    """Of a report of this lab, as it stands now; empty of another's."""


def published(lab: Lab, of: Certificate) -> Mapping[str, Path]:
    """Return the files of an issued report; those that are missing are made again.

    ``pdf``, ``html`` and ``json`` as issued, with their signatures and the public key; of one that
    was amended or withdrawn also ``marked_pdf`` and ``marked_html``.

    Raises
    ------
    ReportError
        The report was not issued, or the disk refuses.
    """
    folder = lab.folder / "reports" / of.number
    names = _names(of)
    paths = {kind: folder / name for kind, name in names.items()}
    if not all(path.is_file() for path in paths.values()):
        _write(folder, _contents(lab, of, names))
    return {kind: path for kind, path in paths.items() if "sig" not in kind and kind != "key"}


def rendered(lab: Lab, of: Certificate, form: str, *, as_issued: bool = False) -> bytes:
    """Return a report in one form, marked as it stands now; a draft is marked as one.

    Parameters
    ----------
    form : str
        One of `FORMS`; ``json`` is always the document itself.
    as_issued : bool
        Without a later mark: the bytes that were signed.

    Raises
    ------
    AuditBrokenError, ReportError
    """
    out = of.state in OUT
    sha256 = of.document_sha256 if out else of.content_sha256
    if form == "json":
        return certificate_queries.document_bytes(lab, sha256, of.number)
    document = canonical.loads(certificate_queries.document_bytes(lab, sha256, of.number))
    now = _as_issued(of) if as_issued else certificate.standing(of)
    view = certificate.build(document, now)
    return html.render_view(view) if form == "html" else pdf.render_view(view)


def check(lab: Lab | None, path: Path, key: str = "") -> Checked:
    """Check a file of a report with the signature beside it.

    Parameters
    ----------
    lab : Lab or None
        Its key is used unless another is given; it knows how its own reports stand.
    path : Path
    key : str
        The laboratory's public key, 64 hex digits.

    Raises
    ------
    ReportError
        The file or its signature cannot be read, or there is no key to check with.
    """
    data = _read(path, LARGEST)
    signature = _read(path.with_name(path.name + minisign.ENDING), minisign.LARGEST)
    public = _key(lab, key)
    found = minisign.checked(data, signature, public)
    number = found.comment.split(" ", 1)[0] if found.fits else ""
    return Checked(
        path=path,
        fits=found.fits,
        comment=found.comment if found.fits else "",
        number=number,
        standing=_standing_of(lab, number) if lab is not None and number else "",
    )


def _as_issued(of: Certificate) -> Standing:
    if of.expires_on is None:
        return Standing()
    return Standing(mark=f"PRELIMINARY, until {of.expires_on}")


def _names(of: Certificate) -> dict[str, str]:
    names = {form: f"{of.number}.{form}" for form in FORMS}
    if of.state in (CertificateState.AMENDED, CertificateState.WITHDRAWN):
        names |= {f"marked_{form}": f"{of.number}-{of.state}.{form}" for form in ("pdf", "html")}
    signatures = {f"{kind}_sig": f"{name}{minisign.ENDING}" for kind, name in names.items()}
    return {**names, **signatures, "key": KEY_FILE}


def _contents(lab: Lab, of: Certificate, names: Mapping[str, str]) -> dict[str, bytes]:
    if of.state not in OUT:
        raise ReportError(
            f"{of.number} was not issued: it is {of.state}", hint="See fol report certificate show."
        )
    made = {form: rendered(lab, of, form, as_issued=True) for form in FORMS}
    made |= {
        kind: rendered(lab, of, kind.removeprefix("marked_"))
        for kind in names
        if kind in ("marked_pdf", "marked_html")
    }
    issued = clock.stamp(of.issued_at) if of.issued_at else ""
    files = {}
    for kind, data in made.items():
        said = f"{of.number} {names[kind]} of {lab.site}, issued {issued} by {of.issued_by}"
        if kind.startswith("marked_"):
            said += f", {of.state} since"
        files[names[kind]] = data
        files[names[f"{kind}_sig"]] = minisign.signed(
            data, lab.public_key, said, lambda each: keys.sign(lab, each)
        )
    files[KEY_FILE] = minisign.public_file(lab.public_key, f"{lab.site} {lab.name}")
    return files


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write what is not there yet; a folder that is new appears whole or not at all."""
    partial = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        target = folder if folder.is_dir() else partial
        target.mkdir(exist_ok=True)
        for name, data in files.items():
            path = target / name
            if path.is_file() and _same(path, data):
                continue
            beside = target / f".{name}-{secrets.token_hex(4)}"
            with beside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        if target is partial:
            partial.rename(folder)
    except OSError as error:
        raise ReportError(
            f"the files of {folder.name} could not be written: {error.strerror or error}",
            hint="The report itself is on record; show it again when there is space.",
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _same(path: Path, data: bytes) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest() == hashlib.sha256(data).digest()


def _read(path: Path, largest: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise ReportError(
            f"{path} cannot be read: {error.strerror or error}",
            hint=f"A report is checked with the file {minisign.ENDING} beside it.",
        ) from error
    if len(data) > largest:
        raise ReportError(f"{path} has more than {largest} bytes")
    return data


def _key(lab: Lab | None, key: str) -> bytes:
    if key:
        try:
            public = bytes.fromhex(key.strip())
        except ValueError:
            public = b""
        if len(public) != 32:
            raise ReportError("a public key is 64 hex digits", hint="Ask the laboratory for it.")
        return public
    if lab is None:
        raise ReportError(
            "there is no key to check with", hint="Give the laboratory's public key (--key)."
        )
    return lab.public_key


def _standing_of(lab: Lab, number: str) -> str:
    try:
        of = certificate_queries.certificate(lab, number)
    except NotFoundError:
        return ""
    except LabError as error:
        return error.message
    now = certificate.standing(of)
    return " ".join(part for part in (now.mark, now.text) if part) or "stands"
