"""One laboratory's folder: made, opened, and written to, one act at a time."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lims import clock, events, fields, ids, keys, sqlite, store
from lims.act import Act, acting_person
from lims.errors import ConfigError, RecordError
from lims.model import Person, Role
from lims.presence import Presence, admit

if TYPE_CHECKING:
    from sqlite_utils import Database

DATABASE_NAME = "lab.db"
FOLDERS = ("raw", "libraries", "keys", "outbox", "reports", "quarantine")
KEY_LIMIT = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """An open laboratory. Threads may share it; each gets its own connection."""

    folder: Path
    store: store.Store
    lab_id: str
    site: str
    name: str
    locode: str
    timezone: str
    training: bool
    public_key: bytes
    presence: Presence = field(default_factory=Presence, compare=False)
    """Who sits at it: empty where nobody has to sign in."""

    @property
    def db(self) -> Database:
        """The calling thread's connection, for reading."""
        return self.store.db

    @property
    def zone(self) -> ZoneInfo:
        """The lab's time zone; the record itself is in UTC."""
        return ZoneInfo(self.timezone)

    @property
    def raw_folder(self) -> Path:
        """Original bytes by SHA-256."""
        return self.folder / "raw"

    @property
    def libraries_folder(self) -> Path:
        """Rebuildable library indexes."""
        return self.folder / "libraries"

    @property
    def keys_folder(self) -> Path:
        """The lab's key pair."""
        return self.folder / "keys"

    @property
    def quarantine_folder(self) -> Path:
        """Files that could not be taken as a run, by SHA-256."""
        return self.folder / "quarantine"

    @property
    def banner(self) -> str:
        """What to tell people about the SQLite in use; empty when nothing needs saying."""
        return sqlite.banner()

    @contextmanager
    def writing(self, actor: str, key: str = "") -> Iterator[Act]:
        """Write one act of one person: ``BEGIN IMMEDIATE`` … ``COMMIT``.

        Parameters
        ----------
        actor : str
            Id of the acting person, who must exist and be active.
        key : str
            Idempotency key; `Act.repeated` tells whether it was used before.

        Raises
        ------
        SessionNeeded
            The lab asks to sign in, and this person is not signed in here.
        BusyError, StorageFullError, ConfigError, PermissionDenied, RecordError
            Nothing was written.
        """
        key = fields.line(key, "the idempotency key", limit=KEY_LIMIT)
        with self.store.writing() as database:
            person, at = acting_person(database, actor), clock.now()
            act = Act(
                db=database,
                lab=self,
                person=person,
                at=at,
                key=key,
                first=events.by_key(database, key),
                admission=admit(database, self.presence, person, at),
            )
            yield act
        self.presence.spend(act.used)

    def close(self) -> None:
        """Close every connection."""
        self.store.close()


def default_folder() -> Path:
    """Return the lab folder when none is named: ``FOL_LAB``, else the platform's data folder."""
    named = os.environ.get("FOL_LAB")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("fol", appauthor=False) / "lab"


def create_lab(
    folder: Path,
    *,
    site: str,
    name: str,
    locode: str = "",
    timezone: str = "UTC",
    founder: Person,
    training: bool = False,
) -> Lab:
    """Make a lab folder with its key, its database and its first person, and open it.

    Parameters
    ----------
    folder : Path
        Must not exist, or be empty.
    site : str
        Two to six letters or digits; the front of every number.
    locode : str
        UN/LOCODE, five characters, or empty.
    timezone : str
        IANA name, for example ``America/Phoenix``.
    founder : Person
        Added by themselves as the lab's first act.
    training : bool
        Everything this lab reports is marked as not for casework.

    Raises
    ------
    ConfigError
        The folder holds something, cannot be written, or a value is not acceptable.
    """
    body = _lab_facts(site=site, name=name, locode=locode, timezone=timezone, training=training)
    check_roles(founder.roles)
    founder_body = person_body(founder)
    made = not folder.exists()
    _prepare_folder(folder)
    try:
        body["public_key"] = keys.create(folder / "keys").hex()
        # Written under another name first: a lab folder has a database only when it is whole.
        path = folder / "lab.new"
        store.create(path)
        _found(path, body, founder, founder_body)
        path.replace(folder / DATABASE_NAME)
    except BaseException:
        _remove_what_we_made(folder, made)
        raise
    return open_lab(folder)


def _found(
    path: Path, body: Mapping[str, Any], founder: Person, founder_body: Mapping[str, Any]
) -> None:
    opened = store.Store(path)
    try:
        with opened.writing() as database:
            for kind, content in (("lab.created", body), ("person.added", founder_body)):
                events.append(
                    database,
                    lab_id=str(body["lab_id"]),
                    actor=founder.id,
                    kind=kind,
                    body=content,
                    at=clock.now(),
                )
    finally:
        opened.close()


def _lab_facts(
    *, site: str, name: str, locode: str, timezone: str, training: bool
) -> dict[str, Any]:
    place = fields.line(locode, "the UN/LOCODE").replace(" ", "").upper()
    if place and not (len(place) == 5 and place.isascii() and place.isalnum()):
        raise ConfigError(
            f"{locode[:40]!r} cannot be a UN/LOCODE", hint="Five characters, for example USNOG."
        )
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"{timezone[:60]!r} is not a known time zone",
            hint="An IANA name such as America/Phoenix, or UTC.",
        ) from error
    try:
        named = fields.line(name, "the lab's name", required=True)
    except RecordError as error:
        raise ConfigError(error.message, hint=error.hint) from error
    return {
        "lab_id": secrets.token_hex(16),
        "site": ids.site_code(site),
        "name": named,
        "locode": place,
        "timezone": timezone,
        "training": bool(training),
    }


def person_body(person: Person) -> dict[str, Any]:
    """Return the body of the event that adds a person, checked.

    Raises
    ------
    RecordError
        The id or name is missing or not acceptable, or looks like a place.
    """
    person_id = fields.line(person.id, "the person's id", required=True, limit=60)
    if ":" in person_id or any(c.isspace() for c in person_id):
        raise RecordError(f"{person_id!r} cannot be a person's id: no spaces, no colon")
    name = fields.line(person.name, "the person's name", required=True)
    return {"id": person_id, "name": name, "roles": sorted(role.value for role in person.roles)}


def check_roles(roles: frozenset[Role]) -> None:
    """Raise unless somebody may hold these roles together.

    Raises
    ------
    ConfigError
        No role at all, or IT administration together with a role that touches evidence.
    """
    if not roles:
        raise ConfigError("a person needs at least one role")
    if Role.IT_ADMIN in roles and len(roles) > 1:
        raise ConfigError(
            "IT administration cannot be held together with a role that touches evidence",
            hint="Give the administrator an identity of their own with that role alone.",
        )


def _prepare_folder(folder: Path) -> None:
    if (folder / DATABASE_NAME).exists():
        raise ConfigError(
            f"{folder} is a lab already; nothing was changed",
            hint="Use it as it is, or choose another folder.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ConfigError(
                f"{folder} is not empty; nothing was changed",
                hint="A lab needs a folder of its own.",
            )
        for name in FOLDERS:
            (folder / name).mkdir(mode=0o700 if name == "keys" else 0o777)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be made a lab: {error.strerror or error}",
            hint="Choose a folder this account may write to.",
        ) from error


def _remove_what_we_made(folder: Path, made: bool) -> None:
    for name in FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    for file in folder.glob("lab.new*"):
        file.unlink(missing_ok=True)
    if made:
        shutil.rmtree(folder, ignore_errors=True)


def open_lab(folder: Path, *, busy_ms: int = sqlite.BUSY_MS, for_inspection: bool = False) -> Lab:
    """Open a lab.

    Parameters
    ----------
    folder : Path
    busy_ms : int
        How long a write waits for another program, in milliseconds.
    for_inspection : bool
        Open even when the schema was tampered with, so that `lims.audit.verify` can say how.

    Raises
    ------
    ConfigError
        No such folder, not a lab, or written by newer software.
    RecordError, AuditBrokenError
        The database is damaged, or its protection was altered.
    """
    path = folder / DATABASE_NAME
    if not folder.is_dir():
        raise ConfigError(
            f"there is no lab at {folder}",
            hint="Make one with `fol init`, or set --lab or FOL_LAB.",
        )
    if not path.is_file():
        raise ConfigError(
            f"{folder} is not a lab: it has no {DATABASE_NAME}",
            hint="Make one with `fol init`, or set --lab or FOL_LAB.",
        )
    return _lab(folder, store.open_store(path, busy_ms=busy_ms, for_inspection=for_inspection))


def look_into(folder: Path) -> Lab:
    """Open a lab folder that must not change by a byte, such as a backup: whole or tampered with.

    Raises
    ------
    ConfigError, RecordError
        No database, not a lab's, or too damaged to say which lab it belongs to.
    """
    path = folder / DATABASE_NAME
    if not path.is_file():
        raise ConfigError(f"{folder} has no {DATABASE_NAME}", hint="Name a backup's own folder.")
    return _lab(folder, store.Store(path, read_only=True))


def _lab(folder: Path, opened: store.Store) -> Lab:
    try:
        facts = _facts(opened, opened.path)
    except BaseException:
        opened.close()
        raise
    return Lab(
        folder=folder,
        store=opened,
        lab_id=str(facts["lab_id"]),
        site=str(facts["site"]),
        name=str(facts["name"]),
        locode=str(facts["locode"]),
        timezone=str(facts["timezone"]),
        training=bool(facts["training"]),
        public_key=bytes.fromhex(str(facts["public_key"])),
    )


def _facts(opened: store.Store, path: Path) -> dict[str, object]:
    found = opened.rows("SELECT * FROM lab")
    if len(found) != 1:
        raise RecordError(
            f"{path} does not say which lab it belongs to",
            hint="Restore the last verified backup.",
        )
    return found[0]
