"""The parts of a manifest that name bodies and posts: who takes part, in which role, and who signs."""

from datetime import date

from tallyroll.governance.manifest.clause import Clause, Sentence, Text
from tallyroll.governance.manifest.words import Part, PartyKind, Sees


class Contract(Clause):
    """What binds a processor (Art 28): reference, last day, and when its diligence was looked at."""

    reference: Sentence
    ends: date
    due_diligence_on: date
    article_28_terms: bool = False  # whether all of (a) to (h) are in it


class Party(Clause):
    """A body that takes part, and in which role (MAN-02)."""

    part: Part
    name: Sentence
    kind: PartyKind
    contact: Text = ""
    country: Text = ""
    safeguard: Text = ""  # of a transfer out of the country
    does: Text = ""
    sees: Sees | None = None  # what a processor can read
    contract: Contract | None = None
    key_custodian: Text = ""
    hosting: Text = ""


class Officer(Clause):
    """A post that signs, and how to reach it."""

    post: Sentence
    contact: Sentence


class Officers(Clause):
    """Who advises, who approves and who owns the asset: three posts, never one (LAW-24)."""

    dpo: Officer
    approver: Officer
    asset_owner: Officer


class Regulator(Clause):
    """The regulator's name is data: the law has changed it before (SI 2026/386)."""

    name: Sentence
    contact: Sentence
