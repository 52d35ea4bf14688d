"""Threads of the app: one that owns the record, one for files and plots, one for runs being taken.

Screens never block.

The record is opened on first use, after the first frame, in the thread that goes on using it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Generic, Protocol, TypeVar

Result = TypeVar("Result")


class Closable(Protocol):
    """What a record must offer to the desk."""

    def close(self) -> None:
        """Let go of files and locks."""


RecordType = TypeVar("RecordType", bound=Closable)


class Desk(Generic[RecordType]):
    """Runs calls on the record one after another, and slow reading beside them."""

    def __init__(self, opener: Callable[[], RecordType]) -> None:
        self._opener = opener
        self._record: RecordType | None = None
        self._clerk = ThreadPoolExecutor(1, thread_name_prefix="record")
        self._bench = ThreadPoolExecutor(1, thread_name_prefix="bench")
        self._intake = ThreadPoolExecutor(1, thread_name_prefix="intake")

    async def call(self, work: Callable[[RecordType], Result]) -> Result:
        """Return ``work(record)``, run in the record's own thread with the caller's context."""
        context, loop = copy_context(), asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._clerk, lambda: context.run(lambda: work(self._opened()))
        )

    async def aside(self, work: Callable[[], Result]) -> Result:
        """Return ``work()``, run beside the record: reading files, verifying, preparing plots."""
        context, loop = copy_context(), asyncio.get_running_loop()
        return await loop.run_in_executor(self._bench, lambda: context.run(work))

    async def aside_on_record(self, work: Callable[[RecordType], Result]) -> Result:
        """Return ``work(record)`` on a record of its own, so that a long check holds up nobody."""
        return await self.aside(lambda: self._opened_and_closed(work))

    async def apart_on_record(self, work: Callable[[RecordType], Result]) -> Result:
        """Return ``work(record)`` on a record and in a thread of its own: plots go on meanwhile."""
        context, loop = copy_context(), asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._intake, lambda: context.run(lambda: self._opened_and_closed(work))
        )

    def _opened_and_closed(self, work: Callable[[RecordType], Result]) -> Result:
        record = self._opener()
        try:
            return work(record)
        finally:
            record.close()

    def _opened(self) -> RecordType:
        if self._record is None:
            self._record = self._opener()
        return self._record

    def close(self, last: Callable[[RecordType], object] | None = None) -> None:
        """Close the record in its own thread and stop all threads; calls not begun are dropped.

        Parameters
        ----------
        last : callable, optional
            What to do with an opened record before; its failure does not keep the file open.
        """
        self._bench.shutdown(wait=False, cancel_futures=True)
        self._intake.shutdown(wait=False, cancel_futures=True)
        self._clerk.submit(self._let_go, last)
        self._clerk.shutdown(wait=True)

    def _let_go(self, last: Callable[[RecordType], object] | None) -> None:
        if self._record is None:
            return
        try:
            if last is not None:
                last(self._record)
        finally:
            self._record.close()
            self._record = None
