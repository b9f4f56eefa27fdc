"""What the statistics mean, as data: measures, population, thresholds, breakdowns. Everything else reads it here.

`count` generates SQL from these definitions, `areas` adds marks up by them, and docs/reference/definitions.md is
printed from them. No figure is defined anywhere else.
Source: the department's published columns and identities, exact on 643 rows of its 2025/26 year-to-date file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from tallyroll.vocab.characteristics import BY_NAME, YEAR_GROUP, YEAR_GROUPS
from tallyroll.vocab.codes import BY_TEXT, NOTHING_RECEIVED
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.items import Item
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.schools import SchoolCalendar
from tallyroll.vocab.shapes import OPEN_END

NOTHING = ""
"""How a definition writes the session for which no mark came."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure in sessions: the number of marks whose code is among `codes`.

    `name` is the column of the EES files; `feed` says that the daily area tallies carry it.
    """

    name: str
    label: str
    codes: tuple[str, ...]
    feed: bool = True

    @property
    def numbers(self) -> frozenset[int]:
        """The bytes of its codes."""
        return frozenset(NOTHING_RECEIVED if text == NOTHING else BY_TEXT[text].number for text in self.codes)


PRESENT = ("/", "\\", "L")
EDUCATED_ELSEWHERE = ("B", "J", "P", "V", "W", "K")
AUTHORISED = ("I", "M", "R", "S", "T", "E", "C", "C1", "J1", "C2", "H", "F")
UNAUTHORISED = ("G", "U", "O", "N")
ATTENDING = (*PRESENT, *EDUCATED_ELSEWHERE)
ABSENT = (*AUTHORISED, *UNAUTHORISED)
POSSIBLE = (*ATTENDING, *ABSENT)

NOT_ON_ROLL = "Z"

HEADLINES: tuple[Measure, ...] = (
    Measure("present_sessions", "Present", PRESENT),
    Measure("approved_educational_activity", "Approved educational activity", EDUCATED_ELSEWHERE),
    Measure("overall_attendance", "Overall attendance", ATTENDING),
    Measure("overall_absence", "Overall absence", ABSENT),
    Measure("authorised_absence", "Authorised absence", AUTHORISED),
    Measure("unauthorised_absence", "Unauthorised absence", UNAUTHORISED),
    Measure("late_sessions", "Late, before or after registers closed", ("L", "U")),
    Measure("possible_sessions", "Possible sessions", POSSIBLE),
)
"""The sums that rates are made of. H, F and J are withdrawn codes that still arrive and still count."""


def _reason(name: str, code: str) -> Measure:
    return Measure(f"reason_{name}", BY_TEXT[code].name, (code,))


REASONS: tuple[Measure, ...] = (
    # The code decides between morning and afternoon, not the session: a stray `\` in the morning counts as pm.
    _reason("present_am", "/"),
    _reason("present_pm", "\\"),
    Measure("reason_present", "Present, morning and afternoon", ("/", "\\")),
    _reason("l_present_late_before_registers_closed", "L"),
    _reason("i_authorised_illness", "I"),
    _reason("m_authorised_medical_dental", "M"),
    _reason("r_authorised_religious_observance", "R"),
    _reason("s_authorised_study_leave", "S"),
    _reason("t_authorised_mobile_child", "T"),
    _reason("h_authorised_holiday", "H"),
    _reason("e_authorised_excluded", "E"),
    _reason("c_authorised_other", "C"),
    _reason("c1_authorised_regulated_performance", "C1"),
    _reason("j1_authorised_interview", "J1"),
    _reason("c2_authorised_temp_reduced_timetable", "C2"),
    _reason("b_aea_education_off_site", "B"),
    _reason("j_aea_interview", "J"),
    _reason("p_aea_approved_sporting_activity", "P"),
    _reason("v_aea_educational_visit_trip", "V"),
    _reason("w_aea_work_experience", "W"),
    _reason("k_aea_education_arranged_by_la", "K"),
    _reason("g_unauthorised_holiday", "G"),
    _reason("u_unauthorised_late_after_registers_closed", "U"),
    _reason("o_other_unauthorised", "O"),
    _reason("n_no_reason_yet", "N"),
)
"""The published reasons, in the order of the files."""

NOT_POSSIBLE: tuple[Measure, ...] = (
    _reason("d_dual_registration", "D"),
    _reason("q_la_arrangements", "Q"),
    _reason("not_attending_planned_closed", "#"),
    _reason("y_not_attending_enforced_closure", "Y"),
    _reason("y1_transport_not_provided", "Y1"),
    _reason("y2_travel_disruption", "Y2"),
    _reason("y3_premises_out_of_use", "Y3"),
    _reason("y4_closed_session_cancelled", "Y4"),
    _reason("y5_detention_sentence", "Y5"),
    _reason("y6_prohibited_infection_disease", "Y6"),
    _reason("y7_unavoidable_cause", "Y7"),
    _reason("z_not_attending_not_on_roll", "Z"),
)
"""Marks that are never possible sessions; in the daily area tallies, not in published files."""

LEGACY = _reason("f_legacy_family_holiday", "F")
"""Counted as authorised, in the daily area tallies, not published: published reasons may fall short of their sum."""

OURS: tuple[Measure, ...] = (
    Measure("reason_x_not_required", BY_TEXT["X"].name, ("X",), feed=False),
    Measure("nothing_received", "On roll, and nothing received", (NOTHING,), feed=False),
)
"""Figures that the department's files have no column for."""

MEASURES: dict[str, Measure] = {m.name: m for m in (*HEADLINES, *REASONS, *NOT_POSSIBLE, LEGACY, *OURS)}
"""Every measure, in the order of the daily area tallies."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A share of an enrolment's own possible sessions, as a ratio of integers so that the edge is exact."""

    name: str
    label: str
    numerator: int
    denominator: int


PERSISTENT = Threshold("persistent", "Persistently absent: 10% or more of possible sessions missed", 1, 10)
SEVERE = Threshold("severe", "Severely absent: 50% or more of possible sessions missed", 1, 2)

ALL = "all"
"""The breakdown that breaks nothing down: one value, numbered 0."""

BREAKDOWNS: tuple[str, ...] = (ALL, *BY_NAME)
"""Every breakdown that a cell may belong to. A cell has one at most, so breakdowns are never crossed."""

VALUES: dict[str, tuple[str, ...]] = {
    ALL: ("All pupils",),
    **{name: tuple(value.label for value in c.values) for name, c in BY_NAME.items()},
}
"""Labels of each breakdown's values, by number."""

LEAVING_YEAR = YEAR_GROUP.number("11")

_COMPULSORY = frozenset(YEAR_GROUP.number(code) for code in ("", *(str(year) for year in range(1, 12)), "X"))
_NEVER = (OPEN_END, OPEN_END)


@dataclass(frozen=True, slots=True)
class Population:
    """Whose marks count, and until when those of year 11 do.

    `year_groups` are numbers of YEAR_GROUP. `year_11_leaves` is the first day of the second half of the summer term:
    from then to 31 August, year 11 does not count. `year_11_leaves_at` gives other days by URN.
    """

    year_groups: frozenset[int]
    year_11_leaves: date | None = None
    year_11_leaves_at: Mapping[int, date] = field(default_factory=dict)

    def year_11_away(self, urn: int) -> tuple[date, date]:
        """The first and last day on which year 11 of a school does not count."""
        first = self.year_11_leaves_at.get(urn, self.year_11_leaves)
        return _NEVER if first is None else (first, AcademicYear.of(first).last)


def second_half_of_summer(calendar: SchoolCalendar) -> date | None:
    """The day from which a school's year 11 does not count; None while its calendar has no summer term."""
    summer = [term for term in calendar.terms if term.name == "Summer"]
    return summer[0].half_term_last + timedelta(days=1) if summer else None


COMPULSORY_SCHOOL_AGE = Population(_COMPULSORY)
"""Year groups 1 to 11, those who follow none, and those whose year group the school did not give.

The last because leaving a pupil out needs a reason that we hold. Reception, nursery and years 12 to 14 do not count.
Every enrolment counts: a pupil on two rolls counts at both, and sessions at the other school (D) are not possible.
Source: methodology of the department's attendance releases: ages 5 to 15 at the start of the academic year.
"""

EVERYONE = Population(frozenset(range(len(YEAR_GROUPS) + 1)))
"""Every pupil on roll, of any age."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What to count: whose marks, and by which characteristics beside `all`."""

    characteristics: tuple[str, ...] = ()
    population: Population = COMPULSORY_SCHOOL_AGE

    def __post_init__(self) -> None:
        unknown = [name for name in self.characteristics if name not in BY_NAME]
        if unknown or len(set(self.characteristics)) != len(self.characteristics):
            raise UsageProblem(
                f"The breakdown {unknown[0]} is not known." if unknown else "A breakdown is named twice.",
                mend=f"Known are {', '.join(BY_NAME)}; name each once.",
            )

    @property
    def items(self) -> frozenset[Item]:
        """The data items that counting by this definition reads."""
        columns = {column_of(name) for name in (*self.characteristics, YEAR_GROUP.name)}
        return frozenset({Item.PUPIL, Item.MARK, *(Item(column) for column in columns)})


def column_of(characteristic: str) -> str:
    """The roll's column that a characteristic is read from: major ethnic groups follow from minor ones."""
    return "ethnicity_minor" if characteristic == "ethnicity_major" else characteristic
