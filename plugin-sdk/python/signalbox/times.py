"""Instants as the contract has them: milliseconds since 1970 in UTC."""

from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """A datetime in UTC."""
    return EPOCH + timedelta(milliseconds=ms)


def to_ms(instant: datetime, what: str) -> int:
    """Milliseconds since 1970. `what` names the value in the error's text."""
    if not isinstance(instant, datetime) or instant.tzinfo is None:
        raise TypeError(f"{what} must be a datetime with a time zone, not {instant!r}")
    return (instant - EPOCH) // _MILLISECOND
