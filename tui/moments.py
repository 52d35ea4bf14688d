"""Moments and ages in words, in the lab's own time zone with its offset."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone(name: str) -> ZoneInfo:
    """Return a time zone; UTC when the system does not know the name."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def local(moment: datetime, timezone: str) -> str:
    """Return ``2026-11-24 03:15 -07:00``."""
    at = moment.astimezone(zone(timezone))
    offset = f"{at:%z}"
    return f"{at:%Y-%m-%d %H:%M} {offset[:3]}:{offset[3:5]}"


def clock_time(moment: datetime, timezone: str) -> str:
    """Return ``24 Nov 03:15``."""
    return f"{moment.astimezone(zone(timezone)):%d %b %H:%M}"


def age(minutes: float) -> str:
    """Return an age as a person says it: ``12 min``, ``3 h 05``, ``9 d``."""
    whole = int(max(minutes, 0))
    if whole < 60:
        return f"{whole} min"
    if whole < 48 * 60:
        return f"{whole // 60} h {whole % 60:02d}"
    return f"{whole // 1440} d"
