"""What a check is: its name, the rule it stands for, how bad a breach is, how to mend it, and how to find one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tallyroll.release.pair import Pair
from tallyroll.release.report import Outcome

FAIL = Outcome.FAIL
WARN = Outcome.WARN


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where; `outcome` where it differs from the check's own."""

    what: str
    where: tuple[str, ...] = ()
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A check. `rule` is what it passes on; `limits` says where it is weaker or stricter than the department's."""

    name: str
    worst: Outcome
    rule: str
    mend: str
    find: Callable[[Pair], Iterable[Fault]]
    limits: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """Checks that run together; when one fails, no later stage runs."""

    name: str
    title: str
    checks: tuple[Check, ...]


def listed(names: Iterable[str]) -> str:
    """Names for a message: at most ten, and how many more there are."""
    every = list(names)
    shown = ", ".join(f"'{name}'" for name in every[:10])
    return f"{shown} and {len(every) - 10} more" if len(every) > 10 else shown


def fault_if(found: Iterable[str], say: str, where: Callable[[list[str]], tuple[str, ...]]) -> Iterator[Fault]:
    """One fault when anything was found: `say` holds `{}` for what it was."""
    every = list(found)
    if every:
        yield Fault(say.format(listed(every)), where(every))
