"""Answers with what it was given; see README.md."""

import struct

from signalbox import Case, Personalizer, Plan, Plugin, attribute, clock, personalize

TYPES = ["number", "integer", "text", "boolean", "instant", "json", "any"]


def bits(number):
    return struct.pack(">d", number).hex()


def any_of(value):
    if isinstance(value, bool):
        return f"boolean {str(value).lower()}"
    if isinstance(value, int):
        return f"integer {value}"
    if isinstance(value, float):
        return f"number {bits(value)}"
    return f"text {value}" if isinstance(value, str) else f"json {value['x']}"


READ = {
    "number": lambda contact: bits(contact.number("number")),
    "integer": lambda contact: str(contact.integer("integer")),
    "text": lambda contact: contact.text("text"),
    "boolean": lambda contact: contact.boolean("boolean"),
    "instant": lambda contact: str(round(contact.instant("instant").timestamp() * 1000)),
    "json": lambda contact: contact.json("json")["x"],
    "any": lambda contact: any_of(contact.value("any")),
}


class Echo(Personalizer):
    reasons = {"echoed": "Echoed"}

    def plan(self, config):
        return Plan({name: attribute(name, name) for name in TYPES} | {"clock": clock()})

    def decide(self, config, contact):
        text = contact.text("text")
        if text == "fail":
            raise ValueError("on purpose: é")
        there = [name for name in TYPES if contact.value(name) is not None]
        values = {name: READ[name](contact) for name in there}
        return personalize("echoed", values, subject=text or None, send_at=contact.clock())

    cases = [Case("nothing", config={}, expect={"values": {}, "reason": "echoed"})]


plugin = Plugin(
    name="conformance",
    version="1.0.0",
    title="Conformance",
    summary="Answers with what it was given.",
    rules=[Echo()],
)
