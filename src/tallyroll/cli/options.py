"""Options that several verbs share, each said once."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from tallyroll.flows.gatehouse import open_gate, try_to_refresh
from tallyroll.flows.settings import GateSettings
from tallyroll.governance import Gate
from tallyroll.ledger import Log
from tallyroll.vocab.clock import Clock, FixedClock, SystemClock
from tallyroll.vocab.errors import UsageProblem

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
GateFile = Annotated[Path, typer.Option("--settings", help="The settings file that says where the gate is (TOML).")]
Now = Annotated[str, typer.Option("--now", help="Play as if it were this moment (ISO 8601). For replays and drills.")]


YEARS = range(2000, 2101)
"""The years that a day or moment on the command line may lie in: far from the ends of the calendar."""


def day(text: str, option: str) -> date:
    """A day written yyyy-mm-dd, in one of YEARS."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise UsageProblem(f"'{text}' is not a day.", where=option, mend="Write it as 2026-11-20.") from error
    _check_year(text, found, option)
    return found


def _check_year(text: str, found: date, option: str) -> None:
    if found.year not in YEARS:
        what = f"'{text}' lies outside the years {YEARS[0]} to {YEARS[-1]}."
        raise UsageProblem(what, where=option, mend="Correct the year.")


def clock(now: str) -> Clock:
    """The machine's clock, or one that stands still at the given moment."""
    if not now:
        return SystemClock()
    try:
        moment = datetime.fromisoformat(now)
    except ValueError as error:
        raise UsageProblem(f"'{now}' is not a moment.", where="--now", mend="Write 2026-11-20T16:00.") from error
    _check_year(now, moment, "--now")
    return FixedClock(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def gate_at(settings: GateSettings, now: str) -> Gate:
    """The gate of these settings, with what it knows of the public ledger brought up to date."""
    asyncio.run(try_to_refresh(settings))
    gate = open_gate(settings, clock=clock(now))
    write_down_clock(gate.log, now)
    return gate


def write_down_clock(log: Log, now: str) -> None:
    """A moment that is played is written to the log, with the time it really was.

    Raises: UsageProblem for one that has not come: a log that has been there refuses everything until then.
    """
    if now:
        check_has_come(now)
        facts = {"really": SystemClock().now().isoformat()}
        log.append(at=clock(now).now(), event="clock-set-by-hand", facts=facts)


def check_has_come(now: str) -> None:
    """Return unless the moment lies ahead: a log that has been there refuses everything, a stop too, until then."""
    if now and clock(now).now() > SystemClock().now() + timedelta(minutes=1):
        mend = "Look ahead with --dry-run, where there is one; what is logged happens now or happened."
        raise UsageProblem(f"{now} has not come.", where="--now", mend=mend)
