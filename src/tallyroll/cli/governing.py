"""Verbs of governance: look at an assessment, ask what it allows, verify the journal of decisions."""

from pathlib import Path
from typing import Annotated

import typer

from tallyroll import ledger
from tallyroll.cli.options import Json, Now, clock, day
from tallyroll.cli.output import say, say_json, show_table
from tallyroll.governance import Door, Request, explain
from tallyroll.governance.manifest import read
from tallyroll.vocab.errors import UsageProblem, VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL, Item

dpia = typer.Typer(help="The impact assessment that everything waits for.", no_args_is_help=True)
ledger_verbs = typer.Typer(help="The journal of decisions.", no_args_is_help=True)

Manifest = Annotated[Path, typer.Argument(help="The assessment, as TOML.")]


def join(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    app.add_typer(dpia, name="dpia")
    app.add_typer(ledger_verbs, name="ledger")


@dpia.command()
def check(path: Manifest, *, as_json: Json = False) -> None:
    """Say everything that is wrong with an assessment, or what it allows."""
    manifest = read(path)
    collection = manifest.collection
    if as_json:
        say_json(manifest.model_dump(mode="json"))
        return
    say(f"[bold]{collection.title}[/] ({collection.id}, version {collection.version}) is [bold]{collection.status}[/].")
    say(f"Registers may rest at: {collection.tier}. In force {collection.valid_from} to {collection.expires}.")
    rows = [(item.name, item.needed_for, ", ".join(item.purposes)) for item in manifest.items]
    show_table("Items it permits", ["item", "needed for", "purposes"], rows, numbers_from=9)


@dpia.command("explain")
def explain_verb(
    path: Manifest,
    *,
    item: Annotated[list[str] | None, typer.Option(help="An item to ask about; may be repeated.")] = None,
    urn: Annotated[int, typer.Option(help="The school, by URN.")] = 0,
    authority: Annotated[str, typer.Option(help="The school's old LA code, as 201.")] = "",
    purpose: Annotated[str, typer.Option(help="The purpose; the first of the assessment when not given.")] = "",
    on: Annotated[str, typer.Option(help="The day, yyyy-mm-dd; today when not given.")] = "",
    door: Annotated[Door, typer.Option(help="What is to be done.")] = Door.PULL,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Say whether something may be done, and which clause decides. Nothing is written down."""
    manifest, when = read(path), clock(now)
    first = day(on, "--on") if on else when.now().date()
    request = Request(
        door=door,
        purpose=purpose or manifest.purposes[0].id,
        schools=frozenset({Urn(urn)}) if urn else frozenset(),
        items=ESSENTIAL | {_item(name) for name in item or [clause.name for clause in manifest.items]},
        first=first,
        last=first,
    )
    refusal = explain(manifest, request, clock=when, authorities={Urn(urn): authority} if urn else {})
    if refusal is None:
        facts: dict[str, object] = {"allowed": True, "clause": f"purposes.{request.purpose}"}
    else:
        facts = {"allowed": False, "clause": refusal.clause, "reason": refusal.reason, "mend": refusal.mend}
    if as_json:
        say_json(facts)
    elif refusal is None:
        say(f"[bold green]Allowed[/] by purposes.{request.purpose}.")
    else:
        say(f"[bold red]Refused[/] by {refusal.clause}: {refusal.reason} {refusal.mend}")
    raise typer.Exit(0 if refusal is None else 3)


def _item(name: str) -> Item:
    try:
        return Item(name)
    except ValueError as error:
        raise UsageProblem(f"'{name}' is not an item.", where="--item", mend=f"Known: {', '.join(Item)}.") from error


@ledger_verbs.command()
def verify(
    path: Annotated[Path, typer.Argument(help="The journal, or a folder that holds one.")], *, as_json: Json = False
) -> None:
    """Check that no line of the journal was changed, left out or put in between."""
    journal = path / "journal.jsonl" if path.is_dir() else path
    if not journal.exists():
        raise UsageProblem("There is no journal here.", where=str(journal), mend="Give its path.")
    entries = ledger.verify(journal)
    if entries == 0 and journal.stat().st_size:
        raise VerificationProblem(
            "This file holds no whole line, so it is no journal.", where=str(journal), mend="Give the journal's path."
        )
    if as_json:
        say_json({"journal": journal, "entries": entries})
    else:
        say(f"{entries:,} entries, each following from the one before.")
