"""Retention that runs: what has been kept long enough goes, with its keys; the log says what went and what is left.

Each store has its own time in the assessment: findings, registers, tallies. Nothing is deleted of a store without one.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from tallyroll import register
from tallyroll.flows import sweeping
from tallyroll.governance import Assessments, Manifest
from tallyroll.governance.manifest.parts import Retention
from tallyroll.governance.manifest.words import Store
from tallyroll.governance.statements import Kind
from tallyroll.ledger import Log
from tallyroll.register import Forgotten, RegisterStore
from tallyroll.vocab.clock import Clock, today
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.progress import Advance, unwatched


class Item(Protocol):
    """One thing that is due: a school's year, or a tally."""

    @property
    def what(self) -> str:
        """Which one it is."""
        ...

    @property
    def since(self) -> date:
        """Since when."""
        ...

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows of it go, by kind."""
        ...

    @property
    def key(self) -> bool:
        """Whether a key goes with it."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due of one store on a day, and how it ends; `rule` is None where the assessment names no period."""

    store: Store
    rule: Retention | None
    as_of: date
    held: Mapping[str, int]
    due: tuple[Item, ...]
    forget: Callable[[datetime, Advance], Forgotten]
    inventory: Callable[[], Mapping[str, int]]

    @property
    def lacks_period(self) -> bool:
        """Whether the store holds something that nobody said the time of."""
        return self.rule is None and any(self.held.values())

    @property
    def rows(self) -> dict[str, int]:
        """How many rows go, by kind."""
        total: Counter[str] = Counter()
        for one in self.due:
            total.update(one.rows)
        return dict(total)

    @property
    def keys(self) -> int:
        """How many keys go."""
        return sum(one.key for one in self.due)


@dataclass(frozen=True, slots=True)
class Done:
    """What went of a store, and what it still holds."""

    went: Forgotten
    left: Mapping[str, int]


def rules(assessments: Assessments, collection: str) -> Manifest:
    """The newest version that ever was in force for this collection: it says how long everything may be kept.

    A suspension, a withdrawal and an expiry stop collecting and not deleting.
    Raises: UsageProblem where none ever was.
    """
    signed = [one for one in assessments.standing().history(collection).versions if one.step(Kind.ACTIVATED)]
    if not signed:
        mend = "Nothing could have been collected; see `tallyroll dpia history`."
        raise UsageProblem("No signed assessment says how long anything is kept.", where=collection, mend=mend)
    return max(signed, key=lambda one: one.number).manifest


def plan_registers(store: RegisterStore, *, rules: Manifest, as_of: date) -> tuple[Plan, Plan]:
    """What is due of findings and of registers on this day; nothing is changed. The day may lie ahead.

    Findings come first: a key stays for as long as it locks one.
    """
    return _plan_rows(store, Store.FINDINGS, rules, as_of), _plan_rows(store, Store.REGISTERS, rules, as_of)


def _plan_rows(store: RegisterStore, of: Store, rules: Manifest, as_of: date) -> Plan:
    rule, held = rules.kept(of), partial(_held, store, of)
    due = register.due(store, of=of, retention=rule.keep, as_of=as_of) if rule else ()

    def forget(now: datetime, advance: Advance) -> Forgotten:
        return register.forget(store, due, of=of, now=now, advance=advance)

    return Plan(of, rule, as_of, held(), due, forget, held)


def _held(store: RegisterStore, of: Store) -> dict[str, int]:
    """What is held of registers (with their keys and bookmarks) or of findings."""
    findings = ("finding", "round")
    counts = register.inventory(store)
    return {table: number for table, number in counts.items() if (table in findings) == (of is Store.FINDINGS)}


def plan_tallies(folders: Sequence[Path], *, rules: Manifest, as_of: date, advance: Advance = unwatched) -> Plan:
    """What is due of the tallies in these folders on this day; nothing is changed. The day may lie ahead."""
    rule, held = rules.kept(Store.TALLIES), partial(sweeping.inventory, folders)
    due = sweeping.aged(folders, retention=rule.keep, as_of=as_of, advance=advance) if rule else ()

    def forget(now: datetime, advance: Advance) -> Forgotten:
        return sweeping.sweep(folders, due, now=now, advance=advance)

    return Plan(Store.TALLIES, rule, as_of, held(), due, forget, held)


def carry_out(plan: Plan, *, log: Log, clock: Clock, advance: Advance = unwatched) -> Done | None:
    """Delete what the plan says, and write a deletion record with what is left in the log, even if nothing was due.

    The log is told before anything goes too, so that a run that was broken off shows; the next one finishes it.
    None, and no record, where the assessment names no period.
    Raises: UsageProblem when the day of the plan has not come: what is deleted early cannot be brought back.
    """
    if plan.as_of > today(clock):
        what = f"{plan.as_of} has not come: nothing is deleted before its time is over."
        mend = "Name today or an earlier day, or look ahead with --dry-run."
        raise UsageProblem(what, where="--as-of", mend=mend)
    if plan.rule is None:
        return None
    facts = {
        "store": plan.store,
        "basis": plan.rule.basis,
        "duration": plan.rule.keep.text,
        "as_of": str(plan.as_of),
        "items": len(plan.due),
    }
    if plan.due:
        log.append(at=clock.now(), event="deletion-begun", facts={**facts, "rows": plan.rows})
    went = plan.forget(clock.now(), advance)
    left = dict(plan.inventory())
    done = {"rows": dict(went.rows), "keys_destroyed": went.keys, "inventory_after": left}
    log.append(at=clock.now(), event="deleted", facts={**facts, **done})
    return Done(went, left)
