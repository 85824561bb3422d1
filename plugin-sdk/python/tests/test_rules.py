"""Run from the SDK's folder: python3 -m unittest tests/test_rules.py"""

import json
import random
import sys
import time
import unittest
from datetime import datetime, timezone
from pathlib import Path

import signalbox as sdk
from signalbox.testing import check_cases, decide, decide_all, plan

sys.path.insert(0, str(Path(__file__).parent.parent / "template"))
import personalizer  # noqa: E402
import segment  # noqa: E402
import trigger  # noqa: E402


def plugin_of(inputs, decide_row):
    """A plugin of one segment."""

    class Saying(sdk.Segment):
        reasons = {"said": "Said"}

        def plan(self, config):
            return sdk.Plan(inputs)

        def decide(self, config, contact):
            return decide_row(contact)

    return sdk.Plugin(name="test", version="1.0.0", title="Test", summary="Says what it sees.", rules=[Saying()])


def said(inputs, say, given=None):
    """What `say` makes of a contact, which the rule answers as its failure."""

    def decide_row(contact):
        raise ValueError(json.dumps(say(contact), default=str, ensure_ascii=False))

    return decide(plugin_of(inputs, decide_row), {}, given)["failed"]


class RulesTest(unittest.TestCase):
    def test_the_templates_cases_come_out_as_they_say(self):
        for module in (personalizer, segment, trigger):
            check_cases(module.plugin)

    def test_exactly_the_threshold_is_under_it(self):
        verdict = decide(segment.plugin, {"threshold": 100}, {"spent": 100})
        self.assertEqual(verdict, {"member": False, "reason": "under"})

    def test_a_plan_is_the_contracts_document(self):
        inputs = {
            "a": sdk.attribute("country", "text"),
            "b": sdk.count(sdk.Events("order_completed", where={"plan": "gold"}, within="90d")),
            "c": sdk.last_field("page_viewed", "url", "text"),
            "d": sdk.recent("order_completed", 3),
            "e": sdk.table("prices", key_input="a", rows_max=5),
            "f": sdk.clock(),
        }
        where = [{"field": "plan", "operator": "eq", "value": "gold"}]
        found = plan(plugin_of(inputs, None), {})
        self.assertEqual(
            [(one["name"], one["source"], one["type"]) for one in found["inputs"]],
            [
                ("a", {"attribute": "country"}, "text"),
                ("b", {"count": {"event": "order_completed", "where": where, "within": "90d"}}, "integer"),
                ("c", {"last": {"of": {"event": "page_viewed"}, "field": "url"}}, "text"),
                ("d", {"recent": {"of": {"event": "order_completed"}, "count": 3}}, "json"),
                ("e", {"table": {"table": "prices", "key_input": "a", "rows_max": 5}}, "json"),
                ("f", "clock", "instant"),
            ],
        )

    def test_a_plan_that_cannot_be_is_refused_in_words(self):
        many = {f"i{number}": sdk.attribute("a", "text") for number in range(65)}
        with self.assertRaisesRegex(ValueError, "this reads 65 different values, at most 64 are allowed"):
            plan(plugin_of(many, None), {})
        with self.assertRaisesRegex(ValueError, "the type 'string', known are number"):
            plan(plugin_of({"a": sdk.attribute("a", "string")}, None), {})

    def test_values_have_their_types_and_what_is_missing_is_none(self):
        types = ["number", "integer", "text", "boolean", "instant", "json", "any"]
        inputs = {name: sdk.attribute(name, name) for name in types}

        def say(contact):
            return [contact.value(name) for name in types]

        given = {
            "number": 0,
            "integer": 2**60 + 1,
            "text": "",
            "boolean": False,
            "instant": "2026-02-03T04:05:06Z",
            "json": {"a": [1]},
            "any": "é😀",
        }
        expected = '[0.0, 1152921504606846977, "", false, "2026-02-03 04:05:06+00:00", {"a": [1]}, "é😀"]'
        self.assertEqual(said(inputs, say, given), expected)
        self.assertEqual(said(inputs, say), json.dumps([None] * 7))
        other = {"number": "1", "integer": 1.5, "text": 1, "boolean": 0, "instant": "soon"}
        self.assertEqual(said(inputs, say, other), json.dumps([None] * 7))

    def test_mistakes_in_reading_are_that_contacts_failure(self):
        inputs = {"n": sdk.attribute("n", "number"), "any": sdk.attribute("any", "any")}

        def reading(read):
            return said(inputs, read, {"n": 1, "any": "text"})

        missing = "the rule reads the input 'm', which its plan does not declare"
        self.assertEqual(reading(lambda contact: contact.number("m")), missing)
        other = "the rule reads the input 'n' as text, its plan says number"
        self.assertEqual(reading(lambda contact: contact.text("n")), other)
        self.assertEqual(reading(lambda contact: contact.number("any")), "null")
        self.assertIn("reads its seed", reading(lambda contact: contact.random()))

    def test_one_contacts_failure_leaves_the_others_verdicts(self):
        plugin = plugin_of(
            {"n": sdk.attribute("n", "number")},
            lambda contact: sdk.inside("said") if contact.number("n") > 1 else 1 / 0,
        )
        answers = decide_all(plugin, {}, [{"given": {"n": 2}}, {"given": {"n": 1}}, {}])
        self.assertEqual(answers[0], {"member": True, "reason": "said"})
        self.assertEqual(answers[1], {"failed": "division by zero"})
        self.assertIn("NoneType", answers[2]["failed"])

    def test_what_would_end_a_process_is_a_failure(self):
        def leave(_):
            raise SystemExit("enough")

        self.assertEqual(decide(plugin_of({}, leave), {}), {"failed": "enough"})

    def test_what_is_no_verdict_is_a_failure(self):
        def answer(make):
            return decide(plugin_of({}, lambda _: make()), {})["failed"]

        self.assertEqual(answer(lambda: None), "decide must return a verdict of a segment, not None")
        self.assertIn("decide must return a verdict of a segment", answer(lambda: sdk.enter("said")))
        self.assertEqual(answer(lambda: sdk.inside("sad")), "the reason 'sad' is not declared")
        self.assertIn("with a time zone", answer(lambda: sdk.inside("said", recheck_at=datetime(2026, 1, 1))))

    def test_time_and_chance_are_the_declared_inputs_and_nothing_else(self):
        both = {"clock": sdk.clock(), "seed": sdk.seed()}
        clock = "2026-05-01T12:00:00Z"
        now = datetime.fromisoformat("2026-05-01T12:00:00+00:00")

        def say(contact):
            import datetime as module

            is_now = module.datetime.now(timezone.utc) == now and contact.clock() == now
            drawn = random.random() == contact.random().random() and random.random() != random.random()
            return [time.time() == now.timestamp(), is_now, module.date.today() == now.date(), drawn]

        self.assertEqual(said(both, say, {"clock": clock}), "[true, true, true, true]")
        self.assertIn("declare the input clock()", said({}, lambda _: time.time()))
        self.assertIn("declare the input seed()", said({}, lambda _: random.choice([1, 2])))
        self.assertGreater(time.time(), now.timestamp() - 10**9, "the test's own is back")

    def test_what_is_printed_is_lost(self):
        self.assertEqual(said({}, lambda _: print("x")), "null")


if __name__ == "__main__":
    unittest.main()
