"""Contacts who spent more than a threshold in 90 days."""

from signalbox import Case, Events, Plan, Plugin, Segment, inside, outside, sum_of


class BigSpender(Segment):
    # What the marketer fills in: titles and descriptions become the form.
    config_schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["threshold"],
        "properties": {
            "threshold": {
                "type": "number",
                "minimum": 0,
                "title": "Threshold",
                "description": "How much a contact must have spent in 90 days.",
            },
        },
    }

    reasons = {
        "over": "Spent more than the threshold",
        "under": "Spent less than the threshold",
        "nothing": "Never bought anything",
    }

    # Which values it wants to see. It is given these and nothing else.
    def plan(self, config):
        return Plan({"spent": sum_of(Events("order_completed", within="90d"), "value")})

    # What it says about one contact.
    def decide(self, config, contact):
        spent = contact.number("spent")
        if spent is None:
            return outside("nothing")
        return inside("over") if spent > config["threshold"] else outside("under")

    # Examples: a version whose examples come out otherwise never serves.
    cases = [
        Case(
            "spent more",
            config={"threshold": 100},
            given={"spent": 120.5},
            expect={"member": True, "reason": "over"},
        ),
        Case(
            "never bought",
            config={"threshold": 100},
            expect={"member": False, "reason": "nothing"},
        ),
    ]


plugin = Plugin(
    name="big_spender",
    version="1.0.0",
    title="Big spenders",
    summary="Contacts who spent more than a threshold in 90 days.",
    rules=[BigSpender()],
)
