"""Options that several verbs share, each said once."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from tallyroll import ledger
from tallyroll.vocab.clock import Clock, FixedClock, SystemClock
from tallyroll.vocab.errors import UsageProblem

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
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


def clock(now: str, *, journal: Path | None = None) -> Clock:
    """The machine's clock, or one that stands still at the given moment.

    A moment that is played is written to the journal that the gate will write to, with the time it really was.
    """
    if not now:
        return SystemClock()
    try:
        moment = datetime.fromisoformat(now)
    except ValueError as error:
        raise UsageProblem(f"'{now}' is not a moment.", where="--now", mend="Write 2026-11-20T16:00.") from error
    _check_year(now, moment, "--now")
    played = FixedClock(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    if journal is not None:
        facts = {"played": played.now().isoformat()}
        ledger.append(journal, at=SystemClock().now(), event="clock set by hand", facts=facts)
    return played
