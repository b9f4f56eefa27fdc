"""Exporting: all that follows from a collection's assessments, as files."""

from datetime import date
from pathlib import Path

from tallyroll.governance import Assessments
from tallyroll.governance.records import collection_documents
from tallyroll.governance.records.letters import Letter
from tallyroll.governance.roles import Roles
from tallyroll.ledger import Reader
from tallyroll.vocab.errors import UsageProblem


def export(
    collection: str, out: Path, *, ledger: Path, roles: Roles, on: date, log: Reader | None = None
) -> tuple[Path, ...]:
    """Write every document of a collection into `out`; gives their paths. What stood there under a name is replaced.

    `log` is the node's own log, where it is not the ledger: the registers of sharing and deletion follow from it.

    Raises: UsageProblem when the ledger knows nothing of the collection.
    """
    assessments = Assessments(ledger, roles)
    history = assessments.standing().history(collection)
    if not history.said:
        mend = f"It knows {', '.join(sorted(assessments.standing().histories)) or 'none'}."
        raise UsageProblem(f"The ledger says nothing of '{collection}'.", where=str(ledger), mend=mend)
    for one in Letter:  # a letter that no longer holds must not lie about
        (out / "letters" / f"{one}.txt").unlink(missing_ok=True)
    written = []
    entries = assessments.entries()
    answers = log.refresh() if log is not None else None
    for name, content in collection_documents(history, entries, log=answers, on=on).items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append(path)
    return tuple(written)
