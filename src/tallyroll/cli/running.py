"""Verbs of a collector that goes by the rota: run, and how it goes with every school."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Annotated
from uuid import uuid4

import typer

from tallyroll.cli.nodes import Settings, node_of
from tallyroll.cli.options import DryRun, Json, Now, clock
from tallyroll.cli.output import plain, say, say_json, show_table
from tallyroll.cli.status import Watch, say_json_line, show_status
from tallyroll.connectors.interface import open_connector
from tallyroll.flows.gatehouse import asking, watched
from tallyroll.flows.rota.board import MEANING, Board, Row, board
from tallyroll.flows.rota.collector import Progress, Shift, Tell, run
from tallyroll.flows.rota.interface import Collector, Line, Pull, Turn
from tallyroll.flows.rota.opening import is_there, open_rota, terms_of
from tallyroll.flows.rota.schedule import last_pull, moment_of, next_pull, pull_at
from tallyroll.flows.settings import NodeSettings
from tallyroll.governance import in_force
from tallyroll.vocab.calendars import read_calendars
from tallyroll.vocab.clock import LONDON, Clock
from tallyroll.vocab.errors import Refused

SHOWN = 20  # schools in a table; --json has them all


def join(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    app.command("run")(run_verb)
    app.command("health")(health)


@dataclass(frozen=True, slots=True)
class GoingClock:
    """A clock that was set to a moment and goes on from there."""

    moment: datetime
    since: float = field(default_factory=monotonic)

    def now(self) -> datetime:
        """The moment, and the time since it was set."""
        return self.moment + timedelta(seconds=monotonic() - self.since)


def run_verb(
    *,
    settings: Settings,
    once: Annotated[bool, typer.Option("--once", help="End when everything that is due was taken up.")] = False,
    until: Annotated[str, typer.Option(help="End at this moment (ISO 8601).")] = "",
    now: Now = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Stay, and collect each school as it falls due; stop it with Ctrl-C, pause it by suspending the assessment."""
    chosen, ends = NodeSettings.read(settings), clock(until).now() if until else None
    if dry_run:
        _foretell(chosen, clock(now), as_json=as_json)
        return
    with show_status(as_json=as_json) as watch:
        made = collect_by_rota(chosen, now, once=once, until=ends, watch=watch)
    if as_json:
        say_json_line({"event": "ended", **_sums(made)})
    else:
        _say_sums(made)


def collect_due(chosen: NodeSettings, now: str, *, dry_run: bool, as_json: bool) -> None:
    """Collect the schools that are due and not finished, then end; exit 4 when tries of some failed."""
    if dry_run:
        _foretell(chosen, clock(now), as_json=as_json)
        return
    with show_status(as_json=False) if not as_json else nullcontext(_unwatched) as watch:
        made = collect_by_rota(chosen, now, once=True, until=None, watch=watch)
    say_json(_sums(made)) if as_json else _say_sums(made)
    raise typer.Exit(4 if made.failed else 0)


def _unwatched(shift: Shift) -> Tell:
    return _silent


def _sums(made: Progress) -> dict[str, object]:
    return {"collected": made.kept, "failed": made.failed, "given_up": made.given_up}


def _say_sums(made: Progress) -> None:
    say(f"{made.kept:,} schools collected, {made.failed:,} tries failed, {made.given_up:,} given up for a pull.")


def collect_by_rota(chosen: NodeSettings, now: str, *, once: bool, until: datetime | None, watch: Watch) -> Progress:
    """A collector with these settings until it ends. Exit 130 when Ctrl-C ended it; a SIGTERM is an ordinary end."""
    with node_of(chosen, now) as still, open_rota(chosen.rota) as rota:
        held = still if not now else replace(still, gate=replace(still.gate, clock=GoingClock(clock(now).now())))
        home = held.gate.log.origin
        me = Collector(home, f"{home} {os.getpid()} {uuid4().hex[:8]}")

        async def work() -> tuple[Progress, bool]:
            async with watched(chosen), open_connector(chosen.connector, chosen.source) as connector:
                shift = Shift(held, connector, rota, me, terms_of(chosen), tell=_silent)
                shift.tell = watch(shift)
                interrupted = _heed_signals(shift)
                return await run(shift, once=once, until=until), interrupted.is_set()

        made, interrupted = asyncio.run(work())
    if interrupted:
        raise typer.Exit(130)
    return made


def _silent(event: str, facts: Mapping[str, object]) -> None:
    """Before anybody watches."""


def _heed_signals(shift: Shift) -> asyncio.Event:
    """End the shift at SIGTERM and at Ctrl-C; the event says that it was Ctrl-C. A second one ends it the hard way."""
    loop, interrupted = asyncio.get_running_loop(), asyncio.Event()

    def interrupt() -> None:
        interrupted.set()
        loop.remove_signal_handler(signal.SIGINT)
        shift.stop()

    loop.add_signal_handler(signal.SIGTERM, shift.stop)
    loop.add_signal_handler(signal.SIGINT, interrupt)
    return interrupted


def _pulls_a_day(chosen: NodeSettings, when: Clock) -> int:
    """How many the assessment in force permits; Refused where there is none. Nothing is written down."""
    with asking(chosen, clock=when) as gate:
        return in_force(gate).manifest.frequency.pulls_a_day


def _lines(chosen: NodeSettings, source: str, now: datetime) -> tuple[tuple[Line, ...], Pull | None]:
    """What the rota knows of each school, and the pull that was enrolled last; a rota that is not there is not made."""
    if not is_there(chosen.rota):
        return (), None
    with open_rota(chosen.rota) as rota:
        listing = rota.listing(source)
        return rota.lines(source, now=now), listing.pull if listing else None


def _foretell(chosen: NodeSettings, when: Clock, *, as_json: bool) -> None:
    """Who would be due when in the pull under way, or else the next: nothing is asked of the source."""
    now, terms = when.now(), terms_of(chosen)
    a_day = _pulls_a_day(chosen, when)
    source = open_connector(chosen.connector, chosen.source).name
    pull = pull_at(now, hours=terms.hours, a_day=a_day) or next_pull(now, hours=terms.hours, a_day=a_day)
    lines, _ = _lines(chosen, source, now)
    due = sorted(
        (
            (line.due if line.round_id == pull.round_id(source) else moment_of(line.urn, pull), line)
            for line in lines
            if line.turn is not Turn.NONE and not (line.turn is Turn.KEPT and line.round_id == pull.round_id(source))
        ),
        key=lambda one: (one[0], one[1].urn),
    )
    if as_json:
        turns = [{"due": moment, "urn": line.urn.number, "name": line.source.school.name} for moment, line in due]
        say_json({"round": pull.round_id(source), "opens": pull.opens, "closes": pull.closes, "due": turns})
        return
    say(f"Pull {pull.number} of {a_day} of {pull.day}, {_at(pull.opens)} to {_at(pull.closes)}: {len(due):,} schools.")
    rows = [(_at(moment), line.urn, line.source.school.name) for moment, line in due[:SHOWN]]
    if not lines:
        say("The rota knows no school yet: the first `tallyroll run` or `collect --due` asks the source for them.")
    else:
        show_table(f"Due, the first {len(rows)}", ["moment", "URN", "school"], rows, numbers_from=3)


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(LONDON):%a %H:%M}"


def health(*, settings: Settings, now: Now = "", as_json: Json = False) -> None:
    """How it goes with every school: on time, late, failing, silent … Exit 4 when somebody's attention is needed."""
    chosen, when = NodeSettings.read(settings), clock(now)
    source = open_connector(chosen.connector, chosen.source).name
    lines, pull = _lines(chosen, source, when.now())
    stopped = ""
    try:
        pull = last_pull(when.now(), hours=terms_of(chosen).hours, a_day=_pulls_a_day(chosen, when))
    except Refused as refusal:
        stopped = str(refusal)
    calendars = read_calendars(chosen.calendars)
    made = board(
        lines,
        pull=pull,
        source=source,
        calendar_of=calendars.of,
        silent_days=chosen.silent_days,
        now=when.now(),
    )
    _say_board_json(made, stopped) if as_json else _show_board(made, stopped)
    raise typer.Exit(4 if made.attention or stopped else 0)


def _say_board_json(made: Board, stopped: str) -> None:
    say_json(
        {
            "at": made.at,
            "stopped": stopped,
            "pull": asdict(made.pull) if made.pull else None,
            "counts": made.counts,
            "staleness_hours": {"median": made.median_hours, "p95": made.p95_hours},
            "next_due": [{"due": due, "urn": school.urn.number} for due, school in made.next_due],
            "homes": made.homes,
            "schools": [_facts(row) for row in made.rows],
        }
    )


def _facts(row: Row) -> dict[str, object]:
    line = row.line
    return {
        "urn": line.urn.number,
        "name": line.source.school.name,
        "health": row.health,
        "needs_attention": row.needs_attention,
        "reason": row.reason,
        "failures": line.failures,
        "missed": line.missed,
        "due": line.due,
        "turn": line.turn,
        "kept_at": line.kept_at,
        "hours_old": row.hours_old,
        "latest_week": line.latest_week,
        "home": line.home,
    }


def _show_board(made: Board, stopped: str) -> None:
    if stopped:
        say(f"Nothing is collected: {plain(stopped)}")
    if not made.rows:
        say("The rota knows no school yet. Start `tallyroll run`, or `tallyroll collect --due` from cron.")
        return
    table = [(word, n, *MEANING[word]) for word, n in made.counts.items()]
    show_table("Schools", ["health", "schools", "what it means", "what to do"], table, numbers_from=9)
    if made.median_hours is not None and made.p95_hours is not None:
        half, most = made.median_hours, made.p95_hours
        say(f"Half of the schools were collected in the last {half:.1f} hours, 95 in 100 in the last {most:.1f}.")
    if made.next_due:
        say("Next: " + ", ".join(f"{_at(due)} {plain(school.name)}" for due, school in made.next_due))
    rows = [
        (row.line.urn, row.line.source.school.name, row.health, _age(row), row.reason) for row in made.attention[:SHOWN]
    ]
    if rows:
        title = f"Who needs attention: {len(made.attention):,} schools" + (
            f", {SHOWN} shown" if len(rows) == SHOWN else ""
        )
        show_table(title, ["URN", "school", "health", "last collected", "why"], rows, numbers_from=9)


def _age(row: Row) -> str:
    return "never" if row.hours_old is None else f"{row.hours_old:.1f} h ago"
