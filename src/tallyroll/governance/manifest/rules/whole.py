"""Rules about the text as a whole: need and necessity, the lesser ways, versions, and what only the ledger may say."""

import re
from collections import Counter
from collections.abc import Iterator

from tallyroll.governance.manifest.leaves import leaves, name_of
from tallyroll.governance.manifest.rules.fault import Fault, Rule, thin, unfilled
from tallyroll.governance.manifest.whole import Manifest
from tallyroll.governance.manifest.words import Alternative, Tier

MAX_DAYS = 366
_SUBSTANCE = {
    "need": ("LAW-25", "ACC-A02"),
    "means": ("LAW-25", "ACC-A02"),
    "necessity": ("LAW-25", "ACC-A02", "ACC-A16"),
    "proportionality": ("LAW-25", "ACC-A02", "ACC-A16"),
}
_NATION_WORDS = 20
_REGULATOR = r"\bICO\b|\bregulator\b|Information Commission(er)?"
_BLESSED = re.compile(
    r"\b(work\w* (very )?closely|engag|consult|agree|approv|endors|clear|content|satisf|sign\w* off)", re.IGNORECASE
)


def says_enough(manifest: Manifest) -> Iterator[Fault]:
    """Need, means, necessity and proportionality are shown and not claimed (LAW-25, ACC-A02, ACC-A16)."""
    for name, rows in _SUBSTANCE.items():
        if thin(getattr(manifest.collection, name)):
            what, mend = "This says too little to show anything.", "Write it out."
            yield Fault(f"collection.{name}", what, mend, rows)


def nation_says_more(manifest: Manifest) -> Iterator[Fault]:
    """Named rows of a nation: why they are needed at all, of children never absent too (LAW-25, ACC-A16, ACC-A19)."""
    if manifest.collection.tier is not Tier.NATION:
        return
    mend = "Say why counts would not do, in some sentences."
    if not thin(manifest.collection.necessity) and thin(manifest.collection.necessity, words=_NATION_WORDS):
        what = "This is too little to show that a nation's children must be named."
        yield Fault("collection.necessity", what, mend, ("LAW-25", "ACC-A16"))
    if thin(manifest.collection.every_child, words=_NATION_WORDS):
        what = "Why children who are never absent are collected too is not shown."
        yield Fault("collection.every_child", what, mend, ("LAW-25", "ACC-A19"))


def lesser_ways_were_weighed(manifest: Manifest) -> Iterator[Fault]:
    """Five lesser ways are each weighed with a reason (LAW-26, ACC-A16, ACC-A18)."""
    weighed = {one.option: one for one in manifest.alternatives}
    for option in Alternative:
        rows = ("LAW-26", "MAN-11", "ACC-A18" if option is Alternative.AGGREGATES_ONLY else "ACC-A16")
        one = weighed.get(option)
        if one is None or thin(one.why):
            what = f"The lesser way '{option}' was not weighed{'' if one is None else ' with a reason'}."
            yield Fault(f"alternatives.{option}", what, "Say why it was taken or not.", rows)
        elif one.adopted and option is Alternative.NO_COLLECTION:
            what, mend = "No collection was chosen, and yet one is described.", "Choose."
            yield Fault(f"alternatives.{option}", what, mend, rows)


def nation_weighs_aggregates(manifest: Manifest) -> Iterator[Fault]:
    """Named rows of a nation: why counts alone would not do takes more than a sentence (LAW-26, ACC-A18)."""
    for one in manifest.alternatives if manifest.collection.tier is Tier.NATION else ():
        if one.option is not Alternative.AGGREGATES_ONLY or thin(one.why):
            continue
        if one.adopted or thin(one.why, words=_NATION_WORDS):
            what = "Aggregates alone are chosen, or too little is said of why not."
            mend = "Say which figure fails without names, or leave the rows where they are."
            yield Fault(f"alternatives.{one.option}", what, mend, ("LAW-26", "ACC-A18"))


def lasts_a_year_at_most(manifest: Manifest) -> Iterator[Fault]:
    """An assessment is made again within a year (LAW-28, MAN-01)."""
    days = (manifest.collection.expires - manifest.collection.valid_from).days
    if not 0 < days <= MAX_DAYS:
        what = f"It would hold for {days} days; it must be from 1 to {MAX_DAYS}."
        yield Fault("collection.expires", what, "Assess again within a year.", ("LAW-28", "MAN-01"))


def comes_before_the_collection(manifest: Manifest) -> Iterator[Fault]:
    """Screening and consultation come first, and the collection after them (ACC-A01, ACC-B12)."""
    start = manifest.collection.valid_from
    if manifest.screening.answered_on is None or manifest.screening.answered_on > start:
        what = "The screening questions were not answered before the collection starts."
        yield Fault("screening.answered_on", what, "Answer them first.", ("LAW-23", "ACC-A01", "ACC-B12"))
    for one in manifest.consultations:
        if one.held_on is not None and one.held_on > start:
            what = f"The views of {one.of} were sought after the collection starts."
            yield Fault(f"consultations.{one.of}.held_on", what, "Ask first.", ("LAW-27", "ACC-A01", "ACC-B12"))


def new_version_has_a_reason(manifest: Manifest) -> Iterator[Fault]:
    """A version that replaces another says which one and why (LAW-28, ACC-A08, ACC-A33)."""
    before, reason = manifest.collection.supersedes, manifest.collection.reason
    if (before or reason.strip()) and thin(reason, words=4):
        what, mend = "It replaces another version and does not say why.", "Give the reason in a sentence."
        yield Fault("collection.reason", what, mend, ("LAW-28", "ACC-A08"))
    if reason.strip() and not before:
        what, mend = "It speaks of an earlier version that nobody can look up.", "Give its digest in supersedes."
        yield Fault("collection.supersedes", what, mend, ("LAW-28", "ACC-A33"))


def regulator_speaks_for_itself(manifest: Manifest) -> Iterator[Fault]:
    """What the regulator saw or said stands in the ledger; a manifest may not claim it (MAN-14, ACC-A04)."""
    named = re.compile(rf"{re.escape(manifest.regulator.name)}|{_REGULATOR}", re.IGNORECASE)
    for clause, text in leaves(manifest.model_dump(mode="json")):
        if not isinstance(text, str) or clause.startswith("request.lawmaking"):
            continue
        if any(named.search(sentence) and _BLESSED.search(sentence) for sentence in text.split(".")):
            what, mend = "This claims something of the regulator.", "Leave it out; the ledger shows what it said."
            yield Fault(clause, what, mend, ("MAN-14", "ACC-A04"))


def nothing_waits_for_its_author(manifest: Manifest) -> Iterator[Fault]:
    """No text is left that still waits for its author (LAW-25, ACC-A02)."""
    for clause, text in leaves(manifest.model_dump(mode="json")):
        if isinstance(text, str) and unfilled(text):
            yield Fault(clause, f"Still to be filled in: {text}", "Fill it in.", ("LAW-25", "ACC-A02"))


def nothing_is_said_twice(manifest: Manifest) -> Iterator[Fault]:
    """No entry stands twice, so that none hides behind another (MAN-04, MAN-09)."""
    tree = manifest.model_dump(mode="json")
    for table in (
        "purposes",
        "items",
        "forbidden",
        "retention",
        "alternatives",
        "consultations",
        "risks",
        "measures",
        "rights",
    ):
        for name, times in Counter(name_of(one) for one in tree[table]).items():
            if times > 1:
                rows = ("MAN-09", "LAW-07") if table == "retention" else ("MAN-04", "LAW-04")
                yield Fault(f"{table}.{name}", f"It stands {times} times.", "Keep one.", rows)


RULES: tuple[Rule, ...] = (
    says_enough,
    nation_says_more,
    lesser_ways_were_weighed,
    nation_weighs_aggregates,
    lasts_a_year_at_most,
    comes_before_the_collection,
    new_version_has_a_reason,
    regulator_speaks_for_itself,
    nothing_waits_for_its_author,
    nothing_is_said_twice,
)
