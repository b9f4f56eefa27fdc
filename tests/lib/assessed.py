"""Assessments in force, for tests: a real ledger, real signatures, every step taken; nothing is let through."""

import atexit
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from tallyroll.flows import ceremony
from tallyroll.flows.office import Office, found
from tallyroll.governance import Assessments, Gate, Manifest
from tallyroll.governance.manifest import parse
from tallyroll.governance.manifest.words import Tier
from tallyroll.governance.notices import NOTICES_ISSUED, notice_digest
from tallyroll.governance.roles import Roles
from tallyroll.ledger import Log, NoteKey, Reader
from tallyroll.vocab.clock import Clock, FixedClock
from tallyroll.vocab.identifiers import Urn

_DESK = Path(mkdtemp(prefix="tallyroll-assessed-"))
atexit.register(shutil.rmtree, _DESK)
ENACTED = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)  # before any test's day
URL = "https://attendance.example/assessments"


@dataclass(frozen=True, slots=True)
class House:
    """A ledger with the keys of everybody, in a folder of its own."""

    folder: Path
    log: Log
    key: NoteKey
    roles: Roles
    keys: ceremony.Keys

    def office(self, clock: Clock) -> Office:
        """The office at a moment."""
        return Office(self.log, self.roles, clock)

    def gate(self, collection: str, *, clock: Clock, tier: Tier = Tier.TRUST) -> Gate:
        """A gate of its own reading: nothing is shared with another one but the files."""
        own = Reader(self.folder, key=self.key.vkey)
        return Gate(Assessments(self.folder, self.roles), collection, tier, self.log, own, clock)


def house(folder: Path, *, at: datetime = ENACTED) -> House:
    """A ledger founded at this moment, with nothing in it yet."""
    key, keys = NoteKey.new("tests.example/attendance"), ceremony.new_keys()
    roles = ceremony.roles_for(keys, key, trained_until=date(2027, 12, 31))
    return House(folder, found(folder, key=key, roles=roles, at=at), key, roles, keys)


def enact(at_house: House, manifest: Manifest, *, at: datetime = ENACTED) -> None:
    """Bring a manifest into force, every step in its turn."""
    office = at_house.office(FixedClock(at))
    ceremony.approve(office, manifest, at_house.keys)
    ceremony.put_in_force(office, manifest, at_house.keys, url=URL)


def tell(gate: Gate, manifest: Manifest, schools: Collection[Urn], *, at: datetime = ENACTED) -> None:
    """Write down that the families of these schools have the notices."""
    facts = {"notice": notice_digest(manifest), "schools": sorted(urn.number for urn in schools)}
    gate.log.append(at=at, event=NOTICES_ISSUED, facts=facts)


def gate_for(manifest: Manifest, *, folder: Path, clock: Clock, told: Collection[Urn] = ()) -> Gate:
    """A gate in whose ledger this manifest is in force, and these schools have told their families."""
    made = house(folder)
    enact(made, manifest)
    gate = made.gate(manifest.collection.id, clock=clock)
    if told:
        tell(gate, manifest, told)
    return gate


@cache
def _shared(text: str, at: datetime) -> Assessments:
    made = house(Path(mkdtemp(dir=_DESK)), at=at)
    enact(made, parse(text, where="test manifest"), at=at)
    return Assessments(made.folder, made.roles)


@cache
def _answers(text: str, moment: datetime) -> tuple[Log, Reader]:
    """The log of a gate at a moment: tests run in any order, and no log goes back in time."""
    key = NoteKey.new("tests.example/answers")
    log = Log.found(Path(mkdtemp(dir=_DESK)), key)
    return log, Reader(log.folder, key=key.vkey)


def shared_gate(text: str, *, clock: Clock, told: Collection[Urn] = ()) -> Gate:
    """A gate of this process for this text at this moment, made once; for tests that only need a permit."""
    manifest, now = parse(text, where="test manifest"), clock.now()
    log, own = _answers(text, now)
    gate = Gate(_shared(text, min(ENACTED, now)), manifest.collection.id, Tier.TRUST, log, own, FixedClock(now))
    new = set(told) - _told(gate)
    if new:
        tell(gate, manifest, new, at=now)
    return gate


def _told(gate: Gate) -> set[Urn]:
    issued = [one.facts["schools"] for one in gate.own.refresh() if one.event == NOTICES_ISSUED]
    return {Urn(number) for schools in issued if isinstance(schools, list) for number in schools}
