"""How a collector that stays says what it does: one calm status on a terminal, lines elsewhere, JSON for a program."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from rich.live import Live
from rich.text import Text

from tallyroll.cli.output import err, harmless, say
from tallyroll.flows.rota.collector import Shift, Tell
from tallyroll.vocab.clock import LONDON

Watch = Callable[[Shift], Tell]
QUIET = frozenset({"batch", "listed"})
"""What the status shows anyway, so that it needs no line of its own on a terminal."""


@contextmanager
def show_status(*, as_json: bool) -> Iterator[Watch]:
    """Gives what watches a shift, and shows it while the block lasts."""
    if as_json:
        yield lambda shift: lambda event, facts: _say_json(shift, event, facts)
    elif err.is_terminal:
        watched: list[Shift] = []
        drawn = partial(_status, watched)
        with Live(get_renderable=drawn, console=err, refresh_per_second=2, transient=True) as live:
            yield partial(_live, live, watched)
    else:
        yield lambda shift: lambda event, facts: say(_line(shift, event, facts))


def say_json_line(facts: Mapping[str, object]) -> None:
    """One of many answers for a program: a JSON object on a line of its own, at once."""
    sys.stdout.write(json.dumps(facts, default=str) + "\n")
    sys.stdout.flush()


def _say_json(shift: Shift, event: str, facts: Mapping[str, object]) -> None:
    say_json_line({"at": shift.now.isoformat(), "event": event, **facts})


def _line(shift: Shift, event: str, facts: Mapping[str, object]) -> str:
    words = " ".join(f"{name}={value}" for name, value in facts.items() if value is not None)
    return f"{shift.now:%Y-%m-%d %H:%M:%S} {event} {words}".replace("[", r"\[").rstrip()


def _live(live: Live, watched: list[Shift], shift: Shift) -> Tell:
    watched.append(shift)

    def tell(event: str, facts: Mapping[str, object]) -> None:
        if event not in QUIET:
            live.console.print(Text(harmless(_line(shift, event, facts))))

    return tell


def _status(watched: list[Shift]) -> Text:
    """One line: the pull, what was done, what is under way, what is in the way, what comes next."""
    if not watched:
        return Text("Starting")
    shift = watched[-1]
    made = shift.progress
    pull = f"pull {made.pull.number} of {made.pull.day}" if made.pull else "between pulls"
    parts = [pull, f"{made.kept:,} collected", f"{len(shift.open):,} under way", f"{made.failed:,} tries failed"]
    if made.trouble:
        parts.append(f"waiting: {harmless(made.trouble)}")
    elif made.rests_to and not shift.open:
        parts.append(f"rests until {made.rests_to.astimezone(LONDON):%H:%M}")
    return Text(" · ".join(parts), style="dim" if made.trouble else "")
