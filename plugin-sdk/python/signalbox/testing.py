"""Runs a plugin natively in its author's own tests, by the same conversions as in a component."""

import json
from collections import defaultdict
from datetime import datetime
from typing import Any

from . import sandbox
from .contact import Column
from .plugin import Failed, Plugin
from .times import from_ms, to_ms

_NOW_MS = 1_767_225_600_000
"""The clock of a case that gives none, as on the server: 2026-01-01T00:00:00Z."""


def _whole(given: Any) -> int | None:
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    is_whole = isinstance(given, int) and not isinstance(given, bool)
    return given if is_whole and -(2**63) <= given < 2**63 else None


def _number(given: Any) -> float | None:
    return float(given) if isinstance(given, (int, float)) and not isinstance(given, bool) else None


def _instant(given: Any) -> int | None:
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given.replace("Z", "+00:00"))
        except ValueError:
            return None
    return to_ms(given, "the given instant") if isinstance(given, datetime) else _whole(given)


def _any(given: Any) -> tuple[str, Any]:
    """The value with its own type."""
    if isinstance(given, bool):
        return "boolean", given
    if isinstance(given, str):
        return "text", given
    whole = _whole(given)
    if whole is not None:
        return "integer", whole
    return ("number", given) if isinstance(given, float) else ("json", json.dumps(given))


_VALUE_OF = {
    "number": _number,
    "integer": _whole,
    "text": lambda given: given if isinstance(given, str) else None,
    "boolean": lambda given: given if isinstance(given, bool) else None,
    "instant": _instant,
    "json": json.dumps,
    "any": _any,
}


def _value(name: str, wanted: dict, contact: dict) -> Any:
    given = contact.get("given", {}).get(name)
    if given is None:
        standing = {"occasion": contact.get("occasion", 0), "seed": 0, "clock": _NOW_MS}
        given = standing.get(wanted["source"]) if isinstance(wanted["source"], str) else None
    return None if given is None else _VALUE_OF[wanted["type"]](given)


def _column(wanted: dict, contacts: list[dict]) -> Column:
    values = [_value(wanted["name"], wanted, contact) for contact in contacts]
    if wanted["source"] == "clock":
        return Column("constant", ("instant", values[0]), ())
    if all(value is None for value in values):
        return Column("absent", (), ())
    missing = [row for row, value in enumerate(values) if value is None]
    return Column("mixed" if wanted["type"] == "any" else f"{wanted['type']}s", values, missing)


def _kind(plugin: Plugin, kind: str | None) -> str:
    if kind is None and len(plugin.rules) == 1:
        return next(iter(plugin.rules))
    if kind not in plugin.rules:
        raise ValueError(f"say which rule is meant, `kind` one of {', '.join(plugin.rules)}")
    return kind


def _iso(ms: int | None) -> str | None:
    """As the server writes instants: no zeros behind the second."""
    if ms is None:
        return None
    text = from_ms(ms).isoformat(timespec="milliseconds").removesuffix("+00:00")
    return text.rstrip("0").rstrip(".") + "Z"


def _readable(verdict: Any) -> dict:
    if isinstance(verdict, Failed):
        return {"failed": verdict.message}
    verdict, _ = verdict
    found: dict[str, Any] = {"reason": verdict.reason}
    if hasattr(verdict, "member"):
        found |= {"member": verdict.member, "recheck_at": _iso(verdict.recheck_at_ms)}
    elif hasattr(verdict, "enters"):
        found["enter"] = {"key": verdict.key} if verdict.enters else None
        cancels = verdict.arm and [
            {"event": event, "where": json.loads(where or "[]")} for event, where in verdict.arm.cancels()
        ]
        found["arm"] = verdict.arm and {"at": _iso(verdict.arm.at_ms()), "key": verdict.arm.key, "cancelled_by": cancels}
    else:
        found |= {"values": json.loads(verdict.values), "subject": verdict.subject, "variant": verdict.variant}
        found["send_at"] = _iso(verdict.send_at_ms)
    return {name: value for name, value in found.items() if value is not None}


def plan(plugin: Plugin, config: Any, kind: str | None = None) -> dict:
    """What the rule asks for. Raises what it says of a bad config. `kind` is needed where there are several rules."""
    with sandbox.installed():
        return json.loads(plugin.plan(_kind(plugin, kind), json.dumps(config)))


def decide_all(plugin: Plugin, config: Any, contacts: list[dict], kind: str | None = None) -> list[dict]:
    """What the rule decides on many contacts in one batch, each a dictionary of `given` and, for triggers, `occasion`.

    Verdicts are as `signalbox plugin check` prints them, without members that say nothing; a failure is
    `{"failed": message}`.
    """
    kind = _kind(plugin, kind)
    inputs = plan(plugin, config, kind)["inputs"]
    names = [wanted["name"] for wanted in inputs]
    for name in (name for contact in contacts for name in contact.get("given", {})):
        if name not in names:
            raise ValueError(f"a value is given for {name!r}, the plan's inputs are {names}")
    columns = [_column(wanted, contacts) for wanted in inputs]
    with sandbox.installed():
        found = plugin.decide(kind, json.dumps(config), len(contacts), columns)
    return [_readable(verdict) for verdict in found]


def decide(
    plugin: Plugin, config: Any, given: dict | None = None, occasion: int = 0, kind: str | None = None
) -> dict:
    """What the rule decides on one contact; a clock that is not given is 2026-01-01T00:00:00Z, a seed 0."""
    return decide_all(plugin, config, [{"given": given or {}, "occasion": occasion}], kind)[0]


def _meets(found: Any, expected: Any) -> bool:
    """Whether the answer has every member that is expected of it; null and an absent member are the same."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(_meets(found.get(name), value) for name, value in expected.items())
    if isinstance(expected, list):
        same_length = isinstance(found, list) and len(found) == len(expected)
        return same_length and all(_meets(one, other) for one, other in zip(found, expected))
    return found == expected


def check_cases(plugin: Plugin) -> None:
    """Runs the plugin's cases as the server does before it lets a plugin in: singly, together and in reverse."""
    for kind, rule in plugin.rules.items():
        assert rule.cases, f"the {kind} has no cases"
        groups = defaultdict(list)
        for case in rule.cases:
            found = decide(plugin, case.config, case.given, case.occasion, kind)
            assert _meets(found, case.expect), f"{case.name}: expected {case.expect}, found {found}"
            clocks = [one["name"] for one in plan(plugin, case.config, kind)["inputs"] if one["source"] == "clock"]
            company = json.dumps([case.config, [case.given.get(clock) for clock in clocks]])
            groups[company].append((case, found))
        for group in groups.values():
            for order in (group, group[::-1]):
                contacts = [{"given": case.given, "occasion": case.occasion} for case, _ in order]
                together = decide_all(plugin, group[0][0].config, contacts, kind)
                assert together == [found for _, found in order], "an answer depends on who else is in the batch"


__all__ = ["check_cases", "decide", "decide_all", "plan"]
