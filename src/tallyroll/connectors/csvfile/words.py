"""Words of information systems and of people, and the codes of the house: one table for each kind of cell.

A word that is not here is passed on as it came, and screening says so with its row.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tallyroll.vocab.characteristics import ETHNICITY_MINOR
from tallyroll.vocab.items import Item
from tallyroll.vocab.schools import PHASE_OF_CBDS, Phase

UNKNOWN = dict.fromkeys(("", "unknown", "not known", "not collected", "not obtained yet"), "")


def _table(words: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({**UNKNOWN, **{word.casefold(): code for word, code in words.items()}})


def _spelt(**codes: str) -> dict[str, str]:
    """Words parted by `|`, by the code they stand for."""
    return {word: code for code, words in codes.items() for word in words.split("|")}


_YES_NO = _table(_spelt(Y="y|yes|true|t|1", N="n|no|false|f|0"))

_YEARS = {
    **{
        form.format(year): str(year)
        for year in range(1, 15)
        for form in ("{}", "{:02d}", "y{}", "yr {}", "yr{}", "year {}", "year {:02d}", "year{}")
    },
    **_spelt(R="r|reception|year r|yr r", X="x"),
    **_spelt(N1="n1|nursery 1|year n1", N2="n2|nursery 2|year n2"),
}

_ETHNICITIES = {
    **{value.code: value.code for value in ETHNICITY_MINOR.values},
    **{value.label: value.code for value in ETHNICITY_MINOR.values},
    "White British": "WBRI",
    "White - British": "WBRI",
    "Unknown": "",
}

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "session": _table(
            _spelt(
                AM="am|a.m.|morning|am session|morning session|am registration|am reg|registration am",
                PM="pm|p.m.|afternoon|pm session|afternoon session|pm registration|pm reg|registration pm",
            )
        ),
        Item.SEX: _table(_spelt(F="f|female|girl", M="m|male|boy")),
        Item.ENROLMENT_STATUS: _table(_spelt(C="c|current", M="m|main", S="s|subsidiary", G="g|guest")),
        Item.YEAR_GROUP: _table(_YEARS),
        Item.FSM: _YES_NO,
        Item.FSM6: _YES_NO,
        Item.PUPIL_PREMIUM: _YES_NO,
        Item.LOOKED_AFTER: _YES_NO,
        Item.PREVIOUSLY_LOOKED_AFTER: _YES_NO,
        Item.SEN: _table(
            _spelt(
                N="n|none|no sen|no sen provision|no special educational need",
                K="k|sen support|support",
                S="s",  # statement, and the two before 2014: screening counts them as their successors
                A="a",
                P="p",
                E="e|ehc plan|ehcp|education, health and care plan|education health and care plan",
            )
        ),
        Item.ETHNICITY: _table(_ETHNICITIES),
    }
)
"""For each kind of cell: the code of each word, written in small letters."""

PHASES: Mapping[str, Phase] = MappingProxyType(
    {
        **{code.casefold(): phase for code, phase in PHASE_OF_CBDS.items()},
        **{phase.value.casefold(): phase for phase in Phase},
        "all-through": Phase.SECONDARY,
        "middle (deemed primary)": Phase.PRIMARY,
        "middle (deemed secondary)": Phase.SECONDARY,
        "alternative": Phase.ALTERNATIVE,
        "pupil referral unit": Phase.ALTERNATIVE,
    }
)
"""The published phase for each way of writing one, in small letters."""

ITEMS = frozenset(item for item in WORDS if item not in ("session", Item.ENROLMENT_STATUS))
"""The attributes that status.csv may name."""
