"""The assessment as a page: where it stands, what changed, the seven steps, and how anybody can verify it."""

from collections.abc import Iterable, Sequence
from datetime import date

from tallyroll.governance.lifecycle import History, Version
from tallyroll.governance.manifest.comparison import compare
from tallyroll.governance.records.deciding import measures, risks, sign_off
from tallyroll.governance.records.describing import consultation, necessity, need, processing
from tallyroll.governance.records.outline import Section, Table, spoken, table
from tallyroll.governance.records.rendering import day, render
from tallyroll.governance.statements import Signed
from tallyroll.ledger import Entry


def outline(version: Version) -> tuple[Section, ...]:
    """The seven steps of the regulator's template, from the manifest and the signatures in the ledger."""
    manifest = version.manifest
    described = need(manifest), processing(manifest), consultation(manifest), necessity(manifest)
    return *described, risks(manifest), measures(version), sign_off(version)


def page(version: Version, history: History, entries: Sequence[Entry], *, on: date) -> str:
    """The page of one version as it stands on a day, self-contained HTML."""
    return render(
        "assessment.html",
        version=version,
        name=name_of(version),
        state=spoken(history.state(version, on=on)),
        stopped=history.stopped if history.active == version else None,
        on=on,
        controller=version.manifest.controller,
        steps=outline(version),
        signatures=signatures("What was signed", version.steps, entries),
        changes=changes(version, history),
    )


def changes(version: Version, history: History) -> Table | None:
    """What differs from the version that this one follows; None where it follows none."""
    before = history.version(version.manifest.collection.supersedes)
    if before is None:
        return None
    found = compare(before.manifest, version.manifest)
    head = ("What changed", "Clause", "What it opens again")
    rows = [(one.what, one.clause, one.reopens) for one in found]
    return table(f"Changes from {name_of(before).lower()}", head, rows)


def name_of(version: Version) -> str:
    """What a version is called: the number that the ledger gave it, or that it has none yet."""
    return f"Version {version.number}" if version.number else "Not yet numbered"


def signatures(caption: str, statements: Iterable[Signed], entries: Sequence[Entry]) -> Table:
    """These statements: what was said, who signed it, and the entry of the ledger that holds the signed envelope."""
    taken = {one.index: f"{day(one.at)}, {one.at:%H:%M} UTC" for one in entries}
    head = ("Step", "Signed by", "Recorded", "Ledger entry", "Particulars")
    return table(caption, head, (_signature(one, taken[one.index]) for one in statements))


def _signature(one: Signed, taken: str) -> tuple[object, ...]:
    # A line each, which the pages keep; a value has no lines of its own, so that none can look like another particular.
    facts = "\n".join(f"{name}: {' '.join(value.split())}" for name, value in one.statement.facts.items())
    return spoken(one.statement.kind).capitalize(), one.holders, taken, one.index, facts
