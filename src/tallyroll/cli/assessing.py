"""Verbs of authors: begin an assessment, hear everything that is wrong with it, see what a new version changes."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tallyroll.cli.options import Json, Now, clock, day
from tallyroll.cli.output import plain, say, say_json, show_table
from tallyroll.governance.manifest import Manifest, read
from tallyroll.governance.manifest.comparison import compare
from tallyroll.governance.manifest.reading import text_of
from tallyroll.governance.manifest.rules import Fault, judge
from tallyroll.governance.manifest.template import template
from tallyroll.vocab.clock import today
from tallyroll.vocab.errors import InputProblem, Refused, UsageProblem

File = Annotated[Path, typer.Argument(help="The assessment, as TOML.")]
On = Annotated[str, typer.Option(help="The day, yyyy-mm-dd; today when not given.")]


def join(group: typer.Typer) -> None:
    """Add these verbs to the group of the assessment."""
    group.command()(new)
    group.command()(check)
    group.command()(diff)


def new(
    *,
    out: Annotated[Path | None, typer.Option(help="The file to write; the screen when not given.")] = None,
    on: On = "",
    now: Now = "",
) -> None:
    """Begin an assessment: a template that asks for the least and explains every field."""
    text = template(on=day(on, "--on") if on else today(clock(now)))
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageProblem("There is a file already.", where=str(out), mend="Give another name.") from error
    say(f"Written to {plain(str(out))}. Fill in every <text in angle brackets>, then check it.")


def check(path: File, *, on: On = "", now: Now = "", as_json: Json = False) -> None:
    """Say everything that is wrong with an assessment, each with its requirement; or what it allows."""
    judged = judge(text_of(path), where=str(path), on=day(on, "--on") if on else today(clock(now)))
    if as_json:
        sound = judged.manifest is not None and not judged.faults
        digest = judged.manifest.digest if judged.manifest and sound else None
        say_json({"sound": sound, "digest": digest, "faults": [asdict(one) for one in judged.faults]})
    elif judged.faults:
        _show_faults(path, judged.faults)
    elif judged.manifest is not None:
        _show_what_it_allows(judged.manifest)
    if judged.faults:
        raise typer.Exit(InputProblem.exit_code if judged.manifest is None else Refused.exit_code)


def diff(old: File, changed: File, *, as_json: Json = False) -> None:
    """Say in plain words what a new version changes, and what each change opens again."""
    changes = compare(read(old), read(changed))
    if as_json:
        say_json({"changes": [asdict(one) for one in changes]})
    elif not changes:
        say("They are the same.")
    else:
        rows = [(one.what, ", ".join(one.reopens), ", ".join(one.rows)) for one in changes]
        show_table(
            f"What changes ({len(changes)})", ["what changes", "opens again", "requirements"], rows, numbers_from=9
        )


def _show_faults(path: Path, faults: tuple[Fault, ...]) -> None:
    rows = [(one.clause, one.what, one.mend, ", ".join(one.rows)) for one in faults]
    columns = ["clause", "what is wrong", "how to mend it", "requirements"]
    show_table(f"{path}: {len(faults)} faults", columns, rows, numbers_from=9)
    say("[bold red]Refused[/]: nobody can sign this assessment as it is.")


def _show_what_it_allows(manifest: Manifest) -> None:
    collection = manifest.collection
    say(f"[bold green]Nothing wrong[/] with '{plain(collection.title)}' ({collection.id}). Digest {manifest.digest}.")
    say(f"If it is signed, it may hold from {collection.valid_from} until {collection.expires}.")
    say(f"Registers may rest at tier {collection.tier}. Pulls a day: {manifest.frequency.pulls_a_day} at most.")
    say(f"What remains of its risks is {manifest.residual}.")
    items = [(one.name, one.needed_for, ", ".join(one.purposes)) for one in manifest.items]
    show_table("Items it permits", ["item", "needed for", "purposes"], items, numbers_from=9)
    kept = [(one.store, one.keep.words, one.starts) for one in manifest.retention]
    show_table("How long they are kept", ["store", "for", "from"], kept, numbers_from=9)
    given = [(one.name, one.receives, one.purpose) for one in manifest.recipients]
    show_table("Who receives what", ["recipient", "what", "purpose"], given, numbers_from=9)
