"""What a person or a program reads: tables and progress for one, a single JSON object for the other."""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tallyroll.vocab.errors import Problem, Refused
from tallyroll.vocab.progress import Advance

# control characters but tab and line feed, and those that turn the direction of writing
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def say(text: str = "") -> None:
    """One line for a person."""
    out.print(harmless(text))


def say_json(facts: Mapping[str, object]) -> None:
    """The command's whole answer for a program, on standard output."""
    sys.stdout.write(json.dumps(facts, indent=2, default=str) + "\n")


def say_problem(problem: Problem, *, as_json: bool) -> None:
    """What went wrong, where, and how to mend it, on standard error."""
    clause = problem.clause if isinstance(problem, Refused) else None
    if as_json:
        facts = {"error": type(problem).__name__, "what": problem.what, "where": problem.where, "mend": problem.mend}
        sys.stderr.write(json.dumps({**facts, **({"clause": clause} if clause else {})}) + "\n")
        return
    head = f"[bold red]{'Refused' if clause else 'Stopped'}[/] {plain(problem.where)}".rstrip()
    err.print(head, soft_wrap=True)
    err.print(f"  {plain(problem.what)}", soft_wrap=True)
    if problem.mend:
        err.print(f"  [dim]How to mend it:[/] {plain(problem.mend)}", soft_wrap=True)
    if clause:
        err.print(f"  [dim]Clause:[/] {plain(clause)}", soft_wrap=True)


def say_stopped(*, as_json: bool) -> None:
    """That a person stopped the command, and what to do about it, on standard error."""
    what, mend = "Stopped before the end.", "Start the same command again; what was finished is kept."
    if as_json:
        sys.stderr.write(json.dumps({"error": "Stopped", "what": what, "where": "", "mend": mend}) + "\n")
    else:
        err.print(f"[bold]Stopped[/] before the end. {mend}", soft_wrap=True)


def plain(text: str) -> str:
    """Text from elsewhere, so that it can neither style what is said nor steer the terminal."""
    return harmless(text).replace("[", r"\[")


def harmless(text: str) -> str:
    """The text with every character that could steer a terminal replaced by the mark for one that cannot be shown."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, numbers_from: int = 1) -> None:
    """A table for a person; columns from `numbers_from` on are set to the right."""
    table = Table(
        title=plain(title), title_justify="left", title_style="bold", header_style="bold", box=box.SIMPLE_HEAD
    )
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place >= numbers_from else "left", overflow="fold")
    for row in rows:
        table.add_row(*(plain(_cell(value)) for value in row))
    out.print(table)


def _cell(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


@contextmanager
def progress(task: str, *, quiet: bool = False) -> Iterator[Advance]:
    """A progress bar on standard error; nothing when `quiet` or when standard error is not a terminal."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=quiet or not err.is_terminal,
    )
    with bar:
        job = bar.add_task(task, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(job, completed=done, total=total)

        yield advance
