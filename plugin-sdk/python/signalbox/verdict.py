"""What a rule answers. A verdict is checked as it is made, so that a mistake is that contact's failure."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .plan import Events, conditions
from .times import to_ms


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a text, not {value!r}")
    return value


def _text_or_none(value: Any, what: str) -> str | None:
    return None if value is None else _text(value, what)


def _ms_or_none(instant: datetime | None, what: str) -> int | None:
    return None if instant is None else to_ms(instant, what)


@dataclass(frozen=True)
class SegmentVerdict:
    """What a segment answers; made by `inside` and `outside`."""

    member: bool
    reason: str
    recheck_at_ms: int | None


@dataclass(frozen=True)
class Arm:
    """A wish to be asked on the occasion `due`. A newer arm with the same key replaces the older one.

    `at` is when (at once if it is past), `key` names the arm for this contact and workflow (1 to 256 bytes),
    `cancelled_by` are events, or names of events, that take the arm away before it fires (at most 8).
    """

    at: datetime
    key: str
    cancelled_by: list[Events | str] = field(default_factory=list)

    def __post_init__(self):
        to_ms(self.at, "the arm's `at`")
        _text(self.key, "the arm's `key`")

    def at_ms(self) -> int:
        """Milliseconds since 1970."""
        return to_ms(self.at, "the arm's `at`")

    def cancels(self) -> list[tuple[str, str]]:
        """Event and conditions as JSON text, for each event that takes the arm away."""
        events = [Events(one) if isinstance(one, str) else one for one in self.cancelled_by]
        return [(one.event, json.dumps(conditions(one.where)) if one.where else "") for one in events]


@dataclass(frozen=True)
class TriggerVerdict:
    """What a trigger answers; made by `enter`, `arm` and `nothing`."""

    enters: bool
    key: str | None
    arm: Arm | None
    reason: str


@dataclass(frozen=True)
class PersonalizerVerdict:
    """What a personalizer answers; made by `personalize`."""

    values: str
    subject: str | None
    variant: str | None
    send_at_ms: int | None
    reason: str


def inside(reason: str, recheck_at: datetime | None = None) -> SegmentVerdict:
    """In.

    `recheck_at` is the next instant at which the answer can change by time alone; only where the plan has a clock.
    """
    return SegmentVerdict(True, reason, _ms_or_none(recheck_at, "recheck_at"))


def outside(reason: str, recheck_at: datetime | None = None) -> SegmentVerdict:
    """Out; see `inside`."""
    return SegmentVerdict(False, reason, _ms_or_none(recheck_at, "recheck_at"))


def enter(reason: str, key: str | None = None, arm: Arm | None = None) -> TriggerVerdict:
    """The contact enters. The same key never enters twice; without one it is the event's id. May arm as well."""
    return TriggerVerdict(True, _text_or_none(key, "the entry's `key`"), arm, reason)


def arm(reason: str, wanted: Arm) -> TriggerVerdict:
    """Nothing happens now; the trigger is asked again when the arm fires."""
    return TriggerVerdict(False, None, wanted, reason)


def nothing(reason: str) -> TriggerVerdict:
    """Nothing happens."""
    return TriggerVerdict(False, None, None, reason)


def personalize(
    reason: str,
    values: dict[str, Any],
    subject: str | None = None,
    variant: str | None = None,
    send_at: datetime | None = None,
) -> PersonalizerVerdict:
    """Values for the template, at most 16 KiB as JSON; what is left out is the template's own.

    `subject` stands in place of the template's (no line breaks, at most 250 characters), `variant` names another
    template of the workflow, `send_at` says when the message should go out.
    """
    if not isinstance(values, dict):
        raise TypeError("the values for the template must be a dictionary")
    return PersonalizerVerdict(
        json.dumps(values, ensure_ascii=False, allow_nan=False),
        _text_or_none(subject, "the subject"),
        _text_or_none(variant, "the variant"),
        _ms_or_none(send_at, "send_at"),
        reason,
    )
