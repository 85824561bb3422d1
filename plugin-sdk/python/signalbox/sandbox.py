"""In place of the language's own clock, chance and output, which trap in a component.

`plugin` tells it what the row at hand declared; `testing` installs it around a rule that runs natively. In a
component `install` is called for good, before the rule's own module is imported.
"""

import contextlib
import datetime
import random
import sys
import time

_clock_ms = None
_contact_random = None

_REAL_DATETIME = datetime.datetime
_REAL_DATE = datetime.date
_CLOCKS = ("time", "monotonic", "perf_counter", "process_time")
_DRAWS = (
    "betavariate choice choices expovariate gauss getrandbits lognormvariate normalvariate paretovariate randbytes "
    "randint random randrange sample shuffle triangular uniform vonmisesvariate weibullvariate"
).split()


def provide(clock_ms, contact_random):
    """Sets what the clock and `random` answer from; `None` where the plan declares no such input."""
    global _clock_ms, _contact_random
    _clock_ms = clock_ms
    _contact_random = contact_random


def _now_ms():
    if _clock_ms is None:
        raise RuntimeError("there is no time here: declare the input clock() in the plan")
    return _clock_ms


def _seconds():
    return _now_ms() / 1000


def _nanoseconds():
    return _now_ms() * 1_000_000


def _drawing(name):
    def draw(*args, **kwargs):
        if _contact_random is None:
            raise RuntimeError("there is no chance here: declare the input seed() in the plan")
        return getattr(_contact_random(), name)(*args, **kwargs)

    return draw


class _Same(type):
    """So that `isinstance` means the real class."""

    def __instancecheck__(cls, instance):
        return isinstance(instance, cls.__mro__[1])


class _Datetime(_REAL_DATETIME, metaclass=_Same):
    @classmethod
    def now(cls, tz=None):
        now = _REAL_DATETIME.fromtimestamp(_seconds(), datetime.timezone.utc)
        return now.astimezone(tz) if tz else now.replace(tzinfo=None)

    @classmethod
    def utcnow(cls):
        return cls.now()

    @classmethod
    def today(cls):
        return cls.now()


class _Date(_REAL_DATE, metaclass=_Same):
    @classmethod
    def today(cls):
        return _Datetime.now().date()


class _Nowhere:
    """Takes what is printed."""

    encoding = "utf-8"

    def write(self, text):
        return len(text)

    def flush(self):
        pass


def _replacements():
    yield from ((time, name, _seconds) for name in _CLOCKS)
    yield from ((time, f"{name}_ns", _nanoseconds) for name in _CLOCKS)
    yield from ((random, name, _drawing(name)) for name in _DRAWS)
    yield datetime, "datetime", _Datetime
    yield datetime, "date", _Date
    yield sys, "stdout", _Nowhere()
    yield sys, "stderr", _Nowhere()


def install():
    """Puts the replacements in place; answers what they replaced."""
    before = []
    for module, name, replacement in _replacements():
        before.append((module, name, getattr(module, name)))
        setattr(module, name, replacement)
    return before


@contextlib.contextmanager
def installed():
    """As in a component for a while; for native tests."""
    before = install()
    try:
        yield
    finally:
        for module, name, real in before:
            setattr(module, name, real)
