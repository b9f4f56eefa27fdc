"""Rules about who takes part: roles, contracts, and what passes through whose hands."""

from collections.abc import Iterator
from itertools import combinations

from tallyroll.governance.manifest.parties import Party
from tallyroll.governance.manifest.rules.fault import Fault, Rule
from tallyroll.governance.manifest.rules.keeping import in_the_uk, uses_shares
from tallyroll.governance.manifest.whole import Manifest
from tallyroll.governance.manifest.words import Part, PartyKind, Sees

_PROCESSING = (Part.PROCESSOR, Part.SUB_PROCESSOR)


def _of(manifest: Manifest, *parts: Part) -> tuple[Party, ...]:
    return tuple(one for one in manifest.parties if one.part in parts)


def somebody_is_the_controller(manifest: Manifest) -> Iterator[Fault]:
    """One controller answers for the collection, or several jointly (LAW-19, ACC-B08, ACC-C01)."""
    alone, joint = len(_of(manifest, Part.CONTROLLER)), len(_of(manifest, Part.JOINT_CONTROLLER))
    rows = ("LAW-19", "MAN-02", "ACC-B08", "ACC-C01")
    if alone + joint == 0:
        yield Fault("parties", "Nobody is named as controller.", 'Add [[parties]] part = "controller".', rows)
    elif (alone, joint > 1) not in ((1, False), (0, True)) or (alone and joint):
        what = "There is one controller, or there are two or more joint ones."
        yield Fault("parties", what, "Say which of them answers for what.", rows)


def parties_are_described(manifest: Manifest) -> Iterator[Fault]:
    """Each party has a contact, a country and a part to play (LAW-19, ACC-B08)."""
    for one in manifest.parties:
        if missing := [name for name in ("contact", "country", "does") if not getattr(one, name).strip()]:
            what = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not said."
            yield Fault(f"parties.{one.name}", what, "Say it.", ("LAW-19", "ACC-B08"))


def parties_are_in_the_country(manifest: Manifest) -> Iterator[Fault]:
    """A party outside the United Kingdom has its safeguard (LAW-31)."""
    for one in manifest.parties:
        if one.country.strip() and not in_the_uk(one.country) and not one.safeguard.strip():
            what = f"{one.country} is outside the United Kingdom, without a safeguard."
            yield Fault(f"parties.{one.name}.country", what, "Name the safeguard, or another party.", ("LAW-31",))


def processors_are_bound(manifest: Manifest) -> Iterator[Fault]:
    """A processor has a contract with all the terms of Article 28 (LAW-19, ACC-B09, ACC-C03)."""
    for one in _of(manifest, *_PROCESSING):
        if one.contract is None:
            what, mend = "No contract is named.", "Name it, with its last day and diligence."
            yield Fault(f"parties.{one.name}.contract", what, mend, ("LAW-19", "ACC-B09", "ACC-C08"))
        elif not one.contract.article_28_terms:
            what, mend = "The contract lacks terms of Article 28(3)(a) to (h).", "Complete the contract."
            yield Fault(f"parties.{one.name}.contract.article_28_terms", what, mend, ("LAW-19", "ACC-C03"))


def processors_say_what_they_see(manifest: Manifest) -> Iterator[Fault]:
    """A processor says what it can read, and no company reads named rows on their way (LAW-08, ACC-A26)."""
    for one in _of(manifest, *_PROCESSING):
        if one.sees is None:
            what = "What this processor can read is not said."
            mend = f"Write sees = one of {', '.join(Sees)}."
            yield Fault(f"parties.{one.name}.sees", what, mend, ("LAW-19", "ACC-A26"))
        elif one.sees is Sees.NAMED_ROWS and one.kind is PartyKind.COMPANY:
            what = "A company would stand between schools and controller and read every row."
            mend = "Let it carry ciphertext, or let the school's own node do the work."
            yield Fault(f"parties.{one.name}.sees", what, mend, ("LAW-08", "ACC-A26"))


def aggregators_do_not_collude(manifest: Manifest) -> Iterator[Fault]:
    """Shares go to two aggregators at least, of different entity, key custodian and host (LAW-19, MAN-02)."""
    found = _of(manifest, Part.AGGREGATOR)
    if uses_shares(manifest) and len(found) < 2:
        what = "Shares need two aggregators at least."
        yield Fault("parties", what, 'Add [[parties]] part = "aggregator".', ("LAW-19", "MAN-02"))
    for left, right in combinations(found, 2):
        for name in ("name", "key_custodian", "hosting"):
            ours, theirs = (getattr(one, name).strip().casefold() for one in (left, right))
            if not ours or not theirs or ours == theirs:
                what = f"Two aggregators are not told apart by {name}."
                mend = "They must differ in entity, custodian and host."
                yield Fault(f"parties.{right.name}.{name}", what, mend, ("LAW-19", "MAN-02"))


RULES: tuple[Rule, ...] = (
    somebody_is_the_controller,
    parties_are_described,
    parties_are_in_the_country,
    processors_are_bound,
    processors_say_what_they_see,
    aggregators_do_not_collude,
)
