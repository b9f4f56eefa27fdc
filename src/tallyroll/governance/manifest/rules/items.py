"""Rules about items: each has a reason, each special kind a condition, and named rows go to nobody by chance."""

import re
from collections.abc import Iterator

from tallyroll.governance.manifest.parts import CodeClause, ItemClause
from tallyroll.governance.manifest.rules.fault import Fault, Rule, specific, unfilled
from tallyroll.governance.manifest.whole import Manifest
from tallyroll.governance.manifest.words import PartyKind, PurposeKind, Receives, Sensitive, Tier
from tallyroll.vocab.characteristics import BY_NAME as CHARACTERISTICS
from tallyroll.vocab.codes import BY_TEXT as CODES
from tallyroll.vocab.items import Item

REVEALED_BY_ITEMS = {Item.SEN: Sensitive.HEALTH, Item.ETHNICITY: Sensitive.ETHNICITY}
REVEALED_BY_CODES = {
    "I": Sensitive.HEALTH,
    "M": Sensitive.HEALTH,
    "Y6": Sensitive.HEALTH,
    "R": Sensitive.RELIGION,
    "T": Sensitive.ETHNICITY,  # until August 2024 it was the code of Gypsy, Roma and Traveller children
    "Y5": Sensitive.CRIMINAL_OFFENCE,
    "E": Sensitive.CRIMINAL_OFFENCE,  # an exclusion can tell of an offence alleged
}
"""What an author cannot leave out: requirement LAW-11 names these items and codes; T is ours."""

_MOST_SENSITIVE = (*REVEALED_BY_ITEMS, Item.LOOKED_AFTER, Item.PREVIOUSLY_LOOKED_AFTER)
_BREAKDOWNS = {Item(name): {name} for name in CHARACTERISTICS if name in set(Item)} | {
    Item.ETHNICITY: {"ethnicity_minor", "ethnicity_major"}
}
_PARAGRAPH = re.compile(r"paragraphs?\s*(\d+)", re.IGNORECASE)
_LAST_WITHOUT_POLICY = 4  # paragraphs 1 to 4 of Schedule 1 are Part 1; Parts 2 and 3 need a policy document


def item_says_what_it_is(manifest: Manifest) -> Iterator[Fault]:
    """Each item names its field at the source, its grain, its sensitivity and how far it identifies (MAN-04)."""
    for one in manifest.items:
        said = {name: getattr(one, name) for name in ("source_field", "granularity", "sensitivity", "identifiability")}
        if missing := [name for name, value in said.items() if not value]:
            what = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not said."
            yield Fault(f"items.{one.name}", what, "Say it; see docs/reference/manifest.md.", ("MAN-04",))


def item_serves_a_statistic(manifest: Manifest) -> Iterator[Fault]:
    """Each item names the statistic that fails without it (LAW-25, ACC-A16, ACC-C10)."""
    for one in manifest.items:
        if not one.needed_for.strip():
            what, rows = "Nothing is named that fails without this item.", ("LAW-25", "ACC-A16", "ACC-C10")
            yield Fault(f"items.{one.name}.needed_for", what, "Name the statistic, or drop the item.", rows)


def item_of_the_nation_is_counted_by(manifest: Manifest) -> Iterator[Fault]:
    """At nation tier no item is held that no breakdown counts by (LAW-04, ACC-A16, ACC-C10)."""
    counted = set(manifest.counters.characteristics)
    for one in manifest.items if manifest.collection.tier is Tier.NATION else ():
        if one.name in _BREAKDOWNS and not _BREAKDOWNS[one.name] & counted:
            what, mend = "No breakdown in [counters] counts by this item.", "Drop the item, or count by it."
            yield Fault(f"items.{one.name}", what, mend, ("LAW-04", "ACC-A16", "ACC-C10"))


def item_serves_known_purposes(manifest: Manifest) -> Iterator[Fault]:
    """Each item serves purposes that are named here (LAW-03, MAN-07)."""
    known = {one.id for one in manifest.purposes}
    for one in manifest.items:
        if not one.purposes:
            yield Fault(f"items.{one.name}.purposes", "No purpose is named.", "Name one.", ("LAW-03", "MAN-07"))
        for purpose in sorted(set(one.purposes) - known):
            what, mend = f"'{purpose}' is not a purpose of this assessment.", f"Known: {', '.join(sorted(known))}."
            yield Fault(f"items.{one.name}.purposes", what, mend, ("LAW-03", "MAN-07"))


def item_is_as_sensitive_as_it_is(manifest: Manifest) -> Iterator[Fault]:
    """Special kinds and a child's care are of sensitivity A or B, where A is the most sensitive (MAN-04, LAW-11)."""
    for one in manifest.items:
        if (one.reveals or one.name in _MOST_SENSITIVE) and one.sensitivity in ("C", "D", "E"):
            what = f"Sensitivity {one.sensitivity} is too low for this item."
            yield Fault(f"items.{one.name}.sensitivity", what, "Write A or B.", ("MAN-04", "LAW-11"))


def ethnicity_may_be_refused(manifest: Manifest) -> Iterator[Fault]:
    """Families may refuse to say a child's ethnicity, so the item is never mandatory (LAW-13, LAW-16)."""
    for one in manifest.items:
        if one.name is Item.ETHNICITY and one.mandatory:
            what = "Ethnicity is said to be mandatory; families may refuse it."
            yield Fault(f"items.{one.name}.mandatory", what, "Write mandatory = false.", ("LAW-13", "LAW-16"))


def special_kinds_of_items_are_declared(manifest: Manifest) -> Iterator[Fault]:
    """An item that reveals health or ethnicity says so (LAW-11, ACC-A14)."""
    for one in manifest.items:
        kind = REVEALED_BY_ITEMS.get(one.name)
        if kind and kind not in one.reveals:
            mend = f'Write reveals = ["{kind}"], with condition and schedule_1.'
            yield Fault(f"items.{one.name}.reveals", f"This item reveals {kind}.", mend, ("LAW-11", "ACC-A14"))


def special_kinds_of_codes_are_declared(manifest: Manifest) -> Iterator[Fault]:
    """Attendance codes tell of health, religion, origin and offences; each such code says so (LAW-11, ACC-A14)."""
    if Item.MARK not in {one.name for one in manifest.items}:
        return
    declared = {(code, kind) for one in manifest.codes for code in one.codes for kind in one.reveals}
    for code, kind in REVEALED_BY_CODES.items():
        if (code, kind) not in declared:
            mend = f'Add "{code}" to a [[codes]] that reveals "{kind}".'
            yield Fault(f"codes.{code}", f"Code {code} reveals {kind}.", mend, ("LAW-11", "ACC-A14"))


def codes_are_known(manifest: Manifest) -> Iterator[Fault]:
    """Every code that is declared is one of the regulations (LAW-11)."""
    for code in sorted({code for one in manifest.codes for code in one.codes} - set(CODES)):
        yield Fault(f"codes.{code}", "This is no attendance code.", "Correct or remove it.", ("LAW-11",))


def special_kinds_have_conditions(manifest: Manifest) -> Iterator[Fault]:
    """What reveals a special kind has its condition and its paragraph of Schedule 1 (LAW-11, ACC-A14)."""
    rows = ("LAW-11", "ACC-A14")
    for clause, one in _special(manifest):
        if not _fits(one.condition, one.reveals):
            what, mend = "The condition of Article 9(2) or 10 is missing.", 'Name it, as "9(2)(j)" or "Article 10".'
            yield Fault(f"{clause}.condition", what, mend, rows)
        if not unfilled(one.schedule_1) and not _PARAGRAPH.search(one.schedule_1):
            what, mend = "The paragraph of Schedule 1 is missing.", 'Name it, as "paragraph 4".'
            yield Fault(f"{clause}.schedule_1", what, mend, rows)


def compulsion_is_no_consent(manifest: Manifest) -> Iterator[Fault]:
    """No special kind rests on consent where schools must take part (LAW-10, LAW-11)."""
    for clause, one in _special(manifest) if manifest.collection.mandatory else ():
        if "9(2)(a)" in one.condition:
            what, mend = "Schools must take part, so that nobody consents.", "Name another condition."
            yield Fault(f"{clause}.condition", what, mend, ("LAW-10", "LAW-11"))


def _special(manifest: Manifest) -> Iterator[tuple[str, ItemClause | CodeClause]]:
    yield from ((f"items.{one.name}", one) for one in manifest.items if one.reveals)
    yield from ((f"codes.{' '.join(one.codes)}", one) for one in manifest.codes)


def _fits(condition: str, kinds: tuple[Sensitive, ...]) -> bool:
    needs = {r"\b10\b" if kind is Sensitive.CRIMINAL_OFFENCE else r"9\(2\)\([a-j]\)" for kind in kinds}
    return unfilled(condition) or all(re.search(one, condition) for one in needs)


def policy_document_is_there(manifest: Manifest) -> Iterator[Fault]:
    """Parts 2 and 3 of Schedule 1 need an appropriate policy document (LAW-11)."""
    cited = {int(number) for _, one in _special(manifest) for number in _PARAGRAPH.findall(one.schedule_1)}
    if max(cited, default=0) > _LAST_WITHOUT_POLICY and manifest.policy_document is None:
        what = f"Paragraph {max(cited)} of Schedule 1 needs a policy document, and none is named."
        yield Fault("policy_document", what, "Add [policy_document].", ("LAW-11",))


def counters_are_known(manifest: Manifest) -> Iterator[Fault]:
    """What nodes count by is a characteristic that the software knows (MAN-05)."""
    for name in sorted(set(manifest.counters.characteristics) - set(CHARACTERISTICS)):
        what, mend = f"'{name}' is no characteristic.", f"Known: {', '.join(CHARACTERISTICS)}."
        yield Fault("counters.characteristics", what, mend, ("MAN-05", "LAW-04"))


def recipient_serves_a_known_purpose(manifest: Manifest) -> Iterator[Fault]:
    """Each recipient gets what it gets for a purpose of this assessment (MAN-08, LAW-03)."""
    known = {one.id for one in manifest.purposes}
    for one in manifest.recipients:
        if one.purpose not in known:
            what = f"'{one.purpose}' is not a purpose of this assessment."
            yield Fault(f"recipients.{one.name}.purpose", what, "Name one of its purposes.", ("MAN-08", "LAW-03"))


def named_rows_go_out_for_no_statistic(manifest: Manifest) -> Iterator[Fault]:
    """Nobody is handed named rows that were collected for statistics (LAW-32, ACC-A21)."""
    statistical = {one.id for one in manifest.purposes if one.kind is PurposeKind.STATISTICS}
    for one in manifest.recipients:
        if one.receives is Receives.NAMED_ROWS and one.purpose in statistical:
            what = "Named rows would be handed on under a statistical purpose."
            mend = "Hand on published statistics or tallies."
            yield Fault(f"recipients.{one.name}.receives", what, mend, ("LAW-32", "ACC-A21"))


def named_rows_have_a_gateway(manifest: Manifest) -> Iterator[Fault]:
    """Whoever gets named rows is prescribed by a law, and is no company (MAN-08, ACC-A22, ACC-A27, ACC-A30)."""
    for one in manifest.recipients:
        if one.receives is not Receives.NAMED_ROWS:
            continue
        if not specific(one.gateway):
            what = "The paragraph that prescribes this recipient is missing."
            mend = 'Name it, as "SI 2009/1563, paragraph 3", or hand on no named rows.'
            yield Fault(f"recipients.{one.name}.gateway", what, mend, ("MAN-08", "ACC-A22", "ACC-A30"))
        if one.kind is PartyKind.COMPANY:
            what = "A company would get named rows."
            yield Fault(f"recipients.{one.name}.kind", what, "Leave it out.", ("LAW-03", "ACC-A27"))


RULES: tuple[Rule, ...] = (
    item_says_what_it_is,
    item_serves_a_statistic,
    item_of_the_nation_is_counted_by,
    item_serves_known_purposes,
    item_is_as_sensitive_as_it_is,
    ethnicity_may_be_refused,
    special_kinds_of_items_are_declared,
    special_kinds_of_codes_are_declared,
    codes_are_known,
    special_kinds_have_conditions,
    compulsion_is_no_consent,
    policy_document_is_there,
    counters_are_known,
    recipient_serves_a_known_purpose,
    named_rows_go_out_for_no_statistic,
    named_rows_have_a_gateway,
)
