"""The verbs of the store: look inside, verify, compact, export, migrate. What they show are numbers, never rows."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tallyroll.cli.nodes import Settings, node_of, own_node_of
from tallyroll.cli.options import DryRun, Json, Now, clock, day
from tallyroll.cli.output import progress, say, say_json, show_table
from tallyroll.flows import storing
from tallyroll.flows.settings import NodeSettings
from tallyroll.register import RegisterStore, scan
from tallyroll.register.scan import Gaps, Layout, Sizes
from tallyroll.vocab.clock import today

First = Annotated[str, typer.Option("--from", help="The first day, yyyy-mm-dd.")]
Last = Annotated[str, typer.Option("--to", help="The last day, yyyy-mm-dd; today when not given.")]
Authorities = Annotated[
    list[str] | None, typer.Option("--authority", help="Old LA code; may be repeated. All when not given.")
]
_MB = 1_000_000


def join(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    verbs = typer.Typer(help="The store of registers: look inside, verify, compact, export.", no_args_is_help=True)
    for verb in (look, weeks, schools, gaps, verify, compact, export, migrate):
        verbs.command(verb.__name__)(verb)
    app.add_typer(verbs, name="store")


def _reading(settings: Path) -> RegisterStore:
    return RegisterStore(NodeSettings.read(settings).store, read_only=True)


def look(*, settings: Settings, as_json: Json = False) -> None:
    """Sizes and compression, on the write side and the scan side, and how far the scan side is behind."""
    with _reading(settings) as store:
        found = scan.sizes(store)
    if as_json:
        say_json({**asdict(found), "bits_a_mark": found.bits_a_mark})
        return
    show_table("The store", ["", "write side", "scan side"], _sizes(found))
    say(f"{found.scan_weeks:,} weeks of schools hold {found.scan_marks:,} marks: {found.bits_a_mark:.2f} bits a mark.")
    if found.behind:
        say(f"The scan side is behind for {found.behind:,} schools: run `tallyroll store compact`.")


def _sizes(found: Sizes) -> list[tuple[str, object, object]]:
    return [
        ("schools", found.schools, ""),
        ("weeks of schools", found.weeks, found.scan_weeks),
        ("marks", found.marks, found.scan_marks),
        ("MB of weeks", found.week_bytes / _MB, found.scan_week_bytes / _MB),
        ("MB in all", found.file_bytes / _MB, found.scan_bytes / _MB),
        ("files", 1, found.files),
        ("generation", "", found.generation),
    ]


def weeks(*, settings: Settings, as_json: Json = False) -> None:
    """Every week, and how many schools ever sent a mark of it."""
    with _reading(settings) as store:
        found = scan.weeks(store)
    if as_json:
        say_json({"weeks": [asdict(one) for one in found]})
        return
    show_table("Weeks", ["Monday", "schools", "pupils"], [(str(one.monday), one.schools, one.pupils) for one in found])


def schools(*, settings: Settings, as_json: Json = False) -> None:
    """Every school: its authority, the last week that it sent, its revision and its pupils."""
    with _reading(settings) as store:
        found = scan.standings(store)
    if as_json:
        say_json({"schools": [asdict(one) for one in found]})
        return
    rows = [(str(one.urn), one.la, one.last_week, one.revision, one.pupils) for one in found]
    show_table("Schools", ["URN", "authority", "last week", "revision", "pupils"], rows, numbers_from=3)


def gaps(
    *,
    settings: Settings,
    first: First,
    last: Last = "",
    authority: Authorities = None,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Weeks of term of which nothing, or only a part, was ever received. They are nowhere counted as attendance."""
    chosen, until = NodeSettings.read(settings), day(last, "--to") if last else today(clock(now))
    with node_of(chosen, now) as node:
        found = storing.gaps(node, authorities=authority or (), first=day(first, "--from"), last=until)
    if as_json:
        counts = {"due": found.due, "never": found.never, "partly": found.partly}
        say_json({**counts, "gaps": [asdict(one) for one in found.missing]})
    else:
        _say_gaps(found)


def _say_gaps(found: Gaps) -> None:
    by_school: dict[int, Counter[str]] = {}
    for gap in found.missing:
        counted = by_school.setdefault(gap.urn, Counter())
        counted["partly" if gap.sent else "never"] += 1
        counted["sessions"] += gap.due - gap.sent
    if by_school:
        rows = [(str(urn), one["never"], one["partly"], one["sessions"]) for urn, one in sorted(by_school.items())]
        head = ["URN", "weeks never received", "weeks received in part", "sessions missing"]
        show_table("Gaps", head, rows)
    say(
        f"{found.due:,} weeks of schools were due: {found.due - len(found.missing):,} are whole, {found.partly:,} came"
        f" in part, {found.never:,} never came. What never came is counted as nothing received, not as attendance."
    )


def verify(*, settings: Settings, now: Now = "", as_json: Json = False) -> None:
    """Open every block and file of both sides, and hold every packed week against what was kept."""
    with node_of(NodeSettings.read(settings), now) as node, progress("Verifying", quiet=as_json) as advance:
        found = storing.verify(node, advance=advance)
    if as_json:
        say_json(asdict(found))
        return
    say(f"The write side is whole: {found.blocks:,} blocks.")
    if found.scanned is None:
        say("There is no scan side yet: run `tallyroll store compact`.")
    else:
        one = found.scanned
        say(f"The scan side is what it should be: {one.files:,} files, {one.weeks:,} weeks, {one.rolls:,} rolls.")


def compact(
    *,
    settings: Settings,
    authority: Authorities = None,
    now: Now = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring the scan side up to what was kept. Start it again after a crash; it goes on from what is there."""
    chosen = NodeSettings.read(settings)
    if dry_run:
        with RegisterStore(chosen.store, read_only=True) as store:
            behind = scan.sizes(store).behind
        say_json({"behind": behind}) if as_json else say(f"The scan side is behind for {behind:,} schools.")
        return
    with node_of(chosen, now) as node, progress("Compacting", quiet=as_json) as advance:
        made = storing.compact(node, authorities=authority or (), advance=advance)
    if as_json:
        say_json(asdict(made))
        return
    written = f"{made.files:,} files written ({made.n_bytes / _MB:,.2f} MB), {made.stayed:,} stayed as they were"
    say(f"Generation {made.generation:,}: {written}; {len(made.months):,} months of authorities differ.")


def export(
    *,
    settings: Settings,
    out: Annotated[Path, typer.Option(help="The folder to write into, which must not be there yet.")],
    recipient: Annotated[str, typer.Option(help="Who gets it, by the name that the assessment gives.")],
    first: First,
    last: Last = "",
    layout: Annotated[Layout, typer.Option(help="How marks are laid out.")] = Layout.EXCEPTIONS,
    purpose: Annotated[str, typer.Option(help="Why, by the name that the assessment gives; else the node's own.")] = "",
    authority: Authorities = None,
    now: Now = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Let rows out as Parquet for SQL users, with a data dictionary. Nothing but the folder protects them then."""
    chosen, until = NodeSettings.read(settings), day(last, "--to") if last else today(clock(now))
    order = storing.Order(
        layout, recipient, purpose or chosen.purpose, tuple(authority or ()), day(first, "--from"), until
    )
    with own_node_of(chosen, now) as node, progress("Exporting", quiet=as_json) as advance:
        if dry_run:
            n = storing.foresee(node, order)
            say_json({"schools": n}) if as_json else say(f"The gate would let the rows of {n:,} schools out.")
            return
        made = storing.export(node, order, out, advance=advance)
    if as_json:
        say_json({"folder": out, **asdict(made)})
        return
    show_table(f"Exported into {out}", ["table", "rows"], [*made.rows.items()])
    say(f"{made.n_bytes / _MB:,.2f} MB. Read README.md there: these rows are no longer encrypted.")


def migrate(*, settings: Settings, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Bring the store to the newest version, step by step; each step is whole or not done."""
    store = NodeSettings.read(settings).store
    steps = storing.migrate(store, dry_run=dry_run)
    if as_json:
        say_json({"steps": steps, "done": not dry_run})
    elif steps:
        say(f"{'Would go' if dry_run else 'Went'} to version {', then '.join(map(str, steps))}.")
    else:
        say("The store is of the newest version already.")
