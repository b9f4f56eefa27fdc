"""Verbs of those who answer for an assessment: every step of its life, signed.

Each enters the statement in the ledger, or, with `--out`, writes it to a file: then another person can countersign it,
and whoever keeps the ledger can record it.
"""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tallyroll.cli.desk import (
    OFFICE,
    Desk,
    File,
    KeyFiles,
    LetterFile,
    Name,
    OfficeFile,
    Out,
    Reason,
    assessments_of,
    key_in,
    open_office,
    put_down,
    show_standing,
)
from tallyroll.cli.options import Json, Now, day
from tallyroll.cli.output import plain, say, say_json
from tallyroll.flows import office
from tallyroll.governance import roles, statements
from tallyroll.governance.manifest import read
from tallyroll.governance.statements import Kind
from tallyroll.governance.steps import Advice


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
    facts = {"url": url, "witnessed": str(assessments_of(office_file).standing().witnessed)}
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
    show_standing(held, entry, as_json=as_json)
