"""Whether a contact's engagement rises, holds, falls or has gone silent, by one window against the one before it."""

from signalbox import Case, Events, Plan, Plugin, Segment, count, inside, outside

DEFAULT_SIGNALS = [
    {"event": "message_opened"},
    {"event": "message_clicked", "weight": 3},
]
DEFAULT_DAYS = 30
DEFAULT_CHANGE_PERCENT = 25
DEFAULT_POINTS_MIN = 3
TRENDS = ["rising", "steady", "falling", "silent"]


def trend(now, before, change_percent, points_min):
    """The trend as a code, given the points of both windows."""
    if now == 0 and before == 0:
        return "never"
    if max(now, before) < points_min:
        return "too_little"
    if now == 0:
        return "silent"
    if now * 100 >= before * (100 + change_percent):
        return "rising"
    if now * 100 <= before * (100 - change_percent):
        return "falling"
    return "steady"


def shown(name, opens, clicks, reason, trends=("falling", "silent"), **config):
    """A case with the default signals: of each those in the last window, and those in both."""
    inputs = ("now_0", "both_0", "now_1", "both_1")
    return Case(
        name,
        config={"trends": list(trends)} | config,
        given=dict(zip(inputs, (*opens, *clicks), strict=True)),
        expect={"member": reason in trends, "reason": reason},
    )


class EngagementTrend(Segment):
    config_schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Engagement trend",
        "type": "object",
        "additionalProperties": False,
        "required": ["trends"],
        "properties": {
            "trends": {
                "type": "array",
                "items": {"type": "string", "enum": TRENDS},
                "minItems": 1,
                "uniqueItems": True,
                "title": "Trends",
                "description": "Who is in: contacts whose engagement rises, holds, falls, or ended.",
            },
            "days": {
                "type": "integer",
                "minimum": 1,
                "maximum": 365,
                "default": DEFAULT_DAYS,
                "title": "Days",
                "description": "The last so many days are held against as many days before them.",
            },
            "change_percent": {
                "type": "integer",
                "minimum": 1,
                "maximum": 99,
                "default": DEFAULT_CHANGE_PERCENT,
                "title": "Change in percent",
                "description": "A smaller change counts as steady.",
            },
            "points_min": {
                "type": "integer",
                "minimum": 1,
                "maximum": 1000000,
                "default": DEFAULT_POINTS_MIN,
                "title": "Least points",
                "description": "With fewer points in both windows there is too little to tell a trend by.",
            },
            "signals": {
                "type": "array",
                "minItems": 1,
                "maxItems": 10,
                "default": DEFAULT_SIGNALS,
                "title": "Signals",
                "description": "What counts as engagement, and how much.",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["event"],
                    "properties": {
                        "event": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 64,
                            "title": "Event",
                            "description": "The name of the event.",
                        },
                        "weight": {
                            "type": "integer",
                            "minimum": 1,
                            "maximum": 1000,
                            "default": 1,
                            "title": "Weight",
                            "description": "How many points one such event is.",
                        },
                    },
                },
            },
        },
    }

    reasons = {
        "rising": "Engages more than before",
        "steady": "Engages about as much as before",
        "falling": "Engages less than before",
        "silent": "Engaged before, and no longer does",
        "too_little": "Too little engagement to tell a trend by",
        "never": "No engagement in either window",
    }

    # Rolling windows, and no clock: the host knows when a count in them changes.
    def plan(self, config):
        days = config.get("days", DEFAULT_DAYS)
        inputs = {}
        for index, signal in enumerate(config.get("signals", DEFAULT_SIGNALS)):
            inputs[f"now_{index}"] = count(Events(signal["event"], within=f"{days}d"))
            inputs[f"both_{index}"] = count(Events(signal["event"], within=f"{2 * days}d"))
        return Plan(inputs)

    def decide(self, config, contact):
        now = before = 0
        for index, signal in enumerate(config.get("signals", DEFAULT_SIGNALS)):
            weight = signal.get("weight", 1)
            lately = contact.count(f"now_{index}")
            now += weight * lately
            before += weight * (contact.count(f"both_{index}") - lately)
        found = trend(
            now,
            before,
            config.get("change_percent", DEFAULT_CHANGE_PERCENT),
            config.get("points_min", DEFAULT_POINTS_MIN),
        )
        return inside(found) if found in config["trends"] else outside(found)

    cases = [
        shown("opens fell by half", (4, 12), (0, 0), "falling"),
        shown("opens doubled", (8, 12), (0, 0), "rising"),
        shown("a click is worth three opens", (0, 3), (1, 1), "steady"),
        shown("a fourth less is a fall", (6, 14), (0, 0), "falling"),
        shown("a little less than a fourth is not", (7, 16), (0, 0), "steady"),
        shown("a fourth more is a rise", (10, 18), (0, 0), "rising", trends=["rising"]),
        shown("opened before, and no longer", (0, 5), (0, 0), "silent"),
        shown("began to open", (5, 5), (0, 0), "rising", trends=["rising"]),
        shown("two opens tell nothing", (0, 2), (0, 0), "too_little"),
        shown("two opens tell something if that is asked for", (0, 2), (0, 0), "silent", points_min=2),
        shown("nothing at all", (0, 0), (0, 0), "never"),
        shown("a greater change is wanted", (4, 12), (0, 0), "steady", trends=["steady"], change_percent=60),
        Case(
            "other signals",
            config={
                "trends": ["rising"],
                "days": 7,
                "signals": [{"event": "product_viewed"}, {"event": "cart_updated", "weight": 5}],
            },
            given={"now_0": 2, "both_0": 8, "now_1": 1, "both_1": 1},
            expect={"member": False, "reason": "steady"},
        ),
    ]


plugin = Plugin(
    name="engagement_trend",
    version="1.0.0",
    title="Engagement trend",
    summary="Who engages more, as much, or less than in the same number of days before, and who has gone silent.",
    rules=[EngagementTrend()],
)
