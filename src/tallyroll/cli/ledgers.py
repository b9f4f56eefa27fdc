"""Verbs of the ledger: verify it, show it, prove an entry, copy it, witness it. None needs more than public keys."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from tallyroll import ledger
from tallyroll.cli.options import Json, clock
from tallyroll.cli.output import plain, say, say_json, show_table
from tallyroll.flows import auditing, mirroring, witnessing
from tallyroll.governance import Standing, roles
from tallyroll.ledger import NoteKey, document_name
from tallyroll.vocab.errors import UsageProblem, VerificationProblem

ledger_verbs = typer.Typer(help="The ledger: what was decided and done, so that a change shows.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="The folder of the ledger: the one that holds `checkpoint`.")]
Key = Annotated[str, typer.Option("--key", help="The ledger's verifier key, or a file that holds it.")]
Witnesses = Annotated[
    list[str] | None,
    typer.Option("--witness", help="A witness one trusts, as 'NAME VKEY'; 'NAME VKEY URL' to ask it. May be repeated."),
]


def join(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    app.add_typer(ledger_verbs, name="ledger")


@ledger_verbs.command()
def verify(
    folder: Folder,
    *,
    roles_file: Annotated[
        Path | None, typer.Option("--roles", help="The roles file that you trust; the ledger's own when not given.")
    ] = None,
    key: Annotated[str, typer.Option("--key", help="Check a log that has no roles, by this verifier key.")] = "",
    witness: Witnesses = None,
    as_json: Json = False,
) -> None:
    """Check every byte, signature and step with nothing but the files and public keys; say where the first fault is."""
    if (key and roles_file) or (witness and not key):
        what = "--key goes with --witness, and --roles with neither: the roles name key and witnesses."
        raise UsageProblem(what, where="--key", mend="Give --roles for a ledger of assessments, --key for a plain log.")
    if key:
        _tell(ledger.verify(folder, key=vkey_of(key), witnesses=_witnesses(witness)), None, as_json=as_json)
        return
    audit = auditing.audit(folder, roles.read(roles_file) if roles_file else auditing.own_roles(folder))
    _tell(audit.files, audit, as_json=as_json)
    if roles_file is None and not as_json:
        say(f"The keys are those that the ledger names itself (roles {audit.standing.roles.digest}).")
        say("Compare that digest with one you trust, or give the file with --roles.")


def _tell(found: ledger.Verified, audit: auditing.Audit | None, *, as_json: bool) -> None:
    facts = _facts(found)
    if audit is not None:
        facts |= {"roles": audit.standing.roles.digest, "collections": _states(audit.standing), "void": audit.void}
    if as_json:
        say_json({name: _plain_value(value) for name, value in facts.items()})
        return
    _show_files(found)
    for name, state in _states(audit.standing).items() if audit else ():
        say(f"'{plain(name)}' is [bold]{state}[/], by the signatures.")
    for one in audit.void if audit else ():
        say(f"[yellow]Without effect:[/] {plain(one)}")


def _facts(found: ledger.Verified) -> dict[str, object]:
    return {
        "origin": found.checkpoint.origin,
        "entries": found.checkpoint.size,
        "root": found.checkpoint.root.hex(),
        "last": found.last,
        "documents": found.documents,
        "witnessed": found.witnessed,
        "cosigned": found.cosigned,
        "unchecked": found.unchecked,
        "leftovers": found.leftovers,
    }


def _states(standing: Standing) -> dict[str, str]:
    """Where each collection stands: the state of its newest version on the day of its last statement."""
    found = {}
    for name, history in standing.histories.items():
        if history.versions:
            on = history.said[-1].statement.at.date()
            found[name] = str(history.state(history.versions[-1], on=on))
    return found


def _show_files(found: ledger.Verified) -> None:
    held = found.checkpoint
    say(f"[bold green]In order.[/] {plain(held.origin)}: {held.size:,} entries, each signed for.")
    say(f"Root {held.root.hex()}. Last entry {found.last or 'none'}. {found.documents:,} documents.")
    for name, at in found.cosigned.items():
        say(f"Witness {plain(name)} saw the first {found.witnessed:,} at {at.isoformat()}.")
    if found.unchecked:
        say(f"Not checked, for their keys were not given: signatures of {plain(', '.join(found.unchecked))}.")
    if found.leftovers:
        say(f"No part of the ledger, and not checked: {plain(', '.join(found.leftovers))}.")


@ledger_verbs.command()
def show(
    folder: Folder,
    *,
    key: Key,
    last: Annotated[int, typer.Option(min=1, help="How many entries, counted from the end.")] = 20,
    as_json: Json = False,
) -> None:
    """Show the last entries of a ledger, once they were verified."""
    entries = ledger.Reader(folder, key=vkey_of(key)).refresh()
    shown = [(one.index, one.at.isoformat(), one.event, one.facts) for one in entries[-last:]]
    if as_json:
        names = ("index", "at", "event", "facts")
        say_json({"entries": len(entries), "shown": [dict(zip(names, one, strict=True)) for one in shown]})
        return
    rows = [(index, at, event, json.dumps(facts, ensure_ascii=False)) for index, at, event, facts in shown]
    show_table(f"{len(entries):,} entries", ["entry", "at", "event", "facts"], rows, numbers_from=4)


@ledger_verbs.command()
def prove(
    folder: Folder,
    index: Annotated[int, typer.Argument(help="The place of the entry, from 0.")],
    *,
    key: Key,
    out: Annotated[Path, typer.Option("--out", help="The file to write; by custom it ends in .tlog-proof.")],
) -> None:
    """Write a file that proves to anybody with the public keys that the ledger holds an entry."""
    proof = ledger.prove(folder, index, key=vkey_of(key))
    out.write_text(proof.text(), encoding="utf-8")
    say(f"{plain(str(out))} proves entry {index} of {plain(proof.checkpoint.splitlines()[0])}.")


@ledger_verbs.command("check-proof")
def check_proof(
    file: Annotated[Path, typer.Argument(help="A proof.")],
    *,
    key: Key,
    witness: Witnesses = None,
    document: Annotated[Path | None, typer.Option(help="A file that the entry must name as its document.")] = None,
    as_json: Json = False,
) -> None:
    """Check a proof without the ledger, and show the entry it proves."""
    proof = ledger.Proof.parse(_text(file), where=str(file))
    proved = ledger.check_proof(proof, key=vkey_of(key), witnesses=_witnesses(witness), where=str(file))
    if document is not None and document_name(document.read_bytes()) not in ledger.documents_of(proved.entry.facts):
        what, mend = "The entry that is proved does not name this document.", "Compare it with the published one."
        raise VerificationProblem(what, where=str(document), mend=mend)
    facts = {
        "origin": proved.checkpoint.origin,
        "index": proved.entry.index,
        "at": proved.entry.at,
        "event": proved.entry.event,
        "facts": proved.entry.facts,
        "cosigned": proved.at,
    }
    if as_json:
        say_json({name: _plain_value(value) for name, value in facts.items()})
        return
    say(f"[bold green]Proved.[/] Entry {proved.entry.index} of {plain(proved.checkpoint.origin)}:")
    say(f"{proved.entry.at.isoformat()} {plain(proved.entry.event)} {plain(json.dumps(proved.entry.facts))}")
    for name, at in proved.at.items():
        say(f"Witness {plain(name)} saw it at {at.isoformat()}.")


@ledger_verbs.command()
def key(
    file: Annotated[Path, typer.Argument(help="The new file; only its owner will be able to read it.")],
    *,
    name: Annotated[str, typer.Option("--name", help="A ledger's origin or a witness's name, as schools.example/a.")],
    as_json: Json = False,
) -> None:
    """Make a key for a ledger or a witness, and print the public half for each use."""
    made = NoteKey.new(name)
    ledger.write_key(file, made.private)
    if as_json:
        say_json({"file": str(file), "vkey": made.vkey, "witness_vkey": made.cosigner_vkey})
        return
    say(f"{plain(str(file))} holds the private key. Keep it, and a copy elsewhere.")
    typer.echo(f"As a ledger:  {made.vkey}\nAs a witness: {made.cosigner_vkey}")


@ledger_verbs.command()
def mirror(
    url: Annotated[str, typer.Argument(help="The address above the ledger's `checkpoint`.")],
    folder: Annotated[Path, typer.Argument(help="The folder of the copy.")],
    *,
    key: Key,
    as_json: Json = False,
) -> None:
    """Copy a ledger, or bring a copy up to date; a ledger that forgot or changed anything is refused."""
    done = asyncio.run(mirroring.mirror(url, folder, key=vkey_of(key)))
    if as_json:
        say_json({"entries": done.size, "grown": done.grown})
    else:
        say(f"{done.size:,} entries, {done.grown:,} of them new.")


@ledger_verbs.command()
def cosign(
    folder: Folder,
    *,
    roles_file: Annotated[
        Path | None, typer.Option("--roles", help="The roles file: it names key, witnesses and quorum.")
    ] = None,
    key: Annotated[str, typer.Option("--key", help="For a log without roles: its verifier key.")] = "",
    witness: Witnesses = None,
    quorum: Annotated[int, typer.Option(min=1, help="For a log without roles: how many must answer.")] = 1,
    as_json: Json = False,
) -> None:
    """Ask witnesses to cosign a ledger as it is now, and keep their word beside it. Run it every few minutes."""
    if roles_file:
        trusted = roles.read(roles_file)
        vkey, quorum = trusted.log_key, trusted.quorum
        asked = [witnessing.WitnessAt(one.name, one.key, one.url) for one in trusted.witnesses if one.url]
    else:
        if not key:
            raise UsageProblem(
                "Whose ledger is it?", where="--roles", mend="Give --roles FILE, or --key and --witness."
            )
        vkey = vkey_of(key)
        asked = [witnessing.WitnessAt(*parts) for parts in _parts(witness) if len(parts) == 3]
    if not asked or (not roles_file and len(asked) < len(witness or ())):
        raise UsageProblem("A witness that is asked needs an address.", where="--witness", mend="'NAME VKEY URL'.")
    done = asyncio.run(witnessing.cosign(folder, key=vkey, witnesses=asked, quorum=quorum))
    if as_json:
        say_json({"entries": done.size, "by": _plain_value(done.by), "missing": done.missing})
    else:
        for name, at in done.by.items():
            say(f"{plain(name)} saw {done.size:,} entries at {at.isoformat()}.")
        for name, why in done.missing.items():
            say(f"[bold]{plain(name)}[/] {plain(why)}.")
    if len(done.by) < quorum:
        what = f"{len(done.by)} of {quorum} witnesses cosigned; nothing was changed."
        raise VerificationProblem(what, where=str(folder), mend="Ask again when they answer.")


@ledger_verbs.command()
def witness(*, settings: Annotated[Path, typer.Option("--settings", help="The witness's settings, as TOML.")]) -> None:
    """Run a witness until stopped with Ctrl-C."""
    found = witnessing.WitnessSettings.read(settings)
    made = found.witness()

    def bound(address: str) -> None:
        say(f"Witness {plain(made.name)} at {address}   stop with Ctrl-C")
        typer.echo(made.vkey)

    asyncio.run(witnessing.serve(made, clock=clock(""), host=found.host, port=found.port, bound=bound))


def vkey_of(text: str) -> str:
    """A verifier key, given itself or as the name of a file that holds it."""
    return text if "+" in text and not Path(text).is_file() else _text(Path(text)).strip()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise VerificationProblem("This is not text.", where=str(path), mend="Give the right file.") from error


def _parts(witnesses: Sequence[str] | None) -> list[list[str]]:
    found = [one.split() for one in witnesses or ()]
    if any(len(parts) not in {2, 3} for parts in found):
        raise UsageProblem("A witness is written 'NAME VKEY' or 'NAME VKEY URL'.", where="--witness", mend="Quote it.")
    return found


def _witnesses(witnesses: Sequence[str] | None) -> dict[str, str]:
    return {parts[0]: parts[1] for parts in _parts(witnesses)}


def _plain_value(value: object) -> object:
    """Moments as text, at the first depth too."""
    if isinstance(value, Mapping):
        return {name: _plain_value(part) for name, part in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else value
