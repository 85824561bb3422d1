"""What a rule is, and what answers the contract for it without letting an exception out."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from . import sandbox
from .contact import Batch, Column, Contact
from .plan import Plan
from .verdict import PersonalizerVerdict, SegmentVerdict, TriggerVerdict

Verdict = SegmentVerdict | TriggerVerdict | PersonalizerVerdict


@dataclass(frozen=True)
class Case:
    """An example, run before the server lets a version in.

    `given` holds values by the names of inputs, instants as RFC 3339 texts; one that is not named is missing. `expect`
    is the verdict as `signalbox plugin check` prints it; only members named here are compared. `occasion` is the index
    of a trigger's occasion.
    """

    name: str
    config: Any
    expect: dict
    given: dict = field(default_factory=dict)
    occasion: int = 0


class Rule:
    """A rule of the kind that its base class says."""

    kind: ClassVar[str]
    verdict: ClassVar[type]

    config_schema: ClassVar[dict] = {"type": "object", "additionalProperties": False}
    """JSON Schema (2020-12) of the config, of which the form is made; without it there is nothing to fill in."""
    reasons: ClassVar[dict[str, str]]
    """Why the rule decides as it does: a stable code in snake_case, and a title for people. At most 64."""
    cases: ClassVar[list[Case]] = []
    """Examples with their expected verdicts."""

    def plan(self, config: Any) -> Plan:
        """Which inputs it wants. What is raised here is shown to the person who wrote the config."""
        raise NotImplementedError("the rule has no `plan`")

    def decide(self, config: Any, contact: Contact) -> Any:
        """Decides on one contact, by nothing but its arguments. What is raised is that contact's failure."""
        raise NotImplementedError("the rule has no `decide`")


class Trigger(Rule):
    """Decides who enters a workflow."""

    kind = "trigger"
    verdict = TriggerVerdict


class Segment(Rule):
    """Decides who is in or out."""

    kind = "segment"
    verdict = SegmentVerdict


class Personalizer(Rule):
    """Chooses what a message says."""

    kind = "personalizer"
    verdict = PersonalizerVerdict


@dataclass(frozen=True)
class Failed:
    """A failure of one contact, as a text for people."""

    message: str


def message_of(error: BaseException) -> str:
    """What was raised, as a text for people."""
    return str(error) or type(error).__name__


class Plugin:
    """A plugin of at most one rule of each kind.

    `name` is what bindings choose by (small letters, digits, `_` and `-`), `version` the semantic version of this file,
    `summary` one or two sentences for people.
    """

    def __init__(self, *, name: str, version: str, title: str, summary: str, rules: list[Rule]):
        self.rules = {rule.kind: rule for rule in rules}
        self._codes = {rule.kind: {code: index for index, code in enumerate(rule.reasons)} for rule in rules}
        self.description = {
            "format": 1,
            "name": name,
            "version": version,
            "title": title,
            "summary": summary,
            "rules": {rule.kind: _described(rule) for rule in rules},
        }

    def describe(self) -> str:
        """The plugin in its own words, as the server asks for it."""
        return json.dumps(self.description)

    def plan(self, kind: str, config: str) -> str:
        """The plan as the server asks for it. Raises what the rule says of a bad config."""
        return json.dumps(self.rules[kind].plan(json.loads(config)).document())

    def decide(self, kind: str, config: str, rows: int, columns: list[Column]) -> list[tuple[Verdict, int] | Failed]:
        """For every row its verdict with the index of its reason, or its failure."""
        rule = self.rules[kind]
        try:
            parsed = json.loads(config)
            batch = Batch(columns, rule.plan(parsed))
            return [self._decide_row(rule, parsed, batch, row) for row in range(rows)]
        except BaseException as error:
            return [Failed(message_of(error))] * rows
        finally:
            sandbox.provide(None, None)

    def _decide_row(self, rule: Rule, config: Any, batch: Batch, row: int) -> tuple[Verdict, int] | Failed:
        contact = Contact(batch, row)
        sandbox.provide(batch.clock_ms, None if batch.seed_name is None else _once(contact.random))
        try:
            verdict = rule.decide(config, contact)
            if not isinstance(verdict, rule.verdict):
                raise TypeError(f"decide must return a verdict of a {rule.kind}, not {verdict!r}")
            reason = self._codes[rule.kind].get(verdict.reason)
            if reason is None:
                raise LookupError(f"the reason {verdict.reason!r} is not declared")
            return verdict, reason
        except BaseException as error:  # what ends a process, such as SystemExit, must not get out either
            return Failed(message_of(error))


def _once(make):
    """One generator a contact, made only where somebody draws."""
    made = []

    def get():
        if not made:
            made.append(make())
        return made[0]

    return get


def _described(rule: Rule) -> dict:
    return {
        "config_schema": rule.config_schema,
        "reasons": [{"code": code, "title": title} for code, title in rule.reasons.items()],
        "cases": [asdict(case) for case in rule.cases],
    }
