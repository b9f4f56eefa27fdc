"""A rehearsal: a ledger, everybody's keys and running witnesses in one folder, so that every step can be played.

In life the keys lie with three people and the witnesses with three bodies; who holds them all proves nothing.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from tallyroll.flows import ceremony, gatehouse, witnessing
from tallyroll.flows.hosting import hosted, ledger_app
from tallyroll.flows.office import Office, check_published, found, say
from tallyroll.governance import Manifest
from tallyroll.governance.roles import Role, WitnessKey, text_of
from tallyroll.governance.statements import Kind
from tallyroll.ledger import Entry, NoteKey, Witness, write_key
from tallyroll.vocab.clock import Clock

SECTORS = {"regulator.example": "regulator", "charity.example": "civil society", "university.example": "university"}
"""The witnesses of a rehearsal, each from another sector."""
QUORUM = 2
_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A founded ledger with the keys of everybody, and the address at which anybody can read it."""

    folder: Path
    office: Office
    keys: ceremony.Keys
    public: str

    def enact(self, manifest: Manifest) -> None:
        """Bring an assessment into force, every step in its turn, published at the public address."""
        self.approve(manifest)
        self.put_in_force(manifest)

    def approve(self, manifest: Manifest) -> None:
        """Screened, consulted, advised and approved, and seen by the witnesses."""
        ceremony.approve(self.office, manifest, self.keys)
        self.witness()

    def put_in_force(self, manifest: Manifest) -> None:
        """Published, where anybody can read it, and activated."""
        url = self.address_of(manifest)
        asyncio.run(check_published(url, manifest))
        ceremony.put_in_force(self.office, manifest, self.keys, url=url)
        self.witness()

    def address_of(self, manifest: Manifest) -> str:
        """Where the manifest can be read, once the ledger holds it."""
        return f"{self.public}/documents/{manifest.digest}"

    def say(self, kind: Kind, collection: str, *by: Role, **facts: str) -> Entry:
        """A statement about the collection as a whole, by these roles."""
        return say(self.office, kind, collection=collection, keys=[self.keys[role] for role in by], facts=facts)

    def witness(self) -> None:
        """Show the ledger to its witnesses."""
        asyncio.run(gatehouse.witness(self.office.log.folder, self.office.roles))


@contextmanager
def rehearsed(folder: Path, *, origin: str, clock: Clock, witnesses: bool = True) -> Iterator[Rehearsal]:
    """A ledger founded in `folder`, its witnesses running for as long as the block lasts.

    Beside it: `keys/` with everybody's keys, `roles.toml`, and `office.toml` for the verbs of `tallyroll dpia`.
    """
    ledger, keys = folder / "ledger", folder / "keys"
    for place in (folder, ledger, keys):
        place.mkdir(mode=0o700 if place is keys else 0o755, parents=True, exist_ok=True)
    log_key, people = NoteKey.new(origin), ceremony.new_keys()
    watchers = [NoteKey.new(name) for name in SECTORS] if witnesses else []
    write_key(keys / "ledger.key", log_key.private)
    for role, key in people.items():
        write_key(keys / f"{role}.key", key)
    apps = [_app(one, folder / "witnesses" / one.name, log_key, clock) for one in watchers]
    with hosted([*apps, ledger_app(ledger)]) as addresses:
        until = clock.now().date() + _YEAR
        roles = ceremony.roles_for(
            people,
            log_key,
            trained_until=until,
            witnesses=_named(watchers, addresses),
            quorum=QUORUM if witnesses else 0,
        )
        (folder / "roles.toml").write_text(text_of(roles), encoding="utf-8")
        office = 'ledger = "ledger"\nlog_key = "keys/ledger.key"\nroles = "roles.toml"\n'
        (folder / "office.toml").write_text(office, encoding="utf-8")
        log = found(ledger, key=log_key, roles=roles, at=clock.now())
        made = Rehearsal(folder, Office(log, roles, clock), people, addresses[-1])
        made.witness()
        yield made


def write_gate(folder: Path, manifest: Manifest) -> Path:
    """The settings of a gate whose answers go into the rehearsal's own ledger; gives their path."""
    path, collection = folder / "gate.toml", manifest.collection
    path.write_text(
        f'collection = "{collection.id}"\npurpose = "{manifest.purposes[0].id}"\ntier = "{collection.tier}"\n'
        'assessments = "ledger"\nroles = "roles.toml"\nlog = "ledger"\nlog_key = "keys/ledger.key"\n',
        encoding="utf-8",
    )
    return path


def _app(key: NoteKey, memory: Path, log: NoteKey, clock: Clock) -> web.Application:
    memory.parent.mkdir(exist_ok=True)
    return witnessing.app(Witness(memory, key, {log.name: log.vkey}), clock=clock)


def _named(watchers: Sequence[NoteKey], addresses: Sequence[str]) -> list[WitnessKey]:
    return [
        WitnessKey(name=key.name, key=key.cosigner_vkey, sector=SECTORS[key.name], url=url)
        for key, url in zip(watchers, addresses, strict=False)
    ]
