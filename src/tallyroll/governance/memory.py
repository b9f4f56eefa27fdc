"""What a node remembers, from the log of its own gate: how late it was, what the ledger held, which rounds are done."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from tallyroll.governance.assessments import Assessments
from tallyroll.governance.lifecycle import SKEW
from tallyroll.governance.limits import Fault
from tallyroll.governance.permits import Request
from tallyroll.ledger import Entry
from tallyroll.vocab.clock import LONDON


def round_of(source: str, now: datetime, *, pull: int) -> str:
    """The name of a round of collection: its source, the day in London, and which of the day's rounds it is."""
    return f"{source} {now.astimezone(LONDON).date()} {pull}"


def set_back(own: Sequence[Entry], assessments: Assessments, now: datetime) -> Iterator[Fault]:
    """A clock set back would wake what has expired; a ledger set back, or another one, may hide a suspension."""
    public = assessments.entries()
    latest = max((entries[-1].at for entries in (own, public) if entries), default=now)
    if now < latest - SKEW:
        reason = f"It is {now:%Y-%m-%d %H:%M} by this clock, but the ledger goes to {latest:%Y-%m-%d %H:%M}."
        yield "clock", reason, "Set the clock right."
    size, root = _furthest(own)
    if size > len(public):
        reason = f"The ledger had {size} entries when it was asked before, and has {len(public)} now: it was set back."
        yield "ledger", reason, "Restore the newest copy from a mirror."
    elif size and not assessments.holds(size, root):
        reason = f"The first {size} entries of the ledger are not those that it had before: another view of it."
        yield "ledger", reason, "Keep both copies, and ask the ledger's owner."


def _furthest(own: Sequence[Entry]) -> tuple[int, str]:
    """How far the ledger had come when the gate was asked before, and its root then."""
    heads = [one.facts.get("ledger") for one in own if one.event == "gate"]
    known = [(int(head["size"]), str(head["root"])) for head in heads if isinstance(head, dict)]
    return max(known, key=lambda head: head[0], default=(0, ""))


def finished_round(own: Sequence[Entry], request: Request, now: datetime) -> Iterator[Fault]:
    """A round that was finished is not begun again: the source was asked as often as the assessment says (LAW-05)."""
    name = round_of(request.source, now, pull=request.pull)
    done = [one.facts for one in own if one.event == "collected" and one.facts.get("round") == name]
    if request.schools and any(facts.get("failed") == 0 for facts in done):
        yield (
            "frequency.pulls_a_day",
            f"The round '{name}' is finished.",
            "Wait for the day's next one, or the next day.",
        )
