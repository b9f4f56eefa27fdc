"""The tables of a notice: caption, headings, rows. A school's say more of each line than a parent's."""

from tallyroll.governance.manifest import Manifest
from tallyroll.governance.manifest.parties import Party
from tallyroll.governance.manifest.parts import CodeClause, ItemClause, Retention
from tallyroll.governance.manifest.words import Part, Receives, Sees, Store
from tallyroll.governance.records import words
from tallyroll.governance.records.outline import Table, spoken, table

HOME = "United Kingdom"
CONTROLLERS = (Part.CONTROLLER, Part.JOINT_CONTROLLER)
ABOUT_PEOPLE = frozenset(Store) - {Store.RELEASES, Store.LEDGER}
UNSAID = "Not stated"

_SEEN = {
    None: UNSAID,
    Sees.NOTHING: "Nothing",
    Sees.CIPHERTEXT: "Only what is locked to them",
    Sees.TALLIES: "Counts, no names",
    Sees.NAMED_ROWS: "Rows about single pupils",
}


def tables(manifest: Manifest, *, for_school: bool) -> dict[str, Table]:
    """Every table of the notice by its name; `abroad` has no row where nothing leaves the country."""
    return {
        "helpers": _helpers(manifest, for_school=for_school),
        "items": _items(manifest, for_school=for_school),
        "codes": _codes(manifest, for_school=for_school),
        "recipients": _recipients(manifest),
        "places": _places(manifest),
        "abroad": _abroad(manifest),
        "retention": _retention(manifest, for_school=for_school),
        "rights": _rights(manifest),
    }


def _helpers(manifest: Manifest, *, for_school: bool) -> Table:
    found = [one for one in manifest.parties if one.part not in (*CONTROLLERS, Part.SOURCE)]
    more = ("Contract",) if for_school else ()
    rows = (
        (one.name, spoken(one.part), one.does or UNSAID, _SEEN[one.sees], *([_contract(one)] * for_school))
        for one in found
    )
    return table("Who helps", ("Name", "Part", "What they do", "What they can see", *more), rows)


def _contract(party: Party) -> str:
    return f"{party.contract.reference}, to {party.contract.ends}" if party.contract else "None"


def _items(manifest: Manifest, *, for_school: bool) -> Table:
    more = ("Field", "Detail", "Needed for", "Sensitivity", "Law for special data") if for_school else ()
    rows = (
        (
            words.ITEMS[one.name],
            one.definition,
            "Must" if one.mandatory else "May",
            *(_detail(one) if for_school else ()),
        )
        for one in manifest.items
    )
    return table("What is used about each pupil", ("What", "What it is", "Must or may", *more), rows)


def _detail(one: ItemClause) -> tuple[str, ...]:
    law = " ".join(part for part in (one.condition, one.schedule_1) if part)
    return one.source_field, one.granularity, one.needed_for, one.sensitivity, law or "Not needed"


def _codes(manifest: Manifest, *, for_school: bool) -> Table:
    more = ("Condition", "DPA 2018, Schedule 1") if for_school else ()
    rows = tuple(
        (", ".join(one.codes), _revealed(one), *((one.condition, one.schedule_1) if for_school else ()))
        for one in manifest.codes
    )
    return table("Marks that can tell more than here or away", ("Marks", "They can tell of", *more), rows)


def _revealed(one: CodeClause) -> str:
    return ", ".join(words.REVEALS[kind] for kind in one.reveals).capitalize()


def _recipients(manifest: Manifest) -> Table:
    purposes = {one.id: one for one in manifest.purposes}
    rows = tuple(
        (
            one.name,
            "Everybody" if one.receives is Receives.PUBLISHED_STATISTICS else words.KINDS[one.kind].capitalize(),
            words.RECEIVES[one.receives].capitalize(),
            purposes[one.purpose].text if one.purpose in purposes else UNSAID,
            one.gateway or (purposes[one.purpose].enactment if one.purpose in purposes else UNSAID),
        )
        for one in manifest.recipients
    )
    return table("Everybody who gets anything", ("Name", "Who they are", "What they get", "For", "Law"), rows)


def _places(manifest: Manifest) -> Table:
    rows = tuple((words.STORES[one.store], one.place, one.country) for one in manifest.locations)
    return table("Places", ("What", "Place", "Country"), rows)


def _abroad(manifest: Manifest) -> Table:
    """Transfers: every place and body outside the country, and what protects data there (Arts 44 to 49)."""
    places = ((one.place, one.country, one.safeguard or UNSAID) for one in manifest.locations)
    bodies = ((one.name, one.country, one.safeguard or UNSAID) for one in manifest.parties if one.country)
    rows = tuple(one for one in (*places, *bodies) if one[1] != HOME)
    return table("Outside the United Kingdom", ("Name", "Country", "What protects it"), rows)


def _retention(manifest: Manifest, *, for_school: bool) -> Table:
    more = ("Law for longer",) if for_school else ()
    rows = tuple(
        (words.STORES[one.store], *_kept(one), *((one.enactment or "Not needed",) if for_school else ()))
        for one in manifest.retention
        if one.store in ABOUT_PEOPLE
    )
    return table("How long", ("What", "How long", "From", "Why", "How it ends", *more), rows)


def _kept(one: Retention) -> tuple[str, ...]:
    return one.keep.words.capitalize(), one.starts, one.basis or UNSAID, one.method or UNSAID


def _rights(manifest: Manifest) -> Table:
    rows = tuple((words.RIGHTS[one.right], one.applies, one.how) for one in manifest.rights)
    return table("Each right, and if it applies here", ("Right", "Applies", "How"), rows)
