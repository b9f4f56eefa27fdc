"""Rules about people: posts that do not judge themselves, families that are told, heard and can object."""

from collections.abc import Iterator
from itertools import combinations

from tallyroll.governance.manifest.rules.fault import Fault, Rule, thin
from tallyroll.governance.manifest.whole import Manifest
from tallyroll.governance.manifest.words import Right, Views

_ALWAYS = (Right.INFORMATION, Right.ACCESS, Right.COMPLAINT)
_RIGHT_ROWS = {
    Right.INFORMATION: ("LAW-02", "LAW-13", "MAN-15", "ACC-A12", "ACC-A24"),
    Right.OBJECTION: ("LAW-16", "MAN-15", "ACC-A25"),
    Right.ERASURE: ("LAW-16", "MAN-15", "ACC-A25"),
    Right.RESTRICTION: ("LAW-16", "MAN-15", "ACC-A25"),
}


def _rows(right: Right) -> tuple[str, ...]:
    return _RIGHT_ROWS.get(right, ("LAW-13", "MAN-15"))


def officers_are_three(manifest: Manifest) -> Iterator[Fault]:
    """Who advises, who approves and who owns the asset are three posts (LAW-24, ACC-B03)."""
    posts = {name: getattr(manifest.officers, name).post for name in ("dpo", "approver", "asset_owner")}
    for (left, ours), (right, theirs) in combinations(posts.items(), 2):
        if ours.strip().casefold() == theirs.strip().casefold():
            what = f"{left} and {right} are one post."
            yield Fault(f"officers.{right}", what, "Nobody judges their own work.", ("LAW-24", "MAN-02", "ACC-B03"))


def somebody_owns_the_flow(manifest: Manifest) -> Iterator[Fault]:
    """A post answers for this flow (ACC-B14)."""
    if not manifest.collection.owner.strip():
        what, mend = "No post answers for this flow.", "Name it."
        yield Fault("collection.owner", what, mend, ("MAN-01", "ACC-B14"))


def views_were_sought(manifest: Manifest) -> Iterator[Fault]:
    """Parents, pupils and schools were asked, or it is said why not (LAW-27, MAN-12)."""
    heard = {one.of: one for one in manifest.consultations}
    rows = ("LAW-27", "MAN-12")
    for whose in Views:
        one = heard.get(whose)
        if one is None or (one.held_on is None and thin(one.not_sought_because, words=5)):
            what, mend = f"The views of {whose} were not sought, and no reason is given.", "Ask them, or say why not."
            yield Fault(f"consultations.{whose}", what, mend, rows)
        elif one.held_on is not None and (thin(one.summary, words=5) or not one.departures.strip()):
            what = "What they said, or where the design departs from it, is missing."
            yield Fault(f"consultations.{whose}", what, "Sum it up, and explain each departure.", rows)


def rights_are_all_there(manifest: Manifest) -> Iterator[Fault]:
    """Each of the nine rights is explained (LAW-13, LAW-16, ACC-A12, ACC-A24, ACC-A25)."""
    told = {one.right for one in manifest.rights}
    for right in Right:
        if right not in told:
            what, mend = f"The right '{right}' is not explained.", "Add it to [[rights]]."
            yield Fault(f"rights.{right}", what, mend, _rows(right))


def rights_are_explained(manifest: Manifest) -> Iterator[Fault]:
    """How a right is met, or why it does not apply, takes a sentence (LAW-13, ACC-C05)."""
    for one in manifest.rights:
        if thin(one.how, words=5):
            what, mend = "This says too little to be of use to a family.", "Write a sentence."
            yield Fault(f"rights.{one.right}.how", what, mend, ("LAW-13", "ACC-C05"))


def rights_are_not_denied(manifest: Manifest) -> Iterator[Fault]:
    """To know, to see and to complain always apply; to object wherever a public task is the basis (LAW-16, ACC-A25)."""
    task = any(one.basis == "6(1)(e)" for one in manifest.purposes)
    for one in manifest.rights:
        if not one.applies and (one.right in _ALWAYS or (one.right is Right.OBJECTION and task)):
            what, mend = f"The right '{one.right}' is said not to apply, and it does.", "Say how it is met."
            yield Fault(f"rights.{one.right}.applies", what, mend, _rows(one.right))


def equality_and_human_rights_were_weighed(manifest: Manifest) -> Iterator[Fault]:
    """Equality and human rights have their sections (LAW-36)."""
    for name in ("equality", "human_rights"):
        if thin(getattr(manifest.assessments, name)):
            what, mend = "This section is missing or says nothing.", "Write it."
            yield Fault(f"assessments.{name}", what, mend, ("LAW-36",))


def concerns_are_answered(manifest: Manifest) -> Iterator[Fault]:
    """A concern of the regulator is answered in a time that is named (MAN-18, ACC-A32)."""
    if manifest.concerns is None:
        what, mend = "How fast a concern of the regulator is answered is not said.", "Add [concerns]."
        yield Fault("concerns", what, mend, ("MAN-18", "ACC-A32"))


RULES: tuple[Rule, ...] = (
    officers_are_three,
    somebody_owns_the_flow,
    views_were_sought,
    rights_are_all_there,
    rights_are_explained,
    rights_are_not_denied,
    equality_and_human_rights_were_weighed,
    concerns_are_answered,
)
