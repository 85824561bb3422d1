"""Answers with what it was given; see README.md."""

import struct

from signalbox import (
    Arm,
    Case,
    Events,
    Personalizer,
    Plan,
    Plugin,
    Segment,
    Trigger,
    arm,
    arm_key,
    attribute,
    clock,
    count,
    enter,
    event_field,
    inside,
    last,
    nothing,
    occasion,
    on_event,
    outside,
    personalize,
    sum_of,
)

FAILURE = "on purpose: é"
TYPES = ["number", "integer", "text", "boolean", "instant", "json", "any"]
ATTRIBUTES = {name: attribute(name, name) for name in TYPES}


def bits(number):
    return struct.pack(">d", number).hex()


def milliseconds(instant):
    return str(round(instant.timestamp() * 1000))


def any_of(value):
    if isinstance(value, bool):
        return f"boolean {str(value).lower()}"
    if isinstance(value, int):
        return f"integer {value}"
    if isinstance(value, float):
        return f"number {bits(value)}"
    return f"text {value}" if isinstance(value, str) else f"json {value['x']}"


READ = {
    "number": lambda contact: (contact.number("number"), bits),
    "integer": lambda contact: (contact.integer("integer"), str),
    "text": lambda contact: (contact.text("text"), str),
    "boolean": lambda contact: (contact.boolean("boolean"), lambda value: str(value).lower()),
    "instant": lambda contact: (contact.instant("instant"), milliseconds),
    "json": lambda contact: (contact.json("json"), lambda value: value["x"]),
    "any": lambda contact: (contact.value("any"), any_of),
    "count": lambda contact: (contact.count("count"), str),
    "sum": lambda contact: (contact.number("sum"), bits),
    "last": lambda contact: (contact.instant("last"), milliseconds),
}


def shown(contact, name):
    """The value of an input as a text from which nothing is lost."""
    value, show = READ[name](contact)
    return None if value is None else show(value)


class Asked(Trigger):
    reasons = {
        "nothing": "Nothing",
        "entered": "Entered",
        "armed": "Armed",
        "both": "Entered and armed",
        "fired": "Fired",
    }

    def plan(self, config):
        inputs = {
            "occasion": occasion(),
            "arm_key": arm_key(),
            "do": event_field("do", "text"),
            "key": event_field("key", "text"),
            "at": event_field("at", "instant"),
        }
        return Plan(inputs, occasions=[on_event("asked"), "due"])

    def decide(self, config, contact):
        if contact.is_due():
            return enter("fired", key=contact.text("arm_key"))
        do, key = contact.text("do"), contact.text("key")
        if do == "fail":
            raise ValueError(FAILURE)
        if do == "enter":
            return enter("entered", key=key)
        if do not in ("arm", "both"):
            return nothing("nothing")
        cancels = ["stopped", Events("upgraded", where={"plan": "gold é"})]
        wanted = Arm(contact.instant("at"), key=key or "", cancelled_by=cancels)
        return arm("armed", wanted) if do == "arm" else enter("both", key=key, arm=wanted)

    cases = [Case("nothing", config={}, expect={"enter": None, "arm": None, "reason": "nothing"})]


ORDERS = Events("order_completed", within="90d")


class Compare(Segment):
    config_schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["read", "is"],
        "properties": {"read": {"type": "string"}, "is": {"type": "string"}},
    }
    reasons = {"missing": "Missing", "same": "The same", "other": "Another"}

    def plan(self, config):
        orders = {"count": count(ORDERS), "sum": sum_of(ORDERS, "value"), "last": last(ORDERS)}
        return Plan(ATTRIBUTES | {"until": attribute("until", "instant")} | orders | {"clock": clock()})

    def decide(self, config, contact):
        if contact.text("text") == "fail":
            raise ValueError(FAILURE)
        text, until = shown(contact, config["read"]), contact.instant("until")
        if text is None:
            return outside("missing", recheck_at=until)
        if text == config["is"]:
            return inside("same", recheck_at=until)
        return outside("other", recheck_at=until)

    cases = [Case("nothing", config={"read": "text", "is": ""}, expect={"member": False, "reason": "missing"})]


class Echo(Personalizer):
    reasons = {"echoed": "Echoed"}

    def plan(self, config):
        return Plan(ATTRIBUTES | {"clock": clock()})

    def decide(self, config, contact):
        text = contact.text("text")
        if text == "fail":
            raise ValueError(FAILURE)
        values = {name: shown(contact, name) for name in TYPES} | {"boolean": contact.boolean("boolean")}
        there = {name: value for name, value in values.items() if value is not None}
        return personalize("echoed", there, subject=text or None, send_at=contact.clock())

    cases = [Case("nothing", config={}, expect={"values": {}, "reason": "echoed"})]


plugin = Plugin(
    name="conformance",
    version="1.0.0",
    title="Conformance",
    summary="Answers with what it was given.",
    rules=[Asked(), Compare(), Echo()],
)
