"""How one release of a library follows another: what this lab sent, and what it holds of others.

Each release names the one before by the hash of its manifest, so that a lab that takes them sees
what is missing, what was exchanged, and what is older than what it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lims import canonical, library_care, records
from lims.errors import StateError
from lims.lab import Lab

if TYPE_CHECKING:
    from libraries.package import Link
    from libraries.package_read import Opened


def releases(lab: Lab) -> tuple[dict[str, Any], ...]:
    """Return what this lab released, oldest first, as its events say it."""
    found = records.rows(lab.db, "SELECT body FROM library_release ORDER BY seq")
    return tuple(canonical.parsed(row["body"]) for row in found)


def release_of(lab: Lab, name: str, version: str) -> dict[str, Any] | None:
    """Return what this lab released as this version, or None."""
    mine = (each for each in releases(lab) if each["library"] == name)
    return next((each for each in mine if each["version"] == version), None)


def link_of(body: dict[str, Any]) -> Link:
    """Return the place in the chain that a release of this lab took."""
    from libraries.package import Link

    return Link(
        sequence=body["sequence"],
        previous_version=body["previous"]["version"],
        previous_sha256=body["previous"]["sha256"],
    )


def next_link(lab: Lab, name: str) -> Link:
    """Return the place that the next release of a library takes."""
    from libraries.package import Link

    mine = [each for each in releases(lab) if each["library"] == name]
    if not mine:
        return Link(sequence=1)
    last = max(mine, key=lambda each: int(each["sequence"]))
    return Link(
        sequence=last["sequence"] + 1,
        previous_version=last["version"],
        previous_sha256=last["sha256"],
    )


def require_newest(lab: Lab, name: str, version: str) -> None:
    """Raise where a newer version was released before: other labs would never come to use this."""
    from libraries import catalog

    last = next_link(lab, name).previous_version
    if last and not catalog.is_newer(version, last):
        raise StateError(
            f"{name} {last} was released already, and {version} is older",
            hint="Release a version that is newer; it holds what other labs need.",
        )


def require_next(lab: Lab, name: str, link: Link) -> None:
    """Raise when another release has taken the place meanwhile."""
    if link != next_link(lab, name):
        raise StateError(
            f"somebody else released {name} at this moment", hint="Release again: the next link."
        )


def origin(found: Opened) -> dict[str, Any]:
    """Return what the record keeps of where a library version came from."""
    return {
        "library": found.contents.library,
        "site": found.issuer.site,
        "lab": found.issuer.name,
        "fingerprint": found.fingerprint,
        "sequence": found.link.sequence,
        "sha256": found.sha256,
        "previous_sha256": found.link.previous_sha256,
        "left_out": len(found.left_out),
    }


def received(lab: Lab, name: str) -> list[dict[str, Any]]:
    """Return what releases of a library, by its name here, said of themselves; oldest first."""
    rows = records.rows(lab.db, "SELECT version, body FROM library WHERE name=? ORDER BY seq", name)
    found = []
    for row in rows:
        said = canonical.parsed(row["body"]).get("release")
        if said:
            found.append({**said, "version": row["version"]})
    return found


def require_follows(lab: Lab, found: Opened, local: str) -> None:
    """Raise unless a release is the next link of the chain this lab holds, or the first of one.

    Raises
    ------
    LibraryVersionError
        It is here already, or makes a gap, a fork or a step back.
    StateError
        The name here belongs to another library.
    """
    version, link = found.contents.version, found.link
    chain = received(lab, local)
    _require_free(lab, found, local, chain)
    if not chain:
        return
    from libraries.errors import LibraryVersionError

    same = next((each for each in chain if each["version"] == version), None)
    if same is not None and same["sha256"] == found.sha256:
        raise LibraryVersionError(f"{local} {version} of {found.issuer.site} was added here before")
    if same is not None:
        raise LibraryVersionError(
            f"{local} {version} was added here with other content: one version, two contents",
            hint=f"Do not use this file. Ask {found.issuer.site} which of the two is theirs.",
        )
    last = max(chain, key=lambda each: int(each["sequence"]))
    ahead = link.sequence - int(last["sequence"])
    if ahead > 1:
        raise LibraryVersionError(
            f"a gap: {local} {version} is release {link.sequence} and follows "
            f"{link.previous_version}; the last one here is {last['version']}, "
            f"release {last['sequence']}",
            hint=f"Add {local} {link.previous_version} first; {found.issuer.site} can write it "
            "again.",
        )
    if ahead == 1 and link.previous_sha256 == last["sha256"]:
        _require_newer(found, local, str(last["version"]))
        return
    at_place = next((e for e in chain if int(e["sequence"]) == link.sequence), None)
    if ahead == 1 or at_place is not None:
        raise LibraryVersionError(
            f"a fork: {local} {version} claims the place of release {link.sequence} after "
            f"{link.previous_version or 'nothing'}, which is not the chain held here",
            hint=f"Do not use this file. Ask {found.issuer.site} who else uses its key.",
        )
    raise LibraryVersionError(
        f"a step back: {local} {version} is release {link.sequence}, and release "
        f"{last['sequence']} ({last['version']}) is here",
        hint="A newer release holds all that an older one held.",
    )


def _require_newer(found: Opened, local: str, last: str) -> None:
    from libraries import catalog
    from libraries.errors import LibraryVersionError

    if not catalog.is_newer(found.contents.version, last):
        raise LibraryVersionError(
            f"a step back: {local} {found.contents.version} follows {last} and is the older number",
            hint=f"It would never be used here. Ask {found.issuer.site} for a newer version.",
        )


def _require_free(lab: Lab, found: Opened, local: str, chain: Sequence[dict[str, Any]]) -> None:
    """Raise where the name belongs to something else than this chain."""
    theirs = {(each["fingerprint"], each["library"]) for each in chain}
    wanted = (found.fingerprint, found.contents.library)
    taken = library_care.recorded_versions(lab, local)
    if (chain and theirs != {wanted}) or (not chain and taken):
        raise StateError(
            f"{local} is the name of another library here",
            hint="Add it under another name: --name OTHER.",
        )
    if chain:
        return
    for row in records.rows(lab.db, "SELECT DISTINCT name FROM library"):
        origins = {(e["fingerprint"], e["library"]) for e in received(lab, str(row["name"]))}
        if wanted in origins:
            raise StateError(
                f"{found.contents.library} of {found.issuer.site} is called {row['name']} here",
                hint=f"Add this release under the same name: --name {row['name']}.",
            )
