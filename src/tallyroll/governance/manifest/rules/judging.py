"""The judgement of a manifest: what its schema does not take and what the rules find, together."""

from dataclasses import dataclass
from datetime import date
from itertools import chain

from tallyroll.governance.manifest.reading import Misfit, readable, tree_of
from tallyroll.governance.manifest.rules import items, keeping, law, parties, people, risk, whole
from tallyroll.governance.manifest.rules.dated import DATED_RULES
from tallyroll.governance.manifest.rules.fault import Fault, Rule
from tallyroll.governance.manifest.whole import Manifest

RULES: tuple[Rule, ...] = (
    *whole.RULES,
    *people.RULES,
    *parties.RULES,
    *law.RULES,
    *items.RULES,
    *keeping.RULES,
    *risk.RULES,
)
"""Every rule that does not hang on the day, in the order in which it is told."""

_TABLE_ROWS = {
    "collection": "MAN-01",
    "officers": "LAW-24",
    "regulator": "MAN-14",
    "parties": "LAW-19",
    "request": "MAN-03",
    "purposes": "LAW-10",
    "forbidden": "LAW-03",
    "items": "MAN-04",
    "codes": "LAW-11",
    "policy_document": "LAW-11",
    "counters": "MAN-05",
    "scope": "MAN-03",
    "frequency": "LAW-05",
    "recipients": "MAN-08",
    "retention": "LAW-07",
    "locations": "LAW-31",
    "alternatives": "LAW-26",
    "consultations": "LAW-27",
    "screening": "LAW-23",
    "risks": "LAW-25",
    "measures": "LAW-25",
    "rights": "MAN-15",
    "assessments": "LAW-36",
    "concerns": "MAN-18",
    "release": "MAN-16",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What could be read of a manifest, and everything that is wrong with it.

    With faults, the manifest is what was left to read: its digest means nothing, and nobody may sign it.
    """

    manifest: Manifest | None
    faults: tuple[Fault, ...]


def faults(manifest: Manifest, *, on: date) -> tuple[Fault, ...]:
    """Everything that the rules find on this day."""
    undated = chain.from_iterable(rule(manifest) for rule in RULES)
    return (*undated, *chain.from_iterable(rule(manifest, on) for rule in DATED_RULES))


def judge(text: str, *, where: str, on: date) -> Judgement:
    """What is wrong with this TOML, by schema and by rule; InputProblem when it is no TOML at all."""
    manifest, misfits = readable(tree_of(text, where=where))
    found = faults(manifest, on=on) if manifest is not None else ()
    return Judgement(manifest, (*map(_fault_of, misfits), *found))


def _fault_of(misfit: Misfit) -> Fault:
    mend = {
        "computed": "Remove the line.",
        "extra_forbidden": "Remove it: what the schema does not know is not permitted.",
        "missing": "Add it.",
    }.get(misfit.kind, "Correct it; see docs/reference/manifest.md.")
    return Fault(misfit.clause, misfit.what, mend, _rows_of(misfit))


def _rows_of(misfit: Misfit) -> tuple[str, ...]:
    table, key = misfit.clause.split(".")[0], misfit.clause.split(".")[-1]
    if misfit.kind == "computed":
        return ("MAN-01", "ACC-A09")
    if misfit.kind == "extra_forbidden":
        return ("LAW-04",)
    if table == "items" and key == "name":
        return ("LAW-04", "MAN-04", "ACC-A35")
    return (_TABLE_ROWS.get(table, "MAN-01"),)
