"""The verb of refreshing: every figure of the nation kept current while it runs, and recounted by night."""

from datetime import date
from pathlib import Path
from time import sleep
from typing import Annotated

import typer

from tallyroll import tally
from tallyroll.cli.nodes import Settings, own_node_of
from tallyroll.cli.options import Json, Now, clock, day
from tallyroll.cli.output import progress, say, say_json
from tallyroll.flows.refreshing import Looked, Recounted, Refresher
from tallyroll.flows.settings import NodeSettings
from tallyroll.tally.areas import SHARES
from tallyroll.vocab.clock import LONDON, Clock, today
from tallyroll.vocab.errors import UsageProblem, VerificationProblem
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.places import COUNTRY_CODE

NIGHT = 2  # the hour, in London, from which the first look of a day recounts


def join(app: typer.Typer) -> None:
    """Add this verb to the command."""
    app.command("refresh")(refresh)


def refresh(
    *,
    settings: Settings,
    first: Annotated[str, typer.Option("--from", help="The first day, yyyy-mm-dd; 1 September if not given.")] = "",
    last: Annotated[str, typer.Option("--to", help="The last day, yyyy-mm-dd; 31 August if not given.")] = "",
    once: Annotated[bool, typer.Option("--once/--follow", help="Count and end, or go on following the store.")] = True,
    every: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds between looks at the store.")] = 2.0,
    recount: Annotated[bool, typer.Option("--recount", help="Recount now, and compare bit for bit.")] = False,
    out: Annotated[Path | None, typer.Option(help="A folder to write the areas into after each look.")] = None,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Keep every figure current: the scan side counted once, then each correction as a difference.

    With --follow it recounts everything by night. A recount that differs ends with exit code 6; the recount stands.
    """
    if now and not once:
        raise UsageProblem("A moment that is played stands still.", where="--now", mend="Leave out --follow.")
    chosen, when = NodeSettings.read(settings), clock(now)
    year = AcademicYear.of(today(when))
    opens, closes = day(first, "--from") if first else year.first, day(last, "--to") if last else year.last
    with own_node_of(chosen, now) as held:
        with progress("Counting", quiet=as_json) as advance:
            followed = Refresher(held, first=opens, last=closes, advance=advance)
        _tell(followed, None, out, as_json=as_json)
        if recount:
            _recount(followed, as_json=as_json)
        recounted_on = today(when)
        while not once:
            sleep(every)
            looked = followed.look()
            if looked.schools:
                _tell(followed, looked, out, as_json=as_json)
            if _is_night(when, recounted_on):
                recounted_on = today(when)
                _recount(followed, as_json=as_json)


def _is_night(when: Clock, recounted_on: date) -> bool:
    """Whether the night's recount is due: none was today, and it is past NIGHT."""
    local = when.now().astimezone(LONDON)
    return local.date() > recounted_on and local.hour >= NIGHT


def _recount(followed: Refresher, *, as_json: bool) -> None:
    """Recount, and say how it compares. Raises: VerificationProblem when it differs."""
    with progress("Recounting", quiet=as_json) as advance:
        made: Recounted = followed.recount(advance=advance)
    if not made.equal:
        raise VerificationProblem(
            f"What was kept current was not what counting everything anew gives: {', '.join(made.differs)}.",
            mend="The recount stands, and the log says so. Report a bug.",
        )
    if as_json:
        say_json({"recounted": True, "equal": made.equal, "digest": made.digest})
    else:
        say(f"Recounted: equal, bit for bit ({made.digest[:12]}).")


def _tell(followed: Refresher, looked: Looked | None, out: Path | None, *, as_json: bool) -> None:
    """What is counted now, of the nation."""
    areas = followed.live.areas
    if out is not None:
        tally.save(areas, out)
    nation = dict(zip(SHARES, followed.live.sums(COUNTRY_CODE).enrolments[:, 0].sum(axis=0).tolist(), strict=True))
    facts = {"schools": len(areas.contributors), "authorities": len(areas.authorities), **nation}
    changed = {} if looked is None else {"changed": looked.schools, "anew": looked.anew, "weeks": looked.weeks}
    if as_json:
        say_json({**facts, **changed})
        return
    if looked is not None:
        say(f"{looked.schools:,} schools changed, {looked.weeks:,} weeks.")
    share = nation["persistent"] / nation["enrolments"] if nation["enrolments"] else 0.0
    say(f"{facts['schools']:,} schools, {nation['enrolments']:,} enrolments, {share:.1%} persistently absent.")
