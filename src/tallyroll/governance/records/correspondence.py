"""The correspondence with the regulator, public by default: every entry, every concern, the clock of Article 36.

Nothing is typed here: the ledger's own entries say what was sent and received, and when it was written down (LAW-35,
ACC-A31, ACC-A32, ACC-A38).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from tallyroll.governance.lifecycle import EXTENSION_WEEKS, REGULATOR_WEEKS, History, Version
from tallyroll.governance.records import sheets
from tallyroll.governance.records.sheets import Row, Sheet
from tallyroll.governance.statements import Kind, Signed
from tallyroll.ledger import Entry
from tallyroll.vocab.durations import Duration

WORKING_DAYS = 10
"""So soon what passed between us and the regulator is public; Monday to Friday, bank holidays counted too (ACC-A31)."""
_EXTEND_WITHIN = Duration(months=1)  # Art 36(2): the regulator tells of the six weeks within one month of receipt

_KINDS = {
    Kind.REGULATOR_SUBMITTED: "Assessment sent for prior consultation",
    Kind.REGULATOR_ACKNOWLEDGED: "Receipt confirmed by the regulator",
    Kind.REGULATOR_EXTENDED: "Six more weeks, told by the regulator",
    Kind.REGULATOR_ADVISED: "Advice of the regulator",
    Kind.REGULATOR_LETTER: "Letter",
    Kind.REGULATOR_CONCERN: "Concern raised by the regulator",
    Kind.CONCERN_ANSWERED: "Answer to a concern",
    Kind.PAUSE_REQUESTED: "Pause asked for by the regulator",
}


class Progress(StrEnum):
    """How far a concern, or the advice of the regulator, is."""

    ANSWERED = "answered"
    ANSWERED_LATE = "answered late"
    OPEN = "open"
    OVERDUE = "overdue"


def progress(*, due: date | None, answered: date | None, on: date) -> Progress:
    """How far something is on a day that had to be answered by `due`, or by no day."""
    if answered is not None:
        return Progress.ANSWERED_LATE if due and answered > due else Progress.ANSWERED
    return Progress.OVERDUE if due and on > due else Progress.OPEN


def files(history: History, entries: Sequence[Entry], *, on: date) -> Mapping[str, str]:
    """The page `correspondence.html` and a CSV file for each of its tables, by name, as they stand on a day."""
    about = "What passed between us and the regulator for data protection, from the public ledger and nothing else."
    three = (letters(history, entries), concerns(history, on=on), consultations(history, on=on))
    title = "Correspondence with the regulator"
    html = sheets.page(title, three, collection=history.collection, about=about, on=on)
    return {"correspondence.html": html} | sheets.csv_files(three)


def letters(history: History, entries: Sequence[Entry]) -> Sheet:
    """Everything that passed between us and the regulator, in the order of the ledger; what is late is marked."""
    taken = {one.index: one.at for one in entries}
    return Sheet(
        name="correspondence",
        title="Letters, advice and requests",
        about=f"Each must be in the ledger within {WORKING_DAYS} working days. Documents are named by their SHA-256.",
        headings=("Entry", "What", "Date", "Recorded", "Due", "Late", "Version", "It says", "Signed by", "Documents"),
        rows=tuple(_letter(one, taken[one.index], history) for one in history.events(*_KINDS)),
        empty="The ledger holds no correspondence with the regulator.",
    )


def _letter(signed: Signed, taken: datetime, history: History) -> Row:
    statement, facts = signed.statement, signed.statement.facts
    recorded, due = taken.astimezone(UTC).date(), working_days_after(_on(signed), WORKING_DAYS)
    says = ": ".join(facts[name] for name in ("concern", "advice", "text") if facts.get(name))
    documents = dict.fromkeys((signed.envelope, *facts.get("letter", "").split()))
    return (
        *(signed.index, _KINDS[statement.kind], _on(signed), recorded, due, "late" if recorded > due else "no"),
        *(_version(statement.manifest, history), says, ", ".join(signed.holders), " ".join(documents)),
    )


def _version(digest: str, history: History) -> str:
    found = history.version(digest)
    return str(found.number) if found and found.number else digest[:12]


def concerns(history: History, *, on: date) -> Sheet:
    """Every concern that the regulator raised, with its answer; a name that comes again is the same concern."""
    answers = {one.statement.facts["concern"]: one for one in reversed(history.events(Kind.CONCERN_ANSWERED))}
    raised = {one.statement.facts["concern"]: one for one in reversed(history.events(Kind.REGULATOR_CONCERN))}
    rows = [_concern(one, answers.get(name), _answer_within(history), on) for name, one in raised.items()]
    return Sheet(
        name="concerns",
        title="Concerns of the regulator",
        about="Nothing is approved while the answer to a concern is overdue.",
        headings=(
            "Entry",
            "Concern",
            "It says",
            "Raised",
            "Answer due",
            "Status",
            "Answered",
            "Answer",
            "Answer entry",
        ),
        rows=tuple(sorted(rows, key=lambda row: int(str(row[0])))),
        empty="The ledger holds no concern of the regulator.",
    )


def _concern(raised: Signed, answer: Signed | None, days: int | None, on: date) -> Row:
    facts, due = raised.statement.facts, None if days is None else _on(raised) + timedelta(days=days)
    answered = _on(answer) if answer else None
    return (
        *(raised.index, facts["concern"], facts["text"], _on(raised), due or ""),
        *(progress(due=due, answered=answered, on=on), answered or ""),
        *(answer.statement.facts["text"] if answer else "", answer.index if answer else ""),
    )


def _answer_within(history: History) -> int | None:
    """The days within which concerns are answered, by the version in force or else the newest."""
    version = history.active or (history.versions[-1] if history.versions else None)
    return version.manifest.concerns.answer_within_days if version and version.manifest.concerns else None


def consultations(history: History, *, on: date) -> Sheet:
    """The clock of Article 36 for each version that was sent to the regulator."""
    return Sheet(
        name="prior-consultation",
        title="Prior consultation",
        about=f"Under Article 36 the regulator has {REGULATOR_WEEKS} weeks to advise, and {EXTENSION_WEEKS} more if it "
        "says so within a month.",
        headings=("Version", "Sent", "Six more weeks", "Told in time", "Advice due", "Status", "Advised", "Advice"),
        rows=tuple(row for one in history.versions for row in _consultation(one, on)),
        empty="No version was sent to the regulator.",
    )


def _consultation(version: Version, on: date) -> Iterator[Row]:
    sent, extended = version.step(Kind.REGULATOR_SUBMITTED), version.step(Kind.REGULATOR_EXTENDED)
    advised = version.step(Kind.REGULATOR_ADVISED)
    if sent is None:
        return
    advised_on = _on(advised) if advised else None
    yield (
        *(version.number or version.digest[:12], _on(sent)),
        *(
            (_on(extended), "yes" if _on(extended) <= _EXTEND_WITHIN.after(_on(sent)) else "no")
            if extended
            else ("", "")
        ),
        *(version.advice_due, progress(due=version.advice_due, answered=advised_on, on=on), advised_on or ""),
        advised.statement.facts["advice"].replace("-", " ") if advised else "",
    )


def _on(signed: Signed) -> date:
    return date.fromisoformat(signed.statement.facts["on"])


def working_days_after(day: date, days: int) -> date:
    """The day so many working days (Monday to Friday) after a day."""
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day
