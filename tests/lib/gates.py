"""Gates with their keys at hand, so that a test can suspend what it has opened."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from tallyroll.flows.office import say
from tallyroll.governance import Gate, Manifest
from tallyroll.governance.roles import Role, text_of
from tallyroll.governance.statements import Kind
from tallyroll.ledger import write_key
from tallyroll.vocab.clock import Clock, FixedClock
from tallyroll.vocab.identifiers import Urn
from tests.lib.assessed import ENACTED, House, enact, house, tell
from tests.lib.builders import manifest

_HOUSES: dict[Path, House] = {}
COLLECTION = "test-attendance"


def a_gate(folder: Path, *, clock: Clock, told: Collection[int] = (), rules: Manifest | None = None) -> Gate:
    """A gate whose ledger nobody shares; every breakdown is permitted, and these schools have told their families."""
    made, rules = house(folder), rules or manifest()
    _HOUSES[folder] = made
    enact(made, rules)
    _tell(made, rules, told)
    return made.gate(COLLECTION, clock=clock)


def _tell(made: House, rules: Manifest, told: Collection[int]) -> None:
    if told:
        tell(made.gate(rules.collection.id, clock=FixedClock(ENACTED)), rules, [Urn(one) for one in told])


def suspend(gate: Gate) -> None:
    """Suspend the collection behind a gate: one signature."""
    at = _HOUSES[gate.log.folder]
    key = at.keys[Role.DPO]
    say(at.office(gate.clock), Kind.SUSPENDED, collection=COLLECTION, keys=[key], facts={"reason": "Test."})


def resume(gate: Gate) -> None:
    """Let it go on: two signatures."""
    at = _HOUSES[gate.log.folder]
    keys = [at.keys[Role.APPROVER], at.keys[Role.DPO]]
    say(at.office(gate.clock), Kind.RESUMED, collection=COLLECTION, keys=keys, facts={"reason": "It was a test."})


def answers(gate: Gate) -> list[tuple[str, str]]:
    """The doors asked, and the answers: permit or refusal."""
    return [(str(one.facts["door"]), str(one.facts["answer"])) for one in gate.own.refresh() if one.event == "gate"]


def events(gate: Gate) -> list[str]:
    """What stands in the gate's own log, in order."""
    return [one.event for one in gate.own.refresh()]


def write_settings(
    folder: Path,
    *,
    name: str = "gate.toml",
    more: str = "",
    told: Collection[int] = (),
    rules: Manifest | None = None,
    at: datetime = ENACTED,
) -> Path:
    """A settings file beside a ledger in which an assessment, usually the tests', is in force since a moment."""
    folder.mkdir(parents=True, exist_ok=True)
    made, rules = house(folder / "ledger", at=at), rules or manifest()
    enact(made, rules, at=at)
    _tell(made, rules, told)
    write_key(folder / "ledger.key", made.key.private)
    for role, key in made.keys.items():
        write_key(folder / f"{role}.key", key)
    (folder / "roles.toml").write_text(text_of(made.roles), encoding="utf-8")
    text = (
        f'collection = "{rules.collection.id}"\npurpose = "{rules.purposes[0].id}"\ntier = "trust"\n'
        'assessments = "ledger"\nroles = "roles.toml"\nlog = "ledger"\nlog_key = "ledger.key"\n'
    )
    (folder / name).write_text(text + more, encoding="utf-8")
    return folder / name
