"""The sharing register: who received what, when, under which clause; what was refused; what cannot be had at all.

From the log of the gate and the assessments that it names, and published even when nothing was shared (LOG-07,
ACC-A27 to A30, ACC-B11). What the gate permitted to leave counts as shared.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date

from tallyroll.governance.lifecycle import History, Version
from tallyroll.governance.limits import LEAVING
from tallyroll.governance.manifest.parts import Purpose, Recipient
from tallyroll.governance.manifest.words import Part, PartyKind, Receives, Right
from tallyroll.governance.permits import Door
from tallyroll.governance.records import sheets
from tallyroll.governance.records.outline import said, spoken
from tallyroll.governance.records.sheets import Row, Sheet
from tallyroll.ledger import Entry

GATE, RELEASED, DELETED = "gate", "released", "deleted"
_WATCHED = {
    "Home Office": re.compile(r"\b(home office|immigration|border force|visas)\b", re.IGNORECASE),
    "Police": re.compile(r"\b(police|constabulary|crime agency)\b", re.IGNORECASE),
    "Courts": re.compile(r"\b(courts?|tribunals?|prosecut\w+)\b", re.IGNORECASE),
    "Companies": None,  # by what kind of body the assessment says they are, not by name
}
"""Those about whom people ask first: each has a row of its own, whatever it says."""


def files(history: History, entries: Sequence[Entry], *, on: date) -> Mapping[str, str]:
    """The page `sharing-register.html` and a CSV file for each of its tables, by name, as they stand on a day."""
    about = "Who received what, when and under which clause, from the log of the gate and nothing else."
    four = (watched(history, entries), shared(history, entries), refused(history, entries), deleted(entries))
    html = sheets.page("Sharing register", four, collection=history.collection, about=about, on=on)
    return {"sharing-register.html": html} | sheets.csv_files(four)


def shared(history: History, entries: Sequence[Entry]) -> Sheet:
    """Everything that left, one row each."""
    rows = [row for one in entries for row in (*_sent(one, history), *_published(one, history))]
    return Sheet(
        name="sharing-register",
        title="What was shared",
        about="Counts that were sent, rows that were exported, figures that were published.",
        headings=(
            *("Entry", "When", "Recipient", "Kind", "What", "First day", "Last day", "Schools", "Purpose", "Clause"),
            *("Legal basis", "Law", "Version", "Assessment", "Controllers", "Sole or joint"),
            *("Passing on", "Commercial", "Objections", "Release"),
        ),
        rows=tuple(rows),
        empty="Nothing was shared.",
    )


def _sent(entry: Entry, history: History) -> Iterator[Row]:
    if not _left(entry, history):
        return
    facts, version = entry.facts, history.version(str(entry.facts["manifest"]))
    recipient = _recipient(entry, version)
    what = spoken(recipient.receives if recipient else facts["door"])
    what = f"{what}: {said(facts['items'] or facts['characteristics'])}"
    if version and recipient:
        yield _row(entry, version, recipient, what=what, clause=str(facts["clause"]))
    else:  # the gate does not let this happen; if it did, the register would be the last to keep silent
        unknown = (*_when(entry), facts["recipient"], "not named in the assessment", what, *_reach(entry))
        yield *unknown, facts["purpose"], facts["clause"], "", "", "", facts["manifest"], *[""] * 6


def _left(entry: Entry, history: History) -> bool:
    """Whether the gate let something leave for somebody, under this collection."""
    facts = entry.facts
    ours = entry.event == GATE and facts.get("collection") == history.collection
    return ours and facts["answer"] == "permit" and facts["door"] in LEAVING


def _recipient(entry: Entry, version: Version | None) -> Recipient | None:
    facts, wanted = entry.facts, LEAVING[Door(str(entry.facts["door"]))]
    named = version.manifest.recipients if version else ()
    found = (one for one in named if (one.name, one.purpose) == (facts["recipient"], facts["purpose"]))
    return next((one for one in found if one.receives in wanted), None)


def _when(entry: Entry) -> Row:
    return entry.index, f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def _reach(entry: Entry) -> Row:
    days = (date.fromisoformat(str(entry.facts[name])) if name in entry.facts else "" for name in ("first", "last"))
    return *days, entry.facts.get("schools", "")


def _published(entry: Entry, history: History) -> Iterator[Row]:
    version = history.version(str(entry.facts.get("manifest")))
    if entry.event != RELEASED or version is None:
        return
    for one in version.manifest.recipients:
        if one.receives is Receives.PUBLISHED_STATISTICS:
            what = f"{spoken(one.receives)}: {entry.facts['tables']} tables"
            yield _row(entry, version, one, what=what, clause=f"{history.collection}/{version.number} release")


def _row(entry: Entry, version: Version, recipient: Recipient, *, what: str, clause: str) -> Row:
    manifest = version.manifest
    purpose = next(one for one in manifest.purposes if one.id == recipient.purpose)
    joint = any(one.part is Part.JOINT_CONTROLLER for one in manifest.parties)
    return (
        *(*_when(entry), recipient.name, _kind(recipient), what, *_reach(entry), purpose.text, clause),
        *(f"Article {purpose.basis}", _law(purpose, recipient), version.number, version.digest),
        *(manifest.controller, "joint" if joint else "sole", _passing_on(recipient)),
        "yes" if recipient.kind is PartyKind.COMPANY else "no",
        *(_objections(version), entry.facts.get("release", "")),
    )


def _kind(recipient: Recipient) -> str:
    return "everybody" if recipient.receives is Receives.PUBLISHED_STATISTICS else spoken(recipient.kind)


def _law(purpose: Purpose, recipient: Recipient) -> str:
    return "; ".join(one for one in (purpose.enactment, recipient.gateway) if one)


def _passing_on(recipient: Recipient) -> str:
    public = recipient.receives is Receives.PUBLISHED_STATISTICS
    return "published for everybody" if public else "no: the list of recipients is closed"


def _objections(version: Version) -> str:
    return next((one.how for one in version.manifest.rights if one.right is Right.OBJECTION), "")


def refused(history: History, entries: Sequence[Entry]) -> Sheet:
    """What the gate refused, counted by clause and door."""
    found = [one.facts for one in entries if one.event == GATE and one.facts.get("collection") == history.collection]
    counts = Counter((one["clause"], one["door"]) for one in found if one["answer"] == "refusal")
    return Sheet(
        name="refusals",
        title="What was refused",
        about=f"Questions to the gate: {len(found)}. Refused: {counts.total()}.",
        headings=("Clause", "Door", "Refusals"),
        rows=tuple((clause, door, times) for (clause, door), times in sorted(counts.items(), key=_by_weight)),
        empty="Nothing was refused.",
    )


def _by_weight(counted: tuple[tuple[object, object], int]) -> tuple[int, str]:
    named, times = counted
    return -times, str(named)


def watched(history: History, entries: Sequence[Entry]) -> Sheet:
    """What the Home Office, police, courts and companies received: counted, and whether it is possible at all."""
    return Sheet(
        name="asked-about-most",
        title="What the Home Office, police, courts and companies received",
        about="It is possible only for a recipient that the assessment in force names. Published figures, which "
        "everybody can read, are not counted here.",
        headings=("Who", "Received"),
        rows=tuple((who, _received(who, history, entries)) for who in _WATCHED),
        empty="",
    )


def _received(who: str, history: History, entries: Sequence[Entry]) -> str:
    times = sum(_went_to(who, one, history) for one in entries if _left(one, history))
    named = history.active.manifest.recipients if history.active else ()
    possible = any(_is(who, one.name, one.kind) for one in named if one.receives is not Receives.PUBLISHED_STATISTICS)
    if possible:
        return f"{times}, possible: the assessment names it"
    return f"{times}, although the assessment in force names none" if times else "0, not possible"


def _went_to(who: str, entry: Entry, history: History) -> bool:
    recipient = _recipient(entry, history.version(str(entry.facts["manifest"])))
    return _is(who, str(entry.facts["recipient"]), recipient.kind if recipient else None)


def _is(who: str, name: str, kind: PartyKind | None) -> bool:
    pattern = _WATCHED[who]
    return bool(pattern.search(name)) if pattern else kind is PartyKind.COMPANY


def deleted(entries: Sequence[Entry]) -> Sheet:
    """The deletion records of the log: what was destroyed, by which rule, and what was left."""
    told = ("store", "duration", "basis", "rows", "keys_destroyed", "inventory_after")  # a store may have no keys
    rows = (
        (one.index, one.at.astimezone(UTC).date(), *(_numbers(one.facts.get(name, "")) for name in told))
        for one in entries
        if one.event == DELETED
    )
    return Sheet(
        name="deletions",
        title="What was destroyed",
        about="Each time rows were due to go. The entry of the log is the certificate.",
        headings=("Entry", "When", "Store", "Kept for", "Why so long", "Rows gone", "Keys destroyed", "Rows left"),
        rows=tuple(rows),
        empty="Nothing was due to go yet.",
    )


def _numbers(counts: object) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items()) if isinstance(counts, dict) else str(counts)
