"""Histories without keys or files, for tests that need many: statements folded by the real life cycle, a day each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from tallyroll.governance.lifecycle import History, Rules, Told, take
from tallyroll.governance.manifest import Manifest, parse
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind, Signed, Statement
from tallyroll.ledger import Entry

START = date(2026, 9, 1)
ALL = frozenset(Role)
FIRST = (Kind.SCREENED, Kind.CONSULTED, Kind.ADVISED)


@dataclass
class Telling:
    """A ledger being told, one statement a day from START on; entry 0 founded it."""

    manifests: dict[str, Manifest] = field(default_factory=dict)
    history: History = field(default_factory=lambda: History("test-attendance"))
    entries: list[Entry] = field(default_factory=list)

    def say(
        self, kind: Kind, manifest: Manifest, facts: Mapping[str, str] | None = None, *, taken: date | None = None
    ) -> Entry:
        """One statement more, about a version, signed by everybody, taken by the ledger on a day; it must count."""
        self.manifests[manifest.digest] = manifest
        name, index = manifest.collection.id, len(self.entries) + 1
        at = datetime.combine(taken or START + timedelta(days=index), datetime.min.time(), UTC)
        said = Statement(kind, name, manifest.digest, at, index, facts or {})
        entry = Entry(index, at, "statement", {"kind": str(kind), "collection": name})
        told = Told(Signed(said, ALL, ("Kim (approver)",), index, f"{index:064x}"), at, len(ALL))
        self.history = take(self.history, told, Rules(self.manifests, lambda _manifest, _on: ()))
        if self.history.ignored:
            raise ValueError(self.history.ignored)
        self.entries.append(entry)
        return entry

    def advised(self, manifest: Manifest) -> "Telling":
        """As far as the advice of the data-protection officer."""
        for kind in FIRST:
            self.say(kind, manifest, {"advice": "proceed", "text": "Fit."} if kind is Kind.ADVISED else None)
        return self

    def enacted(self, manifest: Manifest, *, url: str = "https://statistics.example/dpia") -> "Telling":
        """Approved, published and active, after the advice."""
        approved = self.say(Kind.APPROVED, manifest)
        self.say(Kind.PUBLISHED, manifest, {"url": url, "witnessed": str(approved.index + 1)})
        self.say(Kind.ACTIVATED, manifest)
        return self


def enacted(manifest: Manifest) -> Telling:
    """A version in force, told from the beginning."""
    return Telling().advised(manifest).enacted(manifest)


def followed(old: Manifest, text: str, *, reason: str) -> Telling:
    """A version in force that follows another for a reason: the one that this TOML gives."""
    named = f'supersedes = "{old.digest}"\nreason = "{reason}"\nmandatory = '
    new = parse(text.replace("mandatory = ", named, 1), where="test")
    return enacted(old).advised(new).enacted(new)


def gate_entry(index: int, manifest: Manifest, **facts: object) -> Entry:
    """An answer of the gate as its log keeps it: a permit to send tallies, unless told otherwise."""
    usual: dict[str, object] = {
        "answer": "permit",
        "collection": manifest.collection.id,
        "manifest": manifest.digest,
        "clause": f"{manifest.collection.id}/1 purposes.attendance-statistics",
        "door": "send",
        "purpose": "attendance-statistics",
        "recipient": "The Statistics Office",
        "schools": 3,
        "characteristics": ["fsm"],
        "items": [],
        "first": "2026-11-16",
        "last": "2026-11-20",
    }
    return Entry(index, datetime(2026, 11, 20, 16, index % 60, tzinfo=UTC), "gate", usual | facts)


def lines(text: str) -> Sequence[str]:
    """The lines of a text that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]
