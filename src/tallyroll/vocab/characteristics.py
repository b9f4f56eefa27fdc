"""What the statistics may break attendance down by: each characteristic, its values, their labels and numbers.

A value's number is its place in the tuple: 0 is always what we do not know. Labels are the harmonised ones of the
EES data standard where it has them. Source: EES data dictionary; CBDS code sets.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a characteristic: `code` in registers and cells, `label` in published tables."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Characteristic:
    """Something a table is broken down by; `dated` ones may change in the year and count by the day."""

    name: str
    label: str
    values: tuple[Value, ...]
    dated: bool = True

    def number(self, code: str) -> int:
        """The number of a value; KeyError when there is none."""
        for number, value in enumerate(self.values):
            if value.code == code:
                return number
        raise KeyError(code)


def _yes_no(yes: str, no: str) -> tuple[Value, ...]:
    return (Value("", "Unknown"), Value("N", no), Value("Y", yes))


YEAR_GROUPS = ("N1", "N2", "R", *(str(year) for year in range(1, 15)), "X")

YEAR_GROUP = Characteristic(
    "year_group",
    "National curriculum year",
    (
        Value("", "Unknown"),
        Value("N1", "Nursery 1"),
        Value("N2", "Nursery 2"),
        Value("R", "Reception"),
        *(Value(str(year), f"Year {year}") for year in range(1, 15)),
        Value("X", "Not following the national curriculum years"),
    ),
)
SEX = Characteristic("sex", "Sex", (Value("", "Unknown"), Value("F", "Female"), Value("M", "Male")), dated=False)
FSM = Characteristic("fsm", "Free school meals", _yes_no("FSM eligible", "Not known to be FSM eligible"))
FSM6 = Characteristic(
    "fsm6",
    "Free school meals in the last six years",
    _yes_no("FSM in last 6 years", "No FSM in last 6 years"),
)
PUPIL_PREMIUM = Characteristic("pupil_premium", "Pupil premium", _yes_no("Pupil premium", "No pupil premium"))
SEN = Characteristic(
    "sen",
    "Special educational needs",
    (
        Value("", "Unknown SEN provision"),
        Value("N", "No SEN provision"),
        Value("K", "SEN support"),
        Value("E", "Education, health and care plan"),
    ),
)
LOOKED_AFTER = Characteristic("looked_after", "Looked after", _yes_no("Looked after", "Not looked after"))
PREVIOUSLY_LOOKED_AFTER = Characteristic(
    "previously_looked_after",
    "Previously looked after",
    _yes_no("Previously looked after", "Not previously looked after"),
)

_MINOR = (
    # CBDS main code, EES minor label, EES major label
    ("WBRI", "English / Welsh / Scottish / Northern Irish / British", "White"),
    ("WIRI", "Irish", "White"),
    ("WIRT", "Irish Traveller", "White"),
    ("WROM", "Gypsy / Roma", "White"),
    ("WOTH", "Any other White background", "White"),
    ("MWBC", "White and Black Caribbean", "Mixed / Multiple ethnic groups"),
    ("MWBA", "White and Black African", "Mixed / Multiple ethnic groups"),
    ("MWAS", "White and Asian", "Mixed / Multiple ethnic groups"),
    ("MOTH", "Any other Mixed / Multiple ethnic background", "Mixed / Multiple ethnic groups"),
    ("AIND", "Indian", "Asian / Asian British"),
    ("APKN", "Pakistani", "Asian / Asian British"),
    ("ABAN", "Bangladeshi", "Asian / Asian British"),
    ("CHNE", "Chinese", "Asian / Asian British"),
    ("AOTH", "Any other Asian background", "Asian / Asian British"),
    ("BAFR", "African", "Black / African / Caribbean / Black British"),
    ("BCRB", "Caribbean", "Black / African / Caribbean / Black British"),
    (
        "BOTH",
        "Any other Black / African / Caribbean background",
        "Black / African / Caribbean / Black British",
    ),
    ("OOTH", "Any other ethnic group", "Other ethnic group"),
    ("REFU", "Unknown (refused)", "Unknown"),
    ("NOBT", "Unknown (not obtained)", "Unknown"),
)

ETHNICITY_MINOR = Characteristic(
    "ethnicity_minor",
    "Ethnic group (minor)",
    (Value("", "Unknown"), *(Value(code, label) for code, label, _ in _MINOR)),
    dated=False,
)
ETHNICITY_MAJOR = Characteristic(
    "ethnicity_major",
    "Ethnic group (major)",
    (
        Value("", "Unknown"),
        Value("WHIT", "White"),
        Value("MIXD", "Mixed / Multiple ethnic groups"),
        Value("ASIA", "Asian / Asian British"),
        Value("BLAC", "Black / African / Caribbean / Black British"),
        Value("OTHE", "Other ethnic group"),
    ),
    dated=False,
)

_MAJOR_BY_LABEL = {value.label: number for number, value in enumerate(ETHNICITY_MAJOR.values)}
MAJOR_OF_MINOR: tuple[int, ...] = (0, *(_MAJOR_BY_LABEL[major] for _, _, major in _MINOR))
"""Number of the major group for each number of a minor group."""

ROLL_CHARACTERISTICS: tuple[Characteristic, ...] = (
    YEAR_GROUP,
    SEX,
    FSM,
    FSM6,
    PUPIL_PREMIUM,
    SEN,
    ETHNICITY_MINOR,
    LOOKED_AFTER,
    PREVIOUSLY_LOOKED_AFTER,
)
"""The characteristics that stand on a roll, in the order of its columns (major ethnicity follows from minor)."""

BY_NAME: dict[str, Characteristic] = {c.name: c for c in (*ROLL_CHARACTERISTICS, ETHNICITY_MAJOR)}
