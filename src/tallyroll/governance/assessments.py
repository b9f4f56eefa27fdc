"""What a ledger says of its collections: read afresh, every byte and signature verified, before each question.

The root of trust is the roles file that the reader brings: the ledger's first entry must name it, and from there
everything is proved. What a quorum of witnesses has not seen yet can stop a collection and cannot start one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock

from tallyroll.governance import roles as roles_of
from tallyroll.governance import statements
from tallyroll.governance.lifecycle import History, Ignored, Rules, Told, objection, take
from tallyroll.governance.manifest import Manifest, from_canonical
from tallyroll.governance.manifest.rules import faults
from tallyroll.governance.roles import Role, Roles
from tallyroll.governance.statements import Kind, Signed, Statement
from tallyroll.governance.steps import STEPS
from tallyroll.ledger import Entry, Reader, documents_of
from tallyroll.vocab.errors import Problem, VerificationProblem

STATEMENT, FOUNDED = "statement", "founded"
DOCUMENTS = frozenset({"letter", "roles"})  # particulars that name a document of the ledger


@dataclass(frozen=True, slots=True)
class Standing:
    """What a ledger says at one moment: each collection's history, the roles, what witnesses have seen and when."""

    histories: Mapping[str, History]
    roles: Roles
    size: int
    witnessed: int  # how many entries a quorum of witnesses has seen; all of them where no quorum is asked
    witnessed_at: datetime | None  # when the quorum last saw them
    ignored: tuple[Ignored, ...]  # statements that nobody could read or whose collection is unknown

    def history(self, collection: str) -> History:
        """All that was said of a collection; an empty history where nothing was."""
        return self.histories.get(collection, History(collection))


class Assessments:
    """The assessments in a ledger's folder, followed as it grows."""

    def __init__(self, folder: Path, roles: Roles) -> None:
        self.folder = folder
        self._pinned = roles
        self._reader = Reader(folder, key=roles.log_key)
        self._papers: dict[str, bytes] = {}
        self._manifests: dict[str, Manifest] = {}
        self._judged: dict[tuple[str, date], Collection[object]] = {}
        self._last: tuple[object, Standing] | None = None
        self._lock = Lock()  # permits are checked in several threads

    def standing(self) -> Standing:
        """What the ledger says now.

        Raises: VerificationProblem when a byte, a signature or the order of the ledger does not hold.
        """
        with self._lock:
            entries = self._reader.refresh()
            seen = self._seen()
            basis = (len(entries), seen)
            if self._last is None or self._last[0] != basis:
                self._last = (basis, self._read(entries, *seen))
            return self._last[1]

    @property
    def head(self) -> dict[str, object]:
        """How many entries were seen and proved so far, and their root."""
        return {"size": self._reader.size, "root": self._reader.root}

    def holds(self, size: int, root: str) -> bool:
        """Whether the ledger began with this many entries of this root."""
        return self._reader.holds(size, root)

    def document(self, digest: str) -> bytes:
        """A document of the ledger, proved to be the one that its digest names."""
        return self._reader.document(digest)

    def entries(self) -> tuple[Entry, ...]:
        """Every entry of the ledger, verified."""
        return self._reader.refresh()

    def objection(
        self, envelope: bytes, *, at: datetime, manifest: Manifest | None = None, documents: Collection[bytes] = ()
    ) -> str:
        """Why this signed statement would have no effect if the ledger took it now; blank where it would have."""
        standing = self.standing()
        self._papers.update({sha256(content).hexdigest(): content for content in documents})
        proposed = {manifest.digest: manifest} if manifest is not None else {}
        told = self._judge(
            statements.read(envelope), envelope, standing.roles, index=standing.size, at=at, covered=True
        )
        rules = Rules({**proposed, **self._manifests}, self._faults, standing.roles.approvals)
        return objection(standing.history(told.signed.statement.collection), told, rules)

    def _rules(self, roles: Roles) -> Rules:
        return Rules(self._manifests, self._faults, roles.approvals)

    def _faults(self, manifest: Manifest, on: date) -> Collection[object]:
        """The rules' verdict, remembered: the same words on the same day have the same faults."""
        if (manifest.digest, on) not in self._judged:
            self._judged[manifest.digest, on] = faults(manifest, on=on)
        return self._judged[manifest.digest, on]

    def _seen(self) -> tuple[int, datetime | None]:
        if self._pinned.quorum == 0:
            return self._reader.size, None
        found = self._reader.witnessed(self._pinned.witness_keys)
        sector = {one.name: one.sector for one in self._pinned.witnesses}
        heard: list[str] = []
        for name, moment in sorted(found.at.items(), key=lambda one: one[1], reverse=True):
            heard.append(name)
            if len(heard) >= self._pinned.quorum and len({sector[one] for one in heard}) >= min(2, len(heard)):
                return found.size, moment
        return 0, None

    def _read(self, entries: Sequence[Entry], witnessed: int, witnessed_at: datetime | None) -> Standing:
        self._check_founding(entries)
        roles, histories, ignored = self._pinned, dict[str, History](), list[Ignored]()
        for entry in entries:
            if entry.event != STATEMENT:
                continue
            self._fetch(entry)
            try:
                told = self._told(entry, roles, covered=entry.index < witnessed)
            except Problem as problem:
                ignored.append(Ignored(entry.index, str(entry.facts.get("kind")), problem.what))
                continue
            name = told.signed.statement.collection
            before = histories.get(name, History(name))
            histories[name] = after = take(before, told, self._rules(roles))
            if told.signed.statement.kind is Kind.ROLES_CHANGED and len(after.said) > len(before.said):
                roles = self._roles(told.signed.statement.facts["roles"])
        return Standing(histories, roles, len(entries), witnessed, witnessed_at, tuple(ignored))

    def _check_founding(self, entries: Sequence[Entry]) -> None:
        first = entries[0] if entries else None
        if first is None or first.event != FOUNDED or first.facts.get("roles") != {"document": self._pinned.digest}:
            raise VerificationProblem(
                "This ledger was not founded with these roles.",
                where=str(self.folder),
                mend="Give the roles file that its first entry names, from a source you trust.",
            )

    def _roles(self, digest: str) -> Roles:
        where = f"roles {digest[:12]}"
        try:
            return roles_of.parse(self._paper(digest).decode(), where=where)
        except UnicodeDecodeError as error:
            raise VerificationProblem("These roles are not text.", where=where) from error

    def _told(self, entry: Entry, roles: Roles, *, covered: bool) -> Told:
        """A statement of the ledger, opened: what it says and whose signatures hold."""
        envelope = self._paper(_digest(entry.facts.get("envelope")))
        statement = statements.read(envelope, where=f"entry {entry.index}")
        if statement.manifest and statement.manifest not in self._manifests:
            content = self._paper(statement.manifest)
            self._manifests[statement.manifest] = from_canonical(content, digest=statement.manifest)
        return self._judge(statement, envelope, roles, index=entry.index, at=entry.at, covered=covered)

    def _fetch(self, entry: Entry) -> None:
        """Have every document of an entry at hand. One that is gone or changed may be a suspension: nothing goes on."""
        for digest in documents_of(entry.facts):
            if digest not in self._papers:
                self._papers[digest] = self._reader.document(digest)

    def _paper(self, digest: str) -> bytes:
        if digest not in self._papers:
            raise VerificationProblem("The entry does not name what its statement is about.")
        return self._papers[digest]

    def _judge(
        self, statement: Statement, envelope: bytes, roles: Roles, *, index: int, at: datetime, covered: bool
    ) -> Told:
        if statement.kind is Kind.ROLES_CHANGED:
            self._check_roles(statement.facts.get("roles", ""))
        stops = STEPS[statement.kind].stops  # whoever could once stop it still can: training is for starting things
        keys = statements.signers(envelope, roles, trained_at=None if stops else at)
        holders = tuple(f"{one.holder} ({one.role})" for one in keys)
        by = frozenset(one.role for one in keys)
        signed = Signed(statement, by, holders, index, sha256(envelope).hexdigest())
        approvers = sum(one.role is Role.APPROVER for one in keys)
        return Told(signed, at, approvers, covered)

    def _check_roles(self, digest: str) -> None:
        """Keys of people may change; the log and its witnesses are what nodes have pinned."""
        new = self._roles(digest)
        kept = ("log_key", "witnesses", "quorum", "fresh_minutes")
        if any(getattr(new, name) != getattr(self._pinned, name) for name in kept):
            raise VerificationProblem("It changes the log's key or its witnesses: that needs a new ledger.")


def _digest(named: object) -> str:
    """The digest of a document that an entry names."""
    if isinstance(named, dict) and isinstance(named.get("document"), str):
        return str(named["document"])
    raise VerificationProblem("The entry names no envelope.")


def entry_of(envelope: bytes, statement: Statement) -> dict[str, object]:
    """The facts under which a signed statement enters the ledger."""
    facts: dict[str, object] = {
        "kind": str(statement.kind),
        "collection": statement.collection,
        "envelope": {"document": sha256(envelope).hexdigest()},
    }
    if statement.manifest:
        facts["manifest"] = {"document": statement.manifest}
    for name in DOCUMENTS & set(statement.facts):
        facts[name] = {"document": statement.facts[name]}
    return facts
