"""What a rule reads: one contact at a time by input name, over the columns that the contract has.

Called by `plugin`. What is missing is `None`, never `False` or 0. A name that the plan does not declare, or a type that
it does not say, is a mistake in the rule: it raises, and the contact's answer is that failure.
"""

import json
from datetime import datetime
from random import Random
from typing import Any

from .plan import Plan
from .times import from_ms

_READERS = {"instant": from_ms, "json": json.loads}


class Column:
    """The values of one input for every row: a kind as the contract names it, the values, and the rows without one."""

    def __init__(self, kind: str, values: Any, missing: Any):
        self.kind = kind
        self.values = values
        self.missing = frozenset(missing)
        self.is_mixed = kind in ("mixed", "constant")
        # "numbers" holds numbers, and so on.
        self.type = kind[:-1]

    def at(self, row: int) -> tuple[str, Any] | None:
        """The value's type and the value; `None` where it is missing."""
        if self.kind == "absent" or row in self.missing:
            return None
        if self.kind == "mixed":
            return self.values[row]
        if self.kind == "constant":
            return self.values
        return self.type, self.values[row]


class Batch:
    """One or many contacts to decide on, with the plan that named their values."""

    def __init__(self, columns: list[Column], plan: Plan):
        self.plan = plan
        self.columns = dict(zip(plan.inputs, columns, strict=True))
        clock = plan.name_of("clock")
        found = None if clock is None else self.columns[clock].at(0)
        self.clock_ms = None if found is None else found[1]
        self.seed_name = plan.name_of("seed")


class Contact:
    """One contact.

    Each read answers `None` where the value is missing, and raises where the plan does not declare the input or says
    another type.
    """

    __slots__ = ("_batch", "_row")

    def __init__(self, batch: Batch, row: int):
        self._batch = batch
        self._row = row

    def _column(self, name: str) -> Column:
        column = self._batch.columns.get(name)
        if column is None:
            raise LookupError(f"the rule reads the input {name!r}, which its plan does not declare")
        return column

    def _typed(self, name: str, *types: str) -> Any:
        column = self._column(name)
        found = column.at(self._row)
        if found is None:
            return None
        found_type, value = found
        if found_type in types:
            reader = _READERS.get(found_type)
            return reader(value) if reader else value
        if column.is_mixed:
            return None
        raise TypeError(f"the rule reads the input {name!r} as {types[0]}, its plan says {found_type}")

    def value(self, name: str) -> Any:
        """The value whatever its type; JSON is parsed."""
        found = self._column(name).at(self._row)
        if found is None:
            return None
        reader = _READERS.get(found[0])
        return reader(found[1]) if reader else found[1]

    def number(self, name: str) -> float | int | None:
        """A number, whole or not."""
        return self._typed(name, "number", "integer")

    def integer(self, name: str) -> int | None:
        """A whole number."""
        return self._typed(name, "integer")

    def count(self, name: str) -> int:
        """A count, which is never missing."""
        return self._typed(name, "integer") or 0

    def text(self, name: str) -> str | None:
        """A text."""
        return self._typed(name, "text")

    def boolean(self, name: str) -> bool | None:
        """True or false."""
        return self._typed(name, "boolean")

    def instant(self, name: str) -> datetime | None:
        """An instant, in UTC."""
        return self._typed(name, "instant")

    def json(self, name: str) -> Any:
        """The parsed value of an input of type `json`."""
        return self._typed(name, "json")

    def clock(self) -> datetime:
        """The time, for a plan with `clock()`. The same for every contact of a batch."""
        return self.instant(self._declared("clock"))

    def random(self) -> Random:
        """The contact's own random numbers from their beginning, for a plan with `seed()`."""
        return Random(self.integer(self._declared("seed")))

    def occasion(self) -> Any:
        """On what a trigger is asked; where it has several occasions its plan needs the input `occasion()`."""
        occasions = self._batch.plan.occasions
        if len(occasions) == 1:
            return occasions[0]
        return occasions[self.integer(self._declared("occasion"))]

    def is_due(self) -> bool:
        """Whether the trigger is asked because its own arm fired."""
        return self.occasion() == "due"

    def _declared(self, source: str) -> str:
        name = self._batch.plan.name_of(source)
        if name is None:
            raise LookupError(f"the rule reads its {source}, which its plan does not declare")
        return name
