"""Greets by first name where there is one."""

from signalbox import Case, Personalizer, Plan, Plugin, attribute, personalize


class Greeting(Personalizer):
    # What the marketer fills in: titles and descriptions become the form.
    config_schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["word"],
        "properties": {
            "word": {
                "type": "string",
                "minLength": 1,
                "maxLength": 50,
                "title": "Word",
                "description": "What a greeting begins with, such as Hello.",
            },
        },
    }

    reasons = {
        "by_name": "Greeted by first name",
        "nameless": "Greeted without a name",
    }

    # Which values it wants to see. It is given these and nothing else.
    def plan(self, config):
        return Plan({"first_name": attribute("first_name", "text")})

    # What it says about one contact: the template shows it as {{ greeting }}.
    def decide(self, config, contact):
        name = contact.text("first_name")
        if name is None:
            return personalize("nameless", {"greeting": config["word"]})
        return personalize("by_name", {"greeting": f"{config['word']} {name}"})

    # Examples: a version whose examples come out otherwise never serves.
    cases = [
        Case(
            "a known name",
            config={"word": "Hello"},
            given={"first_name": "Ada"},
            expect={"values": {"greeting": "Hello Ada"}, "reason": "by_name"},
        ),
        Case(
            "no name",
            config={"word": "Hello"},
            expect={"values": {"greeting": "Hello"}, "reason": "nameless"},
        ),
    ]


plugin = Plugin(
    name="greeting",
    version="1.0.0",
    title="Greeting",
    summary="Greets by first name where there is one.",
    rules=[Greeting()],
)
