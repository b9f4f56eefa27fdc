"""Verbs of the beginning: keys for people, the founding of a ledger, a change of its people, a rehearsal of it all."""

import shutil
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallyroll.cli.desk import OFFICE, Desk, KeyFiles, OfficeFile, Out, Reason, put_down
from tallyroll.cli.options import Json, Now, check_has_come, clock, day
from tallyroll.cli.output import plain, say, say_json
from tallyroll.flows import office
from tallyroll.flows.rehearsal import rehearsed, write_gate
from tallyroll.flows.settings import OfficeSettings
from tallyroll.governance import roles, statements
from tallyroll.governance.manifest import read
from tallyroll.governance.manifest.words import Tier
from tallyroll.governance.roles import Role, RoleKey
from tallyroll.governance.statements import Kind
from tallyroll.ledger import read_key, write_key
from tallyroll.vocab.errors import UsageProblem


def join(dpia: typer.Typer) -> None:
    """Add these verbs to the group `dpia`."""
    dpia.command("key")(new_key)
    dpia.command("found")(found)
    dpia.command("change-roles")(change_roles)
    dpia.command("rehearse")(rehearse)


def new_key(
    role: Annotated[Role, typer.Argument(help="In which role its holder signs.")],
    file: Annotated[Path, typer.Argument(help="A new file for the key; nobody but its holder may read it.")],
    *,
    holder: Annotated[str, typer.Option(help="The post of its holder, as 'Data Protection Officer'.")],
    trained_until: Annotated[str, typer.Option(help="Until when the holder's training holds, yyyy-mm-dd.")],
    passphrase: Annotated[bool, typer.Option(help="Ask for a passphrase that locks the key.")] = True,
    as_json: Json = False,
) -> None:
    """Make a key for one person, and print the lines that go into roles.toml."""
    until = day(trained_until, "--trained-until")
    private = Ed25519PrivateKey.generate()
    words = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True) if passphrase else None
    made = RoleKey(role=role, holder=holder, public=statements.public_of(private), trained_until=until)
    write_key(file, private, words)
    if as_json:
        say_json({"file": file, **made.model_dump(mode="json")})
        return
    typer.echo(f"# {file} is the key: its holder keeps it. These lines are public and go into roles.toml.")
    typer.echo(roles.text_of_keys([made]))


def found(*, office_file: OfficeFile = OFFICE, now: Now = "", as_json: Json = False) -> None:
    """Found a ledger whose first entry names the roles. Once, at the end of the key ceremony."""
    chosen = OfficeSettings.read(office_file)
    trusted = roles.read(chosen.roles)
    key = office.key_of(trusted, read_key(chosen.log_key))
    check_has_come(now)
    log = office.found(chosen.ledger, key=key, roles=trusted, at=clock(now).now())
    _tell({"ledger": log.folder, "origin": log.origin, "roles": trusted.digest}, as_json=as_json)


def change_roles(
    new: Annotated[Path, typer.Argument(help="The new roles file; log, witnesses and quorum stay.")],
    *,
    reason: Reason,
    key: KeyFiles,
    out: Out = None,
    office_file: OfficeFile = OFFICE,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Change the keys of people: the approver and the protection officer sign. Nodes keep the file they have."""
    documents = {"roles": roles.read(new).canonical}
    desk = Desk(office_file, key, out, now, as_json)
    put_down(desk, Kind.ROLES_CHANGED, "", facts={"reason": reason}, documents=documents)


def rehearse(
    manifest: Annotated[Path, typer.Argument(help="The assessment, as TOML.")],
    folder: Annotated[Path, typer.Argument(help="A new folder for the keys, the ledger and the settings.")],
    *,
    now: Now = "",
    as_json: Json = False,
) -> None:
    """Play the whole ceremony with keys made on the spot, to try things with synthetic data. It proves nothing."""
    assessment = read(manifest)
    if assessment.collection.tier not in (Tier.SCHOOL, Tier.TRUST):
        raise UsageProblem(
            f"At the tier '{assessment.collection.tier}' witnesses must run while the collection does.",
            where=str(manifest),
            mend="Run `tallyroll demo`, or found a ledger with witnesses: docs/how-to/key-ceremony.md.",
        )
    folder = folder.resolve()
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        what, mend = "There is something here already.", "Name a new folder."
        raise UsageProblem(what, where=str(folder), mend=mend) from error
    try:
        with rehearsed(folder, origin="rehearsal.invalid/attendance", clock=clock(now), witnesses=False) as made:
            made.enact(assessment)
        settings = write_gate(folder, assessment)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # half a ceremony is none
        raise
    _tell({"folder": folder, "settings": settings, "manifest": assessment.digest}, as_json=as_json)


def _tell(facts: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        say_json(facts)
        return
    for name, value in facts.items():
        say(f"{name}: {plain(str(value))}")
