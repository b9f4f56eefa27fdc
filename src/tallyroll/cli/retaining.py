"""The verb of retention: what has been kept long enough, shown, then destroyed."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from tallyroll.cli.options import DryRun, Json, Now, clock, day, gate_at
from tallyroll.cli.output import err, plain, progress, say, say_json, show_table
from tallyroll.flows import retaining
from tallyroll.flows.settings import GateSettings, NodeSettings, read_gate
from tallyroll.governance import Assessments, roles
from tallyroll.register import RegisterStore
from tallyroll.vocab.clock import today
from tallyroll.vocab.errors import InputProblem, UsageProblem

_WORDS = {
    "week": "weeks",
    "roll": "rolls",
    "pupil": "lists of pupils",
    "round": "rounds",
    "finding": "findings",
    "bookmark": "bookmarks",
    "tally": "tallies",
    "cell": "cells",
    "enrolment cell": "cells of enrolments",
    "scan": "authorities' years on the scan side",
    "key": "keys",
}


def join(app: typer.Typer) -> None:
    """Add this verb to the command."""
    app.command("retain")(retain)


def retain(
    *,
    settings: Annotated[Path, typer.Option("--settings", help="The settings file of the node or the centre (TOML).")],
    tallies: Annotated[
        list[Path] | None,
        typer.Option("--tallies", help="A tally's folder, or an inbox of `tallyroll receive`; may be repeated."),
    ] = None,
    as_of: Annotated[
        str, typer.Option("--as-of", help="What is due on this day, yyyy-mm-dd; today if not given.")
    ] = "",
    now: Now = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Delete what has been kept as long as the assessment says, and destroy its keys, so that copies go too."""
    chosen, folders, when = read_gate(settings), tallies or (), clock(now)
    for folder in folders:
        if not folder.is_dir():  # one that was swept whole is gone, and a mistyped one never was: say so
            err.print(f"[yellow]Nothing was looked through at {plain(str(folder))}: there is no folder.[/]")
    on = day(as_of, "--as-of") if as_of else today(when)
    log = None if dry_run else gate_at(chosen, now).log  # first of all: it refuses a moment that has not come
    with ExitStack() as stack:
        plans = _plans(stack, chosen, folders, on, dry_run=dry_run, as_json=as_json)
        if not as_json:
            _show(plans, on)
        done: list[retaining.Done | None] = [None] * len(plans)
        if log is not None:
            for place, one in enumerate(plans):
                with progress(f"Deleting {one.store}", quiet=as_json) as advance:
                    done[place] = retaining.carry_out(one, log=log, clock=when, advance=advance)
    if as_json:
        stores = [_facts(one, made) for one, made in zip(plans, done, strict=True)]
        say_json({"as_of": on, "stores": stores})
    else:
        _say_done(plans, done)
    _check_named(plans)


def _plans(
    stack: ExitStack, chosen: GateSettings, folders: Sequence[Path], on: date, *, dry_run: bool, as_json: bool
) -> list[retaining.Plan]:
    """A plan for each store that is here; the store of registers stays open as long as the stack."""
    if not (folders or isinstance(chosen, NodeSettings)):
        what, mend = "These settings name no store, so there is nothing to look through.", "Name --tallies."
        raise UsageProblem(what, where="--settings", mend=mend)
    rules = retaining.rules(Assessments(chosen.ledger, roles.read(chosen.roles)), chosen.collection)
    plans: list[retaining.Plan] = []
    if isinstance(chosen, NodeSettings):
        store = stack.enter_context(RegisterStore(chosen.store, read_only=dry_run))
        plans += retaining.plan_registers(store, rules=rules, as_of=on)
    if folders:
        with progress("Looking through tallies", quiet=as_json) as advance:
            plans.append(retaining.plan_tallies(folders, rules=rules, as_of=on, advance=advance))
    return plans


def _show(plans: Sequence[retaining.Plan], on: date) -> None:
    """What is due, store by store."""
    head = ["store", "kept for", "starts on", "due", "since"]
    show_table(f"Due on {on}", head, [_row(one) for one in plans], numbers_from=len(head))


def _row(one: retaining.Plan) -> list[object]:
    if one.rule is None:
        return [one.store, "no period is named", "", "nothing is deleted", ""]
    since = min((item.since for item in one.due), default=None)
    counts = {**one.rows, "key": one.keys}
    return [one.store, one.rule.keep.words, one.rule.starts, _words(counts) or "nothing", since]


def _words(counts: Mapping[str, int]) -> str:
    """Counts as people say them; those of none are left out."""
    return ", ".join(f"{number:,} {_WORDS[kind]}" for kind, number in counts.items() if number)


def _say_done(plans: Sequence[retaining.Plan], done: Sequence[retaining.Done | None]) -> None:
    for one, made in zip(plans, done, strict=True):
        if made is not None:
            gone = _words({**made.went.rows, "key": made.went.keys})
            say(f"{one.store}: deleted {gone or 'nothing'}; left {_words(made.left) or 'nothing'}.")


def _facts(one: retaining.Plan, made: retaining.Done | None) -> dict[str, object]:
    """The answer for a program: a store's time, what is due of it, and what went and is left, or null."""
    rule = one.rule
    return {
        "store": one.store,
        "duration": rule and rule.keep.text,
        "starts": rule and rule.starts,
        "basis": rule and rule.basis,
        "held": one.held,
        "due": [{"what": it.what, "since": it.since, "rows": it.rows, "key": it.key} for it in one.due],
        "rows": one.rows,
        "keys": one.keys,
        "done": made and {"rows": made.went.rows, "keys_destroyed": made.went.keys, "inventory_after": made.left},
    }


def _check_named(plans: Sequence[retaining.Plan]) -> None:
    """Raises: InputProblem where a store holds something and the assessment does not say for how long."""
    unnamed = ", ".join(one.store for one in plans if one.lacks_period)
    if unnamed:
        what = f"The assessment names no period for {unnamed}, and something is held there: nothing of it was deleted."
        mend = "Add it to [[retention]] in a new version, and have that signed."
        raise InputProblem(what, where="retention", mend=mend)
