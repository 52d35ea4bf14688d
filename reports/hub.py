"""Headquarters' receiving end: an HTTPS application that verifies, stores and acknowledges reports.

To a lab that asks with its signature it gives back the codes of that lab's own unknowns, signed;
digests are read on the hub's own machine.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims.errors import ConfigError
from reports import hub_answers, hub_keys, hub_tls, schema
from reports.errors import ReportError
from reports.hub_store import SqliteHubStore
from reports.hub_verify import (
    MAX_BYTES,
    Receipt,
    Received,
    Vocabulary,
    receive,
    substance_vocabulary,
)

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from uvicorn import Server

LOG = logging.getLogger(__name__)
PATH = "/api/1/reports"
ANSWERS_PATH = "/api/1/answers"
START_TIMEOUT_S = 10.0


class _Faults:
    """The deliberate fault for demonstrations: how many acknowledgements are still to be lost."""

    def __init__(self, lose_acknowledgements: int) -> None:
        self._left = lose_acknowledgements
        self._lock = threading.Lock()
        if lose_acknowledgements:
            LOG.warning("fault on purpose: the next %d acknowledgements are lost", self._left)

    def lose_this(self) -> bool:
        with self._lock:
            if self._left <= 0:
                return False
            self._left -= 1
        LOG.warning("fault on purpose: an acknowledgement is lost, %d to go", self._left)
        return True


def app(
    folder: Path, *, lose_acknowledgements: int = 0, vocabulary: Vocabulary | None = None
) -> Starlette:
    """Return the hub's ASGI application over a hub folder.

    Parameters
    ----------
    folder : Path
        Holds ``hub.db``; made when it is not there.
    lose_acknowledgements : int
        For tests and demonstrations: store the next so many reports and break the connection
        instead of answering. Off by default, and logged.
    vocabulary : callable, optional
        Whether a substance name is known; the substance table when left out.
    """
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse
    from starlette.responses import Response as PlainResponse
    from starlette.routing import Route

    store = SqliteHubStore(folder)
    known = vocabulary or substance_vocabulary()
    faults = _Faults(lose_acknowledgements)
    context = copy_context()
    one_at_a_time = threading.Lock()

    def take(arrived: Received) -> Receipt:
        # One at a time, so that looking for a duplicate and storing are one step.
        with one_at_a_time:
            return context.run(receive, store, arrived, known)

    async def post(request: Request) -> Response:
        refusal = _refused_by_head(request.headers)
        body = b"" if refusal else await _read(request)
        if body is None:
            refusal = Receipt(status=413, code="too_large", detail=f"at most {MAX_BYTES} bytes")
        if refusal is not None:
            return JSONResponse(_answer(refusal), status_code=refusal.status)
        receipt = await run_in_threadpool(take, _arrived(request.headers, body or b""))
        if receipt.acknowledged and faults.lose_this():
            return _lost()
        return JSONResponse(_answer(receipt), status_code=receipt.status)

    def answer(asked: hub_answers.Asked) -> tuple[Receipt | None, bytes]:
        # One at a time too: what is looked up must still be so when the next number is taken.
        with one_at_a_time:
            refusal, data = context.run(hub_answers.reply, store, hub_keys.own_key(folder), asked)
            if refusal is not None:
                lab = "" if refusal.code == "unknown_lab" else asked.lab
                store.alarm(lab, f"answer_{refusal.code}", "", refusal.detail)
        return refusal, data

    async def give(request: Request) -> Response:
        refusal = _refused_by_head(request.headers)
        body = b"" if refusal else await _read(request, hub_answers.MOST_ASKED_BYTES)
        if body is None:
            detail = f"at most {hub_answers.MOST_ASKED_BYTES} bytes"
            refusal = Receipt(status=413, code="too_large", detail=detail)
        data = b""
        if refusal is None:
            arrived = _arrived(request.headers, body or b"")
            asked = hub_answers.Asked(
                body=arrived.body, lab=arrived.lab, signature=arrived.signature
            )
            refusal, data = await run_in_threadpool(answer, asked)
        if refusal is not None:
            return JSONResponse(_answer(refusal), status_code=refusal.status)
        return PlainResponse(data, media_type="application/json")

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok", "schemas": list(schema.KNOWN)})

    application = Starlette(
        routes=[
            Route(PATH, post, methods=["POST"]),
            Route(ANSWERS_PATH, give, methods=["POST"]),
            Route("/api/1/health", health),
        ]
    )
    application.state.store = store
    return application


def _refused_by_head(headers: Mapping[str, str]) -> Receipt | None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return Receipt(status=415, code="wrong_content_type", detail="application/json is expected")
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:12]) > MAX_BYTES:
        return Receipt(status=413, code="too_large", detail=f"at most {MAX_BYTES} bytes")
    return None


async def _read(request: Request, most: int = MAX_BYTES) -> bytes | None:
    """Return the body, or None once more than the limit has come, whatever its length claimed."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)


def _arrived(headers: Mapping[str, str], body: bytes) -> Received:
    try:
        signature = base64.b64decode(headers.get("fol-signature", "")[:200], validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    return Received(
        body=body,
        lab=headers.get("fol-lab", "")[:60],
        signature=signature,
        idempotency_key=headers.get("idempotency-key", "")[:80],
        sent_at=headers.get("fol-sent-at", "")[:40],
    )


def _answer(receipt: Receipt) -> dict[str, Any]:
    return {
        "schema": "fol.receipt/1",
        "code": receipt.code,
        "report_id": receipt.report_id,
        "detail": receipt.detail,
        "warnings": list(receipt.warnings),
    }


def _lost() -> Response:
    """Return a response that begins and never ends: the server then breaks the connection."""
    from starlette.responses import Response

    class Lost(Response):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})

    return Lost()


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A hub that is being served."""

    url: str
    ca_file: Path
    store: SqliteHubStore


def serve(
    folder: Path, host: str = "127.0.0.1", port: int = 8443, *, lose_acknowledgements: int = 0
) -> None:
    """Serve the hub over HTTPS until interrupted.

    Raises
    ------
    ConfigError
        The address cannot be listened on, or the TLS files are incomplete.
    """
    server, listening, _ = _server(folder, host, port, lose_acknowledgements, None)
    with listening:
        server.run(sockets=[listening])


@contextmanager
def running(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    lose_acknowledgements: int = 0,
    vocabulary: Vocabulary | None = None,
) -> Iterator[Running]:
    """Serve the hub in a thread for the block; port 0 takes a free one."""
    server, listening, running_hub = _server(folder, host, port, lose_acknowledgements, vocabulary)
    thread = threading.Thread(
        target=copy_context().run,
        args=(lambda: server.run(sockets=[listening]),),
        name="fol-hub",
        daemon=True,
    )
    thread.start()
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise ReportError("the hub did not start")
            time.sleep(0.01)
        yield running_hub
    finally:
        server.should_exit = True
        thread.join(START_TIMEOUT_S)
        listening.close()
        running_hub.store.close()


def _server(
    folder: Path,
    host: str,
    port: int,
    lose_acknowledgements: int,
    vocabulary: Vocabulary | None,
) -> tuple[Server, socket.socket, Running]:
    import uvicorn

    hosts = tuple(dict.fromkeys(("127.0.0.1", "localhost", host)))
    files = hub_tls.ensure(folder, tuple(name for name in hosts if name not in ("0.0.0.0", "::")))
    listening = _listen(host, port)
    application = app(folder, lose_acknowledgements=lose_acknowledgements, vocabulary=vocabulary)
    config = uvicorn.Config(
        application,
        ssl_certfile=str(files.certificate),
        ssl_keyfile=str(files.key),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=5,
        timeout_graceful_shutdown=3,
        server_header=False,
        proxy_headers=False,
    )
    url = f"https://{host}:{listening.getsockname()[1]}"
    running_hub = Running(url=url, ca_file=files.ca, store=application.state.store)
    return uvicorn.Server(config), listening, running_hub


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"{host}:{port} cannot be listened on: {error.strerror or error}",
            hint="Another hub may be running; choose another port.",
        ) from error
    return listening


def ingest(
    folder: Path, paths: list[Path], *, vocabulary: Vocabulary | None = None
) -> list[tuple[Path, Receipt]]:
    """Take reports carried by hand: each ``X.json`` with its ``X.json.sig`` beside it.

    The same checks as over HTTPS. A file that cannot be read is refused and the others go on.
    """
    known = vocabulary or substance_vocabulary()
    store = SqliteHubStore(folder)
    try:
        return [(path, _ingest(store, path, known)) for path in paths]
    finally:
        store.close()


def _ingest(store: SqliteHubStore, path: Path, known: Vocabulary) -> Receipt:
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
        with path.with_name(path.name + ".sig").open("rb") as file:
            head = json.loads(file.read(4_096))
        arrived = Received(
            body=body, lab=str(head["lab"]), signature=base64.b64decode(str(head["signature"]))
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return Receipt(status=422, code="unreadable", detail=f"{path.name}: {error}"[:300])
    return receive(store, arrived, known)
