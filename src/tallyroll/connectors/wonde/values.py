"""How the service's words become ours: one table. What the table does not know is passed on, for screening to reject.

Value sets differ from product to product, so spellings are gathered here as they are met. Compared without case.
"""

from tallyroll.vocab.characteristics import ETHNICITY_MINOR, YEAR_GROUPS
from tallyroll.vocab.items import Item
from tallyroll.vocab.schools import PHASE_OF_CBDS, Phase

_YES_NO = {
    **dict.fromkeys(("Y", "YES", "TRUE", "T", "1"), "Y"),
    **dict.fromkeys(("N", "NO", "FALSE", "F", "0"), "N"),
}
_SEN_NONE = ("N", "NONE", "NO SEN", "NO SEN PROVISION", "NO SPECIAL EDUCATIONAL NEED", "NO SPECIAL EDUCATIONAL NEEDS")
_SEN_SUPPORT = ("K", "SEN SUPPORT", "A", "P", "SCHOOL ACTION", "SCHOOL ACTION PLUS")
_SEN_PLAN = (
    "E",
    "EHCP",
    "EHC PLAN",
    "EDUCATION, HEALTH AND CARE PLAN",
    "EDUCATION HEALTH AND CARE PLAN",
    "S",
    "STATEMENT",
)

TABLE: dict[Item, dict[str, str]] = {
    Item.SEX: {"FEMALE": "F", "F": "F", "MALE": "M", "M": "M"},
    Item.YEAR_GROUP: {
        **{code.upper(): code for code in YEAR_GROUPS},
        **{f"YEAR {year}": str(year) for year in range(1, 15)},
        **{f"{year:02d}": str(year) for year in range(1, 10)},
        "RECEPTION": "R",
        "NURSERY 1": "N1",
        "NURSERY 2": "N2",
    },
    Item.ENROLMENT_STATUS: {
        **dict.fromkeys(("C", "CURRENT", "SINGLE REGISTRATION"), "C"),
        **dict.fromkeys(("M", "MAIN", "CURRENT MAIN", "MAIN - DUAL REGISTRATION", "MAIN DUAL REGISTRATION"), "M"),
        **dict.fromkeys(("S", "SUBSIDIARY", "CURRENT SUBSIDIARY", "SUBSIDIARY - DUAL REGISTRATION"), "S"),
        **dict.fromkeys(("G", "GUEST"), "G"),
    },
    Item.FSM: _YES_NO,
    Item.FSM6: _YES_NO,
    Item.PUPIL_PREMIUM: _YES_NO,
    Item.SEN: {
        **dict.fromkeys(_SEN_NONE, "N"),
        **dict.fromkeys(_SEN_SUPPORT, "K"),
        **dict.fromkeys(_SEN_PLAN, "E"),
    },
    Item.ETHNICITY: {value.code: value.code for value in ETHNICITY_MINOR.values if value.code},
    Item.LOOKED_AFTER: _YES_NO,
    Item.PREVIOUSLY_LOOKED_AFTER: _YES_NO,
}

PHASES: dict[str, Phase] = {
    **PHASE_OF_CBDS,
    "NURSERY": Phase.NURSERY,
    "PRIMARY": Phase.PRIMARY,
    "MIDDLE DEEMED PRIMARY": Phase.PRIMARY,
    "SECONDARY": Phase.SECONDARY,
    "MIDDLE DEEMED SECONDARY": Phase.SECONDARY,
    "ALL THROUGH": Phase.SECONDARY,
    "SPECIAL": Phase.SPECIAL,
    "ALTERNATIVE PROVISION": Phase.ALTERNATIVE,
    "PUPIL REFERRAL UNIT": Phase.ALTERNATIVE,
    "PRU": Phase.ALTERNATIVE,
}
"""`SECONDARY` is the one text seen in a real answer; the others are spelt as GIAS does (inferred)."""


class Words(dict[object, str]):
    """Our words for an item's values, each looked up once: a school has a few hundred pupils and a few values."""

    def __init__(self, item: Item) -> None:
        super().__init__()
        self._item = item

    def __missing__(self, text: object) -> str:
        self[text] = ours(self._item, text)
        return self[text]


def ours(item: Item, text: object) -> str:
    """Our word for the service's; blank where it gives none, and for a sex that is neither female nor male."""
    if text is None:
        return ""
    plain = str(text).strip()
    known = TABLE[item].get(plain.upper())
    if known is None:
        return "" if item is Item.SEX else plain
    return known


def phase(text: str | None) -> Phase | None:
    """The phase that the service's text means, if it is one we know."""
    return PHASES.get(" ".join((text or "").upper().replace("-", " ").replace("_", " ").split()))
