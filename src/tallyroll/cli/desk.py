"""What every verb of signing shares: its options, the desk it works at, and how a statement is put down."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallyroll.cli.options import clock, write_down_clock
from tallyroll.cli.output import plain, say, say_json
from tallyroll.flows import office
from tallyroll.flows.gatehouse import witness
from tallyroll.flows.office import Documents, Office
from tallyroll.flows.settings import OfficeSettings
from tallyroll.governance import Assessments, Manifest, roles, statements
from tallyroll.governance.statements import Kind
from tallyroll.ledger import Entry, Log, read_key
from tallyroll.vocab.clock import today
from tallyroll.vocab.errors import UsageProblem

File = Annotated[Path, typer.Argument(help="The assessment, as TOML.")]
Name = Annotated[str, typer.Argument(metavar="COLLECTION", help="The collection's id, as the assessment gives it.")]
OfficeFile = Annotated[Path, typer.Option("--office", help="Where the ledger, its key and the roles are (TOML).")]
OFFICE = Path("office.toml")
KeyFiles = Annotated[list[Path], typer.Option("--key", help="Your key file; a second one where two must sign.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is published.")]
Out = Annotated[
    Path | None, typer.Option("--out", help="Write the signed envelope to this file, and enter nothing yet.")
]
LetterFile = Annotated[Path | None, typer.Option("--letter", help="The letter itself; it is published.")]


@dataclass(frozen=True, slots=True)
class Desk:
    """What every verb of signing is given besides what is said."""

    office_file: Path
    keys: list[Path]
    out: Path | None
    now: str
    as_json: bool


def put_down(
    desk: Desk,
    kind: Kind,
    collection: str = "",
    *,
    manifest: Manifest | None = None,
    facts: Mapping[str, str] | None = None,
    documents: Documents | None = None,
) -> None:
    """Sign a statement, and enter it in the ledger or write it to a file. Particulars that are blank are left out."""
    name = manifest.collection.id if manifest and not collection else collection
    said = {key: value for key, value in (facts or {}).items() if value}
    keys = [key_in(one) for one in desk.keys]
    if desk.out is None:
        held = open_office(desk.office_file, desk.now)
        entry = office.say(held, kind, collection=name, keys=keys, manifest=manifest, facts=said, documents=documents)
        show_standing(held, entry, as_json=desk.as_json)
        return
    made = office.statement(
        assessments_of(desk.office_file),
        kind,
        collection=name,
        manifest=manifest,
        facts=said,
        documents=documents,
        at=clock(desk.now).now(),
    )
    _write_new(desk.out, statements.sign(made, keys))
    if desk.as_json:
        say_json({"envelope": desk.out, "kind": kind})
    else:
        say(f"{plain(str(desk.out))} holds it, signed. Next: `tallyroll dpia countersign`, or `record` by the keeper.")


def _write_new(path: Path, content: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise UsageProblem("There is a file already.", where=str(path), mend="Name a new one with --out.") from error


def open_office(office_file: Path, now: str) -> Office:
    """The office that a settings file describes."""
    chosen = OfficeSettings.read(office_file)
    trusted = roles.read(chosen.roles)
    log = Log.open(chosen.ledger, office.key_of(trusted, read_key(chosen.log_key)))
    write_down_clock(log, now)
    return Office(log, trusted, clock(now))


def assessments_of(office_file: Path) -> Assessments:
    """What the ledger says, for somebody who need not hold its key."""
    chosen = OfficeSettings.read(office_file)
    return Assessments(chosen.ledger, roles.read(chosen.roles))


def key_in(path: Path) -> Ed25519PrivateKey:
    """The key in a file; its passphrase is asked for where it has one."""
    if not path.exists():
        raise UsageProblem("There is no key here.", where=str(path), mend="Name your key file with --key.")
    if b"ENCRYPTED" in path.read_bytes():
        return read_key(path, typer.prompt(f"Passphrase of {path.name}", hide_input=True))
    return read_key(path)


def show_standing(held: Office, entry: Entry, *, as_json: bool) -> None:
    """Where the statement stands now, and who has seen it."""
    seen = asyncio.run(witness(held.log.folder, held.roles))
    collection = str(entry.facts["collection"])
    history = held.assessments.standing().history(collection)
    states = {one.digest[:12]: str(history.state(one, on=today(held.clock))) for one in history.versions}
    missing = dict(seen.missing) if seen else {}
    facts: dict[str, object] = {"entry": entry.index, "kind": entry.facts["kind"], "versions": states}
    facts |= {"witnesses": sorted(seen.by) if seen else [], "witnesses_missing": missing}
    short = len(held.roles.witnesses) > 0 and (seen is None or len(seen.by) < held.roles.quorum)
    if as_json:
        say_json(facts)
        raise typer.Exit(6 if short else 0)
    say(f"[bold green]{entry.facts['kind']}[/] is entry {entry.index} of the ledger.")
    for digest, state in states.items():
        say(f"  The version {digest}… is [bold]{state}[/].")
    for name, why in missing.items():
        say(f"  [yellow]The witness {plain(name)} has not seen it:[/] {plain(why)}")
    if history.stopped:
        say("  The collection is [bold red]stopped[/].")
    if short:
        say("  [bold red]Too few witnesses have seen it:[/] an old copy may still be shown. Ask them again, with")
        say("  `tallyroll ledger cosign LEDGER --roles ROLES`.")
    raise typer.Exit(6 if short else 0)
