"""A place under siege, for tests of the gate: a public ledger, its witnesses, a node with a log of its own, every key.

Made once by the real ceremony and copied for each test, so that a test may break whatever it likes.
"""

import atexit
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallyroll.flows import ceremony
from tallyroll.flows.office import Office, found, say
from tallyroll.governance import Assessments, Door, Gate, Manifest, Permit, Refusal, Request, decide
from tallyroll.governance.assessments import STATEMENT, entry_of
from tallyroll.governance.manifest import parse
from tallyroll.governance.manifest.words import Tier
from tallyroll.governance.notices import NOTICES_ISSUED, notice_digest
from tallyroll.governance.roles import Role, Roles, WitnessKey
from tallyroll.governance.statements import Kind, Statement, sign
from tallyroll.ledger import Log, NoteKey, Reader, Witness, keep_cosigned, request_of
from tallyroll.ledger.notes import Note
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL, Item
from tests.lib.builders import NOW, manifest_text

ENACTED = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
A, B = Urn(100001), Urn(100002)
TEXT = manifest_text(items=[*ESSENTIAL, Item.SEX], characteristics=["sex"])
WITNESSED_TEXT = TEXT.replace('tier = "trust"', 'tier = "authority"', 1)
REQUEST = Request(
    door=Door.PULL,
    purpose="attendance-statistics",
    schools=frozenset({A}),
    items=ESSENTIAL | {Item.SEX},
    first=date(2026, 11, 2),
    last=date(2026, 11, 20),
    characteristics=frozenset({"sex"}),
)
ORIGIN, OWN = "tests.example/public", "tests.example/node"
SECTORS = {"w1.example": "press", "w2.example": "university", "w3.example": "university"}
_DESK = Path(mkdtemp(prefix="tallyroll-siege-"))
atexit.register(shutil.rmtree, _DESK)


@dataclass(slots=True)
class HandClock:
    """A clock that a test sets by hand."""

    moment: datetime

    def now(self) -> datetime:
        """What the hands show."""
        return self.moment


@dataclass(slots=True)
class Siege:
    """Everything that a collection under attack consists of, in one folder; and what an attacker could hold."""

    folder: Path
    manifest: Manifest
    roles: Roles
    keys: Mapping[Role, Ed25519PrivateKey]
    public: NoteKey
    node: NoteKey
    witness_keys: Mapping[str, NoteKey]
    clock: HandClock = field(default_factory=lambda: HandClock(NOW))

    @property
    def ledger(self) -> Path:
        """The public ledger's folder."""
        return self.folder / "ledger"

    @property
    def own(self) -> Path:
        """The folder of the node's own log."""
        return self.folder / "own"

    def gate(self, *, tier: Tier = Tier.TRUST, collection: str = "test-attendance") -> Gate:
        """The gate as a process that has just started opens it."""
        log, own = Log.open(self.own, self.node), Reader(self.own, key=self.node.vkey)
        return Gate(Assessments(self.ledger, self.roles), collection, tier, log, own, self.clock)

    def answer(
        self, gate: Gate | None = None, *, authorities: Mapping[Urn, str] | None = None, **change: object
    ) -> Permit | Refusal:
        """What the gate says to the usual request, changed in these fields."""
        request = replace(REQUEST, **change)  # type: ignore[arg-type]  # fields of a request
        return decide(gate or self.gate(), request, authorities=authorities or {A: "201", B: "202"})

    def say(self, kind: Kind, *roles: Role, at: datetime | None = None, **facts: str) -> None:
        """A statement as the office takes it: one without effect is refused."""
        self.speak(kind, *roles, at=at, manifest=self.manifest, facts=facts)

    def speak(
        self, kind: Kind, *roles: Role, manifest: Manifest | None, facts: Mapping[str, str], at: datetime | None = None
    ) -> None:
        """The same about another manifest, or none."""
        clock = HandClock(at or self.clock.moment)
        office = Office(Log.open(self.ledger, self.public), self.roles, clock)
        keys = [self.keys[one] for one in roles]
        say(office, kind, collection="test-attendance", keys=keys, manifest=manifest, facts=facts)

    def enact(self, manifest: Manifest, *, at: datetime = ENACTED) -> None:
        """A manifest brought into force, every step in its turn."""
        office = Office(Log.open(self.ledger, self.public), self.roles, HandClock(at))
        ceremony.approve(office, manifest, self.keys)
        if self.witness_keys:
            self.cosign(at=at)
        ceremony.put_in_force(office, manifest, self.keys, url="https://attendance.example")

    def statement(self, kind: Kind, *, at: datetime | None = None, **facts: str) -> Statement:
        """A statement about the manifest (or the roles), dated and knowing the ledger as it is now."""
        seen = Reader(self.ledger, key=self.public.vkey).refresh()
        of_ledger = kind is Kind.ROLES_CHANGED
        about = ("", "") if of_ledger else ("test-attendance", self.manifest.digest)
        return Statement(kind, *about, at or self.clock.moment, len(seen), facts)

    def smuggle(self, envelope: bytes, statement: Statement, *, at: datetime | None = None) -> None:
        """An envelope put into the ledger by somebody who holds the ledger's key and asks no office."""
        log = Log.open(self.ledger, self.public)
        for document in (envelope, self.manifest.canonical):
            log.keep_document(document)
        log.append(at=at or self.clock.moment, event=STATEMENT, facts=entry_of(envelope, statement))

    def smuggle_signed(self, statement: Statement, *keys: Ed25519PrivateKey, at: datetime | None = None) -> None:
        """The same for a statement that these keys sign."""
        self.smuggle(sign(statement, keys), statement, at=at)

    def cosign(self, *names: str, at: datetime | None = None) -> None:
        """The public ledger shown to witnesses (all, unless named), who answer at this moment."""
        checkpoint = (self.ledger / "checkpoint").read_bytes()
        note, lines = Note.parse(checkpoint, where="checkpoint"), []
        for name in names or tuple(self.witness_keys):
            witness = Witness(self.folder / name, self.witness_keys[name], {ORIGIN: self.public.vkey})
            lines.append(self._line(witness, checkpoint, note, at or self.clock.moment))
        own = tuple(one for one in note.signatures if one.name == ORIGIN)
        keep_cosigned(self.ledger, Note(note.text, (*own, *lines)), key=self.public.vkey)

    def _line(self, witness: Witness, checkpoint: bytes, note: Note, at: datetime):  # type: ignore[no-untyped-def]  # of a note
        old = 0
        while True:
            request = request_of(self.ledger, key=self.public.vkey, old=old, checkpoint=checkpoint)
            answer = witness.add_checkpoint(request, now=at)
            if answer.status == 200:
                return Note.parse(f"{note.text}\n{answer.body}".encode(), where="answer").signatures[0]
            assert answer.status == 409, answer
            old = int(answer.body)

    def tell(self, *schools: Urn, at: datetime | None = None) -> None:
        """Write into the node's log that families of these schools have the notices."""
        facts = {"notice": notice_digest(self.manifest), "schools": [urn.number for urn in schools]}
        Log.open(self.own, self.node).append(at=at or self.clock.moment, event=NOTICES_ISSUED, facts=facts)

    def document(self, kind: Kind) -> Path:
        """The file that holds the envelope of the last statement of a kind."""
        said = [e for e in Reader(self.ledger, key=self.public.vkey).refresh() if e.facts.get("kind") == kind]
        return self.ledger / "documents" / str(said[-1].facts["envelope"]["document"])  # type: ignore[index]  # an object


def version_after(manifest: Manifest, text: str, *swaps: tuple[str, str]) -> Manifest:
    """A next version of a manifest that follows it in due form."""
    named = f'supersedes = "{manifest.digest}"\nreason = "The items were looked at again and one changed."'
    for old, new in (('owner = "Head of Att', f'{named}\nowner = "Head of Att'), *swaps):
        assert old in text
        text = text.replace(old, new, 1)
    return parse(text, where="next version")


@cache
def _made(witnessed: bool) -> Siege:
    folder = _DESK / f"witnessed-{witnessed}"
    public, node, keys = NoteKey.new(ORIGIN), NoteKey.new(OWN), ceremony.new_keys()
    witnesses = {name: NoteKey.new(name) for name in SECTORS} if witnessed else {}
    named = [
        WitnessKey(name=name, key=key.cosigner_vkey, sector=SECTORS[name], url="") for name, key in witnesses.items()
    ]
    roles = ceremony.roles_for(
        keys, public, trained_until=date(2027, 12, 31), witnesses=named, quorum=2 if witnessed else 0
    )
    manifest = parse(WITNESSED_TEXT if witnessed else TEXT, where="test manifest")
    made = Siege(folder, manifest, roles, keys, public, node, witnesses)
    found(made.ledger, key=public, roles=roles, at=ENACTED)
    Log.found(made.own, node)
    made.tell(A, B, at=ENACTED)

    made.enact(manifest)
    if witnessed:
        made.cosign()
    return made


def besiege(folder: Path, *, witnessed: bool = False) -> Siege:
    """A collection in force, copied into this folder: at a trust without witnesses, or at an authority with three."""
    made = _made(witnessed)
    shutil.copytree(made.folder, folder, dirs_exist_ok=True)
    return replace(made, folder=folder, clock=HandClock(NOW))


def digest_of(content: bytes) -> str:
    """The name of a document."""
    return sha256(content).hexdigest()


def later(**span: float) -> datetime:
    """A moment after the usual one."""
    return NOW + timedelta(**span)
