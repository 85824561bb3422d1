"""Rules for Signalbox in Python: a class, a config, two methods and one call.

A rule decides who enters an email journey (`Trigger`), who is in an audience (`Segment`) or what a message says
(`Personalizer`). It runs in a sandbox and imports nothing: it names its inputs in `plan`, receives exactly those in
`decide`, and has no clock, no files, no network and no chance but what it declared. So the same inputs give the same
verdict for ever.

What to know:
- A missing value is `None`. It is never `False` and never 0; only a count is always there.
- What is raised in `decide` becomes that one contact's failure; the others' verdicts stand.
- `time.time()` and `datetime.now()` answer from the input `clock()`, the functions of `random` from the input
  `seed()`; where the plan does not declare them they raise. `print` is silent.
- Import at the top of the module: inside a function there are no files to import from.
- Nothing survives from one batch to the next, and no answer may depend on who else is in the batch.
"""

# The sandbox comes first: it takes the clock and chance away before any other module can look at them.
from . import sandbox as _sandbox
from .contact import Contact
from .plan import (
    Events,
    Input,
    Occasion,
    Plan,
    arm_key,
    arm_taken,
    attribute,
    clock,
    condition,
    count,
    event_field,
    first,
    first_field,
    kept,
    last,
    last_field,
    member_of,
    occasion,
    occurred_at,
    on_event,
    recent,
    seed,
    sum_of,
    table,
)
from .plugin import Case, Personalizer, Plugin, Segment, Trigger
from .verdict import Arm, PersonalizerVerdict, SegmentVerdict, TriggerVerdict, arm, enter, inside, nothing, outside, personalize

__all__ = [
    "Arm",
    "Case",
    "Contact",
    "Events",
    "Input",
    "Occasion",
    "Personalizer",
    "PersonalizerVerdict",
    "Plan",
    "Plugin",
    "Segment",
    "SegmentVerdict",
    "Trigger",
    "TriggerVerdict",
    "arm",
    "arm_key",
    "arm_taken",
    "attribute",
    "clock",
    "condition",
    "count",
    "enter",
    "event_field",
    "first",
    "first_field",
    "inside",
    "kept",
    "last",
    "last_field",
    "member_of",
    "nothing",
    "occasion",
    "occurred_at",
    "on_event",
    "outside",
    "personalize",
    "recent",
    "seed",
    "sum_of",
    "table",
]
