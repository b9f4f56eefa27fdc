"""Verbs for whoever wants to know: what an assessment allows, where it stands, all that follows from it; the drill."""

import asyncio
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from tallyroll.cli import assessing, desk, founding, signing
from tallyroll.cli.ledgers import vkey_of
from tallyroll.cli.options import GateFile, Json, Now, clock, day, gate_at
from tallyroll.cli.output import plain, say, say_json, show_table
from tallyroll.flows import drilling, exporting, node
from tallyroll.flows.gatehouse import asking, try_to_refresh
from tallyroll.flows.settings import read_gate
from tallyroll.governance import Assessments, Door, Request, explain, permitted, roles
from tallyroll.governance.lifecycle import History
from tallyroll.ledger import Reader
from tallyroll.vocab.clock import today
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import Item

dpia = typer.Typer(help="The impact assessment that everything waits for.", no_args_is_help=True)

Ledger = Annotated[Path, typer.Option(help="The ledger's folder.")]
RolesFile = Annotated[Path, typer.Option("--roles", help="The roles file that you trust.")]
_LIST_OF_SCHOOLS = "Give a CSV file with a column urn."
LEDGER, ROLES = Path("ledger"), Path("roles.toml")


def join(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    assessing.join(dpia)
    signing.join(dpia)
    founding.join(dpia)
    app.add_typer(dpia, name="dpia")


@dpia.command("explain")
def explain_verb(
    *,
    settings: GateFile,
    item: Annotated[list[str] | None, typer.Option(help="An item to ask about; may be repeated.")] = None,
    urn: Annotated[int, typer.Option(help="The school, by URN.")] = 0,
    authority: Annotated[str, typer.Option(help="The school's old LA code, as 201.")] = "",
    purpose: Annotated[str, typer.Option(help="The purpose; that of the settings when not given.")] = "",
    on: Annotated[str, typer.Option(help="The day, yyyy-mm-dd; today when not given.")] = "",
    door: Annotated[Door, typer.Option(help="What is to be done.")] = Door.PULL,
    recipient: Annotated[str, typer.Option(help="Who would get it, by the name that the assessment gives.")] = "",
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Say whether something may be done, and which clause decides. Nothing is written down."""
    chosen = read_gate(settings)
    asked_for = purpose or chosen.purpose
    asyncio.run(try_to_refresh(chosen))
    with asking(chosen, clock=clock(now)) as gate:
        first = day(on, "--on") if on else today(gate.clock)
        request = Request(
            door=door,
            purpose=asked_for,
            schools=frozenset({Urn(urn)}) if urn else frozenset(),
            items=permitted(gate, asked_for) | {_item(name) for name in item or ()},
            first=first,
            last=first,
            recipient=recipient,
        )
        refusal = explain(gate, request, authorities={Urn(urn): authority} if urn else {})
    if refusal is None:
        facts: dict[str, object] = {"allowed": True, "clause": f"purposes.{request.purpose}"}
    else:
        facts = {"allowed": False, "clause": refusal.clause, "reason": refusal.reason, "mend": refusal.mend}
    if as_json:
        say_json(facts)
    elif refusal is None:
        say(f"[bold green]Allowed[/] by purposes.{request.purpose}.")
    else:
        say(f"[bold red]Refused[/] by {refusal.clause}: {plain(refusal.reason)} {plain(refusal.mend)}")
    raise typer.Exit(0 if refusal is None else 3)


def _item(name: str) -> Item:
    try:
        return Item(name)
    except ValueError as error:
        raise UsageProblem(f"'{name}' is not an item.", where="--item", mend=f"Known: {', '.join(Item)}.") from error


@dpia.command()
def history(
    collection: Annotated[str, typer.Argument(help="The collection's id.")],
    *,
    ledger: Ledger = LEDGER,
    roles_file: RolesFile = ROLES,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Tell every version and everything that was ever said of it, in the order of the ledger."""
    found = Assessments(ledger, roles.read(roles_file)).standing().history(collection)
    if as_json:
        say_json(_history_facts(found, now))
        return
    states = [(one.number or "", found.state(one, on=today(clock(now))), one.digest) for one in found.versions]
    show_table(f"Versions of {plain(collection)}", ["version", "state", "digest"], states, numbers_from=9)
    rows = [
        (
            one.index,
            f"{one.statement.at:%Y-%m-%d %H:%M}",
            one.statement.kind,
            ", ".join(one.holders),
            _said(one.statement.facts),
        )
        for one in found.said
    ]
    show_table("What was said", ["entry", "when (UTC)", "what", "by", "particulars"], rows, numbers_from=9)
    for void in found.ignored:
        say(f"[yellow]Entry {void.index} ({void.kind}) has no effect:[/] {plain(void.why)}")


def _said(facts: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in facts.items() if name not in ("letter", "roles"))


def _history_facts(found: History, now: str) -> dict[str, object]:
    return {
        "collection": found.collection,
        "suspended": found.stopped is not None,
        "versions": [
            {"number": one.number, "state": found.state(one, on=today(clock(now))), "digest": one.digest}
            for one in found.versions
        ],
        "said": [
            {
                "entry": one.index,
                "at": one.statement.at,
                "kind": one.statement.kind,
                "by": one.holders,
                "facts": dict(one.statement.facts),
            }
            for one in found.said
        ],
        "ignored": [{"entry": one.index, "kind": one.kind, "why": one.why} for one in found.ignored],
    }


@dpia.command()
def export(
    collection: Annotated[str, typer.Argument(help="The collection's id.")],
    out: Annotated[Path, typer.Argument(help="A folder for the documents.")],
    *,
    ledger: Ledger = LEDGER,
    roles_file: RolesFile = ROLES,
    log: Annotated[Path | None, typer.Option(help="The node's own log, where it is not the ledger.")] = None,
    log_key: Annotated[str, typer.Option(help="The log's verifier key, or a file that holds it.")] = "",
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Write all that follows from an assessment: page, Word file, notices, records, registers, letters."""
    answers = Reader(log, key=vkey_of(log_key)) if log else None
    on = today(clock(now))
    written = exporting.export(collection, out, ledger=ledger, roles=roles.read(roles_file), on=on, log=answers)
    if as_json:
        say_json({"folder": out, "files": written})
    else:
        say(f"{len(written)} files in {plain(str(out))}, from {plain(str(written[0]))} to {plain(str(written[-1]))}.")


@dpia.command("notices-issued")
def notices_issued(
    *,
    settings: GateFile,
    schools: Annotated[Path, typer.Option(help="The schools whose families have the notices: CSV with a column urn.")],
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Write down that families were told. No school is collected from before."""
    chosen = read_gate(settings)
    urns = _urns(schools)
    digest = node.record_notices(gate_at(chosen, now), urns)
    if as_json:
        say_json({"notice": digest, "schools": len(urns)})
    else:
        say(f"{len(urns):,} schools have told their families (notice {digest[:12]}…).")


def _urns(path: Path) -> list[Urn]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            found = [Urn(int(row["urn"])) for row in csv.DictReader(lines)]
    except (KeyError, ValueError, csv.Error) as error:
        raise InputProblem("This is no list of schools.", where=str(path), mend=_LIST_OF_SCHOOLS) from error
    if not found:
        raise InputProblem("This list names no school.", where=str(path), mend=_LIST_OF_SCHOOLS)
    return found


@dpia.command()
def drill(
    *,
    settings: GateFile,
    stop_key: Annotated[Path, typer.Option(help="The key of whoever stops it: any one role.")],
    resume_key: Annotated[
        list[Path] | None,
        typer.Option(help="The approver's and the protection officer's, to resume it."),
    ] = None,
    office_file: desk.OfficeFile = desk.OFFICE,
    endpoint: Annotated[
        list[str] | None, typer.Option(help="The address of a receiving endpoint; may be repeated.")
    ] = None,
    nodes: Annotated[
        list[Path] | None, typer.Option("--node", help="Settings of a node that polls; may be repeated.")
    ] = None,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Suspend, see how long every door takes to close, resume, and write the times in the ledger."""
    chosen = read_gate(settings)
    held = desk.open_office(office_file, now)
    made = drilling.drill(
        held,
        chosen,
        stop=desk.key_in(stop_key),
        resume=[desk.key_in(one) for one in resume_key or ()],
        endpoints=endpoint or (),
        nodes=[read_gate(one) for one in nodes or ()],
    )
    if as_json:
        say_json({"doors": [{"door": one.door, "seconds": one.seconds, "limit": one.limit} for one in made]})
    else:
        rows = [(one.door, f"{one.seconds:.2f}", f"{one.limit:.0f}") for one in made]
        show_table("How long each door took to close", ["door", "seconds", "limit"], rows)
    raise typer.Exit(0 if all(one.seconds <= one.limit for one in made) else 6)
