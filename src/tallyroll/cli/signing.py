"""Verbs of those who answer for an assessment: every step of its life, signed.

Each enters the statement in the ledger, or, with `--out`, writes it to a file: then another person can countersign it,
and whoever keeps the ledger can record it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallyroll.cli.options import Json, Now, clock, day, write_down_clock
from tallyroll.cli.output import plain, say, say_json
from tallyroll.flows import office
from tallyroll.flows.gatehouse import witness
from tallyroll.flows.office import Documents, Office
from tallyroll.flows.settings import OfficeSettings
from tallyroll.governance import Assessments, Manifest, roles, statements
from tallyroll.governance.manifest import read
from tallyroll.governance.statements import Kind
from tallyroll.governance.steps import Advice
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


class Upto(StrEnum):
    """The steps that `sign` signs."""

    SCREENED = Kind.SCREENED.value
    CONSULTED = Kind.CONSULTED.value
    ADVISED = Kind.ADVISED.value
    APPROVED = Kind.APPROVED.value


class FromRegulator(StrEnum):
    """What `regulator` writes down."""

    SUBMITTED = Kind.REGULATOR_SUBMITTED.value
    ACKNOWLEDGED = Kind.REGULATOR_ACKNOWLEDGED.value
    EXTENDED = Kind.REGULATOR_EXTENDED.value
    ADVISED = Kind.REGULATOR_ADVISED.value
    LETTER = Kind.REGULATOR_LETTER.value
    CONCERN = Kind.REGULATOR_CONCERN.value
    ANSWERED = Kind.CONCERN_ANSWERED.value
    PAUSE_REQUESTED = Kind.PAUSE_REQUESTED.value


@dataclass(frozen=True, slots=True)
class Desk:
    """What every verb of signing is given besides what is said."""

    office_file: Path
    keys: list[Path]
    out: Path | None
    now: str
    as_json: bool


def join(dpia: typer.Typer) -> None:
    """Add these verbs to the group `dpia`."""
    for verb in (sign, publish, activate, suspend, resume, withdraw, regulator, countersign, record):
        dpia.command(verb.__name__)(verb)


def sign(
    manifest: File,
    step: Annotated[Upto, typer.Argument(help="Which step.")],
    *,
    key: KeyFiles,
    advice: Annotated[Advice | None, typer.Option(help="What the protection officer advises.")] = None,
    text: Annotated[str, typer.Option(help="The advice in words; it is published.")] = "",
    overrules: Annotated[str, typer.Option(help="Why the advice is not followed; it is published.")] = "",
    out: Out = None,
    office_file: OfficeFile = OFFICE,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Sign one of the steps up to the approval; refused when it is not its turn."""
    facts = {"advice": str(advice or ""), "text": text, "overrules": overrules}
    put_down(Desk(office_file, key, out, now, as_json), Kind(step), manifest=read(manifest), facts=facts)


def publish(
    manifest: File,
    *,
    url: Annotated[str, typer.Option(help="Where anybody can read the manifest; its very bytes must be there.")],
    key: KeyFiles,
    out: Out = None,
    office_file: OfficeFile = OFFICE,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Sign that the approved assessment is published, once the address is seen to give exactly it."""
    assessment = read(manifest)
    asyncio.run(office.check_published(url, assessment))
    facts = {"url": url, "witnessed": str(_assessments(office_file).standing().witnessed)}
    put_down(Desk(office_file, key, out, now, as_json), Kind.PUBLISHED, manifest=assessment, facts=facts)


def activate(
    manifest: File,
    *,
    key: KeyFiles,
    out: Out = None,
    office_file: OfficeFile = OFFICE,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Put a published assessment into force."""
    put_down(Desk(office_file, key, out, now, as_json), Kind.ACTIVATED, manifest=read(manifest))


def suspend(
    collection: Name,
    *,
    reason: Reason,
    key: KeyFiles,
    out: Out = None,
    office_file: OfficeFile = OFFICE,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Stop a collection at every door. One signature of any one role is enough."""
    put_down(Desk(office_file, key, out, now, as_json), Kind.SUSPENDED, collection, facts={"reason": reason})


def resume(
    collection: Name,
    *,
    reason: Reason,
    key: KeyFiles,
    out: Out = None,
    office_file: OfficeFile = OFFICE,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Let a suspended collection go on: the approver and the protection officer both sign, with a reason."""
    put_down(Desk(office_file, key, out, now, as_json), Kind.RESUMED, collection, facts={"reason": reason})


def withdraw(
    manifest: File,
    *,
    reason: Reason,
    key: KeyFiles,
    out: Out = None,
    office_file: OfficeFile = OFFICE,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """End an assessment for good. It stays public, with the reason."""
    desk = Desk(office_file, key, out, now, as_json)
    put_down(desk, Kind.WITHDRAWN, manifest=read(manifest), facts={"reason": reason})


def regulator(
    collection: Name,
    what: Annotated[FromRegulator, typer.Argument(help="What came, or went.")],
    *,
    on: Annotated[str, typer.Option(help="When it came or went, yyyy-mm-dd.")],
    key: KeyFiles,
    text: Annotated[str, typer.Option(help="What it says, in a sentence; it is published.")] = "",
    letter: LetterFile = None,
    concern: Annotated[str, typer.Option(help="The concern's name, to follow it from question to answer.")] = "",
    advice: Annotated[Advice | None, typer.Option(help="What the regulator advises.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="The assessment it is about, where it is about one.")] = None,
    out: Out = None,
    office_file: OfficeFile = OFFICE,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Write down what the regulator said or was told. A request to pause stops the collection at once."""
    put_down(
        Desk(office_file, key, out, now, as_json),
        Kind(what),
        collection,
        manifest=read(manifest) if manifest else None,
        facts={"on": str(day(on, "--on")), "text": text, "concern": concern, "advice": str(advice or "")},
        documents={"letter": letter.read_bytes()} if letter else None,
    )


def countersign(
    envelope: Annotated[Path, typer.Argument(help="The envelope.")], *, key: KeyFiles, as_json: Json = False
) -> None:
    """Show what an envelope says, and put your signature under it."""
    content = envelope.read_bytes()
    said = statements.read(content, where=str(envelope))
    if not as_json:
        say(f"[bold]{said.kind}[/] of '{plain(said.collection)}', signed {said.at:%Y-%m-%d %H:%M} UTC:")
        for name, words in said.facts.items():
            say(f"  {plain(name)}: {plain(words)}")
    for one in key:
        content = statements.countersign(content, key_in(one))
    envelope.write_bytes(content)
    if as_json:
        say_json({"envelope": envelope, "kind": said.kind, "collection": said.collection, "facts": dict(said.facts)})
    else:
        say("Countersigned.")


def record(
    envelope: Annotated[Path, typer.Argument(help="An envelope with every signature that it needs.")],
    *,
    manifest: Annotated[Path | None, typer.Option(help="The assessment it is about, where it is a new one.")] = None,
    letter: LetterFile = None,
    new_roles: Annotated[Path | None, typer.Option("--new-roles", help="The roles file that it brings.")] = None,
    office_file: OfficeFile = OFFICE,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Enter an envelope that was signed elsewhere in the ledger."""
    documents = {"letter": letter.read_bytes()} if letter else {}
    if new_roles:
        documents["roles"] = roles.read(new_roles).canonical
    held = open_office(office_file, now)
    entry = office.record(
        held, envelope.read_bytes(), manifest=read(manifest) if manifest else None, documents=documents
    )
    _show(held, entry, as_json=as_json)


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
        _show(held, entry, as_json=desk.as_json)
        return
    made = office.statement(
        _assessments(desk.office_file),
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


def _assessments(office_file: Path) -> Assessments:
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


def _show(held: Office, entry: Entry, *, as_json: bool) -> None:
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
