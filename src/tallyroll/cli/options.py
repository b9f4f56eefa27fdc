"""Options that several verbs share, each said once."""

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from tallyroll.vocab.clock import Clock, FixedClock, SystemClock
from tallyroll.vocab.errors import UsageProblem

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Now = Annotated[str, typer.Option("--now", help="Play as if it were this moment (ISO 8601). For replays and drills.")]


def day(text: str, option: str) -> date:
    """A day written yyyy-mm-dd."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageProblem(f"'{text}' is not a day.", where=option, mend="Write it as 2026-11-20.") from error


def clock(now: str) -> Clock:
    """The machine's clock, or one that stands still at the given moment."""
    if not now:
        return SystemClock()
    try:
        moment = datetime.fromisoformat(now)
    except ValueError as error:
        raise UsageProblem(f"'{now}' is not a moment.", where="--now", mend="Write 2026-11-20T16:00.") from error
    return FixedClock(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
