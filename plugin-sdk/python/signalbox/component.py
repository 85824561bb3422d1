"""Between the contract's own types, as componentize-py generates them, and the plugin's.

`signalbox plugin build` imports it in the component only: nowhere else are there generated types.
"""

from componentize_py_types import Err, Ok

from . import sandbox

sandbox.install()

from .contact import Column  # noqa: E402
from .plugin import Failed, message_of  # noqa: E402


def _kind(value) -> str:
    """`ColumnValues_Numbers` is "numbers", `Value_Text` is "text"."""
    return type(value).__name__.rpartition("_")[2].lower()


def _tagged(value):
    return _kind(value), value.value


def _column(column) -> Column:
    kind = _kind(column.values)
    if kind == "absent":
        return Column(kind, (), ())
    values = column.values.value
    if kind == "constant":
        values = _tagged(values)
    elif kind == "mixed":
        values = [_tagged(value) for value in values]
    return Column(kind, values, column.missing)


def _segment(types, verdict, reason):
    return types.Verdict(member=verdict.member, reason=reason, recheck_at=verdict.recheck_at_ms)


def _trigger(types, verdict, reason):
    arm = verdict.arm and types.Arm(
        at=verdict.arm.at_ms(),
        key=verdict.arm.key,
        cancelled_by=[types.Cancel(event=event, conditions=where) for event, where in verdict.arm.cancels()],
    )
    return types.Verdict(enter=types.Enter(key=verdict.key) if verdict.enters else None, arm=arm, reason=reason)


def _personalizer(types, verdict, reason):
    return types.Verdict(
        values=verdict.values,
        subject=verdict.subject,
        variant=verdict.variant,
        send_at=verdict.send_at_ms,
        reason=reason,
    )


_RAISERS = {"segment": _segment, "trigger": _trigger, "personalizer": _personalizer}


def described(plugin):
    """The class that answers `describe`."""
    document = plugin.describe()

    class Plugin:
        def describe(self) -> str:
            return document

    return Plugin


def exported(plugin, kind: str, types):
    """The class that answers `plan` and `decide` of a rule; `types` is the module of its generated types."""
    raised = _RAISERS[kind]

    def answer(found):
        return Err(found.message) if isinstance(found, Failed) else Ok(raised(types, *found))

    class Rule:
        def plan(self, config: str) -> str:
            try:
                return plugin.plan(kind, config)
            except BaseException as error:
                raise Err(message_of(error)) from None

        def decide(self, config: str, batch) -> list:
            columns = [_column(column) for column in batch.columns]
            return [answer(found) for found in plugin.decide(kind, config, batch.rows, columns)]

    return Rule
