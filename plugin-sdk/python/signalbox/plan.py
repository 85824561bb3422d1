"""What a rule asks for: builders of the inputs and occasions that `plan` answers with."""

from dataclasses import dataclass, field
from typing import Any

INPUTS_MAX = 64
"""Most inputs of one plan."""
OCCASIONS_MAX = 16
"""Most occasions of one plan."""

TYPES = ("number", "integer", "text", "boolean", "instant", "json", "any")
"""The types of inputs. A value of another type counts as missing; `any` gives each contact's value its own."""


@dataclass(frozen=True)
class Input:
    """An input: where its value comes from, and its type."""

    source: Any
    type: str


Occasion = str | dict
"""`"start"`, `"due"`, what `on_event` makes, or `{"attribute_changed": ..}`, `{"segment_entered": ..}` and so on."""


@dataclass(frozen=True)
class Events:
    """Events of the contact's history: by name, with conditions and a rolling window such as `90d`, `36h` or `2w`.

    `where` is a list of conditions, or a dictionary of fields that must have these values. Windows are better than
    the clock: the host knows when a window's count changes.
    """

    event: str
    where: dict | list | None = None
    within: str | None = None

    def selection(self) -> dict:
        """As the contract has it."""
        found: dict = {"event": self.event}
        if self.where:
            found["where"] = conditions(self.where)
        if self.within is not None:
            found["within"] = self.within
        return found


def condition(name: str, operator: str, value: Any) -> dict:
    """One condition on a field of an event: `eq`, `ne`, `gt`, `gte`, `lt`, `lte`, `in`, `contains` or `exists`."""
    return {"field": name, "operator": operator, "value": value}


def conditions(where: dict | list) -> list:
    """A list of conditions, which a dictionary of values is short for."""
    if isinstance(where, dict):
        return [condition(name, "eq", value) for name, value in where.items()]
    return where


def _selection(events: Events | str) -> dict:
    return (Events(events) if isinstance(events, str) else events).selection()


def attribute(name: str, type: str) -> Input:
    """An attribute of the contact, as it is now."""
    return Input({"attribute": name}, type)


def event_field(name: str, type: str) -> Input:
    """A field of the occasion's event; on `due` of the event that armed."""
    return Input({"event_field": name}, type)


def occurred_at() -> Input:
    """When that same event occurred."""
    return Input("occurred_at", "instant")


def count(of: Events | str) -> Input:
    """How many such events there are. Never missing: none is 0."""
    return Input({"count": _selection(of)}, "integer")


def sum_of(of: Events | str, field: str) -> Input:
    """The sum of a numeric field; missing where no such event has one."""
    return Input({"sum": {"of": _selection(of), "field": field}}, "number")


def first(of: Events | str) -> Input:
    """When the first such event occurred."""
    return Input({"first": {"of": _selection(of)}}, "instant")


def first_field(of: Events | str, field: str, type: str) -> Input:
    """A field of the first such event."""
    return Input({"first": {"of": _selection(of), "field": field}}, type)


def last(of: Events | str) -> Input:
    """When the last such event occurred."""
    return Input({"last": {"of": _selection(of)}}, "instant")


def last_field(of: Events | str, field: str, type: str) -> Input:
    """A field of the last such event."""
    return Input({"last": {"of": _selection(of), "field": field}}, type)


def recent(of: Events | str, most: int) -> Input:
    """The most recent such events, 1 to 100, newest first: a list of `occurred_at` and `fields`, read by `json`."""
    return Input({"recent": {"of": _selection(of), "count": most}}, "json")


def member_of(segment: str) -> Input:
    """Whether the contact is in the segment of this name."""
    return Input({"segment": segment}, "boolean")


def kept(name: str, type: str) -> Input:
    """A value that an earlier step or journey kept."""
    return Input({"kept": name}, type)


def arm_taken(step: str) -> Input:
    """The arm that the journey took at a step: its name, the step or event it stands for, or `otherwise`."""
    return Input({"arm_taken": step}, "text")


def table(name: str, key_input: str | None = None, order_by: str | None = None, rows_max: int | None = None) -> Input:
    """Rows of a reference table: all of a small one, or those looked up; a list of dictionaries, read by `json`."""
    selection = {"table": name, "key_input": key_input, "order_by": order_by, "rows_max": rows_max}
    return Input({"table": {key: value for key, value in selection.items() if value is not None}}, "json")


def occasion() -> Input:
    """Which of several occasions it is; read by `Contact.occasion`."""
    return Input("occasion", "integer")


def arm_key() -> Input:
    """The key of the arm that fired; missing on any other occasion."""
    return Input("arm_key", "text")


def clock() -> Input:
    """The time of the journey; read by `Contact.clock`. A segment must then say `recheck_at`."""
    return Input("clock", "instant")


def seed() -> Input:
    """64 bits that are the same at each re-execution; read by `Contact.random`."""
    return Input("seed", "integer")


def on_event(event: str, where: dict | list | None = None) -> Occasion:
    """The occasion of such an event."""
    return {"event": Events(event, where).selection()}


@dataclass(frozen=True)
class Plan:
    """What a rule reads, by the names that `decide` and cases use, and on what a trigger is asked."""

    inputs: dict[str, Input] = field(default_factory=dict)
    occasions: list[Occasion] = field(default_factory=list)

    def document(self) -> dict:
        """As the contract has it.

        Raises `ValueError` where the host would refuse it.
        """
        if len(self.inputs) > INPUTS_MAX:
            raise ValueError(f"this reads {len(self.inputs)} different values, at most {INPUTS_MAX} are allowed")
        if len(self.occasions) > OCCASIONS_MAX:
            raise ValueError(f"this has {len(self.occasions)} occasions, at most {OCCASIONS_MAX} are allowed")
        for name, wanted in self.inputs.items():
            if wanted.type not in TYPES:
                raise ValueError(f"the input {name!r} has the type {wanted.type!r}, known are {', '.join(TYPES)}")
        inputs = [{"name": name, "source": wanted.source, "type": wanted.type} for name, wanted in self.inputs.items()]
        return {"format": 1, "inputs": inputs, "occasions": self.occasions}

    def name_of(self, source: str) -> str | None:
        """The name of the input with that source."""
        return next((name for name, wanted in self.inputs.items() if wanted.source == source), None)
