"""The nation's assessment and permit: what the demo's assessment says, for every characteristic of the roll."""

from datetime import date
from pathlib import Path

from tallyroll.flows import node
from tallyroll.flows.bench import ground
from tallyroll.flows.stage import PURPOSE, draft_text
from tallyroll.governance import Door, Permit, Request, permitted, require
from tallyroll.governance.manifest import Manifest, parse
from tallyroll.simulate.calendars import usual_terms
from tallyroll.tally.definitions import COMPULSORY_SCHOOL_AGE, Definition, Population, second_half_of_summer
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.schools import SchoolCalendar

YEAR = AcademicYear(2025)
_FURTHER = ("fsm6", "pupil_premium", "ethnicity_minor", "looked_after", "previously_looked_after")
_ITEM = """
[[items]]
name = "{name}"
definition = "As recorded by the school on the day."
source_field = "{name}"
granularity = "a value of a fixed list"
needed_for = "Attendance by characteristic."
purposes = ["attendance-statistics"]
mandatory = false
sensitivity = "A"
identifiability = 4
reveals = ["{reveals}"]
condition = "9(2)(j)"
schedule_1 = "paragraph 4"
"""


def definition() -> Definition:
    """What is counted: everybody of compulsory school age, year 11 until it leaves, by every characteristic."""
    leaves = second_half_of_summer(SchoolCalendar(usual_terms(YEAR.start)))
    return Definition(tuple(BY_NAME), Population(COMPULSORY_SCHOOL_AGE.year_groups, leaves))


def assessment() -> Manifest:
    """The nation's assessment; registers rest at a trust, for which no witnesses need run beside the bench."""
    text = draft_text().replace('tier = "authority"', 'tier = "trust"')
    text = text.replace('"fsm", "sen"]\nrequested', f'"fsm", "sen", {_named(_FURTHER)}]\nrequested')
    text = text.replace('"fsm", "sen"]\n\n[[purposes]]', f'"fsm", "sen", {_named(_FURTHER)}]\n\n[[purposes]]')
    text = text.replace('["year_group", "sex", "fsm", "sen"]', f"[{_named(tuple(BY_NAME))}]")
    reveals = {"ethnicity_minor": "ethnicity"}
    items = "".join(_ITEM.format(name=name, reveals=reveals.get(name, "health")) for name in _FURTHER)
    return parse(text.replace("\n[[codes]]", f"{items}\n[[codes]]", 1), where="bench manifest of a nation")


def _named(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def tell(folder: Path, urns: frozenset[Urn]) -> None:
    """Bring the assessment into force in the folder's ledger, and tell the families of these schools."""
    node.record_notices(ground.gate(folder, assessed=assessment()), urns)


def permit(folder: Path, authorities: dict[Urn, str], *, first: date = YEAR.first, last: date = YEAR.last) -> Permit:
    """A permit to count these schools by every characteristic, asked of the gate in the folder."""
    gate = ground.gate(folder)
    request = Request(
        door=Door.COUNT,
        purpose=PURPOSE,
        schools=frozenset(authorities),
        items=permitted(gate, PURPOSE),
        first=first,
        last=last,
        characteristics=frozenset(BY_NAME),
    )
    return require(gate, request, authorities=authorities)
