"""Rules about the law that a collection rests on: purposes, their basis, and the request to schools."""

import re
from collections.abc import Iterator

from tallyroll.governance.manifest.rules.fault import Fault, Rule, specific, unfilled
from tallyroll.governance.manifest.whole import Manifest
from tallyroll.governance.manifest.words import ForbiddenUse, Part, PartyKind, PurposeKind, Tier

_BASIS = re.compile(r"6\(1\)\((a|b|c|d|e|ea|f)\)")
_PUBLIC = (PartyKind.PUBLIC_AUTHORITY, PartyKind.SCHOOL, PartyKind.TRUST)
_AGAINST_A_PERSON = re.compile(r"penalt|prosecut|sanction|enforce|\bfines?\b(?!-)", re.IGNORECASE)
_OPEN_ENDED = re.compile(
    r"\b(other|further|future|related|various) (purposes|uses|data|bodies|organisations|partners|needs)\b|"
    r"\b(et cetera|etc|and more|stakeholders|third part(y|ies)|to be (confirmed|decided))\b|"
    r"\b(replac|extend)\w* the (\w+ )?census\b",
    re.IGNORECASE,
)
_FORBIDDEN_ROWS = {
    ForbiddenUse.IMMIGRATION_ENFORCEMENT: ("LAW-03", "ACC-A28"),
    ForbiddenUse.INDIVIDUAL_SANCTION: ("LAW-03", "ACC-A21", "ACC-A29"),
    ForbiddenUse.COMMERCIAL_REUSE: ("LAW-03", "ACC-A27"),
    ForbiddenUse.PRODUCT_DEVELOPMENT: ("LAW-03", "ACC-C02"),
    ForbiddenUse.AI_TRAINING: ("LAW-03", "ACC-C02"),
    ForbiddenUse.LINKAGE: ("LAW-03", "MAN-07"),
}


def purpose_has_a_basis(manifest: Manifest) -> Iterator[Fault]:
    """Each purpose names one lawful basis of Article 6(1) (LAW-10)."""
    for one in manifest.purposes:
        if not unfilled(one.basis) and not _BASIS.fullmatch(one.basis):
            what = f"'{one.basis}' is not a lawful basis." if one.basis else "No lawful basis is named."
            yield Fault(f"purposes.{one.id}.basis", what, 'Write one, as "6(1)(e)".', ("LAW-10",))


def basis_fits_the_controller(manifest: Manifest) -> Iterator[Fault]:
    """A public body's task is no legitimate interest, and what is compulsory is not consented to (LAW-10)."""
    controllers = [one for one in manifest.parties if one.part in (Part.CONTROLLER, Part.JOINT_CONTROLLER)]
    public = any(one.kind in _PUBLIC for one in controllers)
    for one in manifest.purposes:
        clause = f"purposes.{one.id}.basis"
        if public and one.basis in ("6(1)(f)", "6(1)(ea)"):
            what = "A public body cannot rest its task on legitimate interests."
            yield Fault(clause, what, "Name the duty, 6(1)(c), or the task, 6(1)(e), and its law.", ("LAW-10",))
        if manifest.collection.mandatory and one.basis == "6(1)(a)":
            what = "A collection that schools must take part in cannot rest on consent."
            yield Fault(clause, what, "Name the law that demands it.", ("LAW-10", "ACC-A36"))


def purpose_has_an_enactment(manifest: Manifest) -> Iterator[Fault]:
    """A duty or public task comes from a law that is named by section (LAW-10, ACC-A13, ACC-B10)."""
    for one in manifest.purposes:
        if one.basis in ("6(1)(c)", "6(1)(e)") and not specific(one.enactment):
            what = "The law is not named by its section." if one.enactment else "No law is named."
            mend = 'Name it with its section, as "Education Act 1996, section 537A".'
            yield Fault(f"purposes.{one.id}.enactment", what, mend, ("LAW-10", "ACC-A13", "ACC-B10"))


def purpose_is_closed(manifest: Manifest) -> Iterator[Fault]:
    """A purpose ends where its text ends: no other purposes, no future ones (ACC-A22, ACC-A23)."""
    for one in manifest.purposes:
        if found := _OPEN_ENDED.search(one.text):
            what = f"'{found.group()}' leaves the purpose open."
            yield Fault(f"purposes.{one.id}.text", what, "Say each purpose by itself.", ("ACC-A22", "ACC-A23"))


def statistics_decide_about_nobody(manifest: Manifest) -> Iterator[Fault]:
    """What is collected for statistics serves no measure against a person (LAW-32, ACC-A21)."""
    for one in manifest.purposes:
        if one.kind is PurposeKind.STATISTICS and _AGAINST_A_PERSON.search(one.text):
            what = "A statistical purpose speaks of measures towards a person."
            mend = "Leave it out; a school's, trust's or authority's own duties are a purpose of their own."
            yield Fault(f"purposes.{one.id}.text", what, mend, ("LAW-32", "ACC-A21"))


def nation_has_no_pupils_of_its_own(manifest: Manifest) -> Iterator[Fault]:
    """Own duties towards a pupil are a school's, trust's or authority's, never a nation's (LAW-32, ACC-A21)."""
    for one in manifest.purposes if manifest.collection.tier is Tier.NATION else ():
        if one.kind is PurposeKind.OWN_DUTIES:
            what = "A nation's copy of the registers would serve decisions about a child."
            mend = "Leave the purpose to schools, trusts and authorities."
            yield Fault(f"purposes.{one.id}.kind", what, mend, ("LAW-32", "ACC-A21"))


def forbidden_uses_are_all_named(manifest: Manifest) -> Iterator[Fault]:
    """Every use that no permit can allow stands in the manifest for everybody to read (LAW-03)."""
    named = {one.use for one in manifest.forbidden}
    for use in ForbiddenUse:
        if use not in named:
            mend = f'Add [[forbidden]] use = "{use}".'
            yield Fault(f"forbidden.{use}", f"The use '{use}' is not forbidden in words.", mend, _FORBIDDEN_ROWS[use])


def request_names_its_power(manifest: Manifest) -> Iterator[Fault]:
    """Rows that leave a school or trust are asked for by a power named by section (MAN-03, ACC-B11)."""
    if _asks_schools(manifest) and not specific(manifest.request.legal_gateway):
        what = "The power to ask schools for rows is not named by its section."
        mend = 'Name it, as "Education Act 1996, section 537A".'
        yield Fault("request.legal_gateway", what, mend, ("MAN-03", "LAW-10", "ACC-A13", "ACC-B11"))


def request_stays_within_the_law(manifest: Manifest) -> Iterator[Fault]:
    """Nothing is asked for that the law does not allow (MAN-03, ACC-A35)."""
    beyond = sorted(set(manifest.request.requested_items) - set(manifest.request.statutory_items))
    if beyond:
        what = f"The request goes beyond the items of the law: {', '.join(beyond)}."
        yield Fault("request.requested_items", what, "Ask for less.", ("MAN-03", "ACC-A35"))


def items_stay_within_the_request(manifest: Manifest) -> Iterator[Fault]:
    """Nothing is collected from schools that was not asked for (MAN-03, ACC-A35)."""
    beyond = sorted({one.name for one in manifest.items} - set(manifest.request.requested_items))
    if beyond and (_asks_schools(manifest) or manifest.request.requested_items):
        what = f"Items are collected that the request does not name: {', '.join(beyond)}."
        yield Fault("request.requested_items", what, "Collect less, or ask for them.", ("MAN-03", "ACC-A35"))


def compulsion_was_made_by_law(manifest: Manifest) -> Iterator[Fault]:
    """What schools must take part in was discussed with the regulator while the law was made (LAW-30, ACC-A36)."""
    if manifest.collection.mandatory and manifest.request.lawmaking is None:
        what = "Schools must take part, and no record says that the regulator was consulted when this became law."
        yield Fault("request.lawmaking", what, "Add [request.lawmaking].", ("LAW-30", "ACC-A36"))


def recipients_are_named(manifest: Manifest) -> Iterator[Fault]:
    """Whoever gets anything is named, and the list is closed (MAN-08, ACC-A22, ACC-A30)."""
    if not manifest.recipients:
        what = "Nobody is named who gets anything, not even the public."
        yield Fault("recipients", what, "Add [[recipients]].", ("MAN-08", "ACC-A22", "ACC-A30"))
    for one in manifest.recipients:
        if _OPEN_ENDED.search(one.name):
            what = "This is not the name of a recipient."
            mend = "Name each recipient by its legal name."
            yield Fault(f"recipients.{one.name}", what, mend, ("MAN-08", "ACC-A22", "ACC-A30"))


def _asks_schools(manifest: Manifest) -> bool:
    """Whether rows leave the school, or the trust that is its proprietor."""
    return manifest.collection.tier in (Tier.AUTHORITY, Tier.NATION)


RULES: tuple[Rule, ...] = (
    purpose_has_a_basis,
    basis_fits_the_controller,
    purpose_has_an_enactment,
    purpose_is_closed,
    statistics_decide_about_nobody,
    nation_has_no_pupils_of_its_own,
    forbidden_uses_are_all_named,
    request_names_its_power,
    request_stays_within_the_law,
    items_stay_within_the_request,
    compulsion_was_made_by_law,
    recipients_are_named,
)
