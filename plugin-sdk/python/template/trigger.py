"""Enters a contact when a cart is left alone: some hours after it changed, unless an order came first."""

from datetime import timedelta

from signalbox import Arm, Case, Plan, Plugin, Trigger, arm, enter, occasion, occurred_at, on_event


class LeftCart(Trigger):
    # What the marketer fills in: titles and descriptions become the form.
    config_schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["hours"],
        "properties": {
            "hours": {
                "type": "integer",
                "minimum": 1,
                "maximum": 720,
                "title": "Hours",
                "description": "How long a cart must be left alone.",
            },
        },
    }

    reasons = {
        "waiting": "Waits whether the order follows",
        "left": "Left a cart",
    }

    # Which values it wants to see, and on what it is asked. It is given these and nothing else.
    def plan(self, config):
        inputs = {"occasion": occasion(), "changed_at": occurred_at()}
        return Plan(inputs, occasions=[on_event("cart_updated"), "due"])

    # What it says about one contact: to be asked again when the time is over, unless an order takes the arm away.
    def decide(self, config, contact):
        if contact.is_due():
            return enter("left")
        at = contact.instant("changed_at") + timedelta(hours=config["hours"])
        return arm("waiting", Arm(at, key="cart", cancelled_by=["order_completed"]))

    # Examples: a version whose examples come out otherwise never serves.
    cases = [
        Case(
            "waits after the cart changed",
            config={"hours": 4},
            occasion=0,
            given={"changed_at": "2026-01-01T10:00:00Z"},
            expect={"enter": None, "arm": {"at": "2026-01-01T14:00:00Z", "key": "cart"}, "reason": "waiting"},
        ),
        Case(
            "enters when nothing was ordered",
            config={"hours": 4},
            occasion=1,
            expect={"enter": {}, "arm": None, "reason": "left"},
        ),
    ]


plugin = Plugin(
    name="left_cart",
    version="1.0.0",
    title="Left cart",
    summary="Enters a contact some hours after a cart was left alone.",
    rules=[LeftCart()],
)
