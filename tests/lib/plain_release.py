"""A second implementation of a release: from the cells of `oracle` to the rows of the five published tables.

Plain Python: loops, dictionaries and fractions. Written from the department's rules (docs/explanation/estimation.md and
the methodology of its releases), not from the code under test; names and codes of columns were written out by hand.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.places import BY_OLD_CODE
from tests.lib.oracle import ACTIVITY, AUTHORISED, POSSIBLE, PRESENT, PUBLISHED, UNAUTHORISED, Cells, Shares, text

Number = Fraction | None  # None: nothing to divide by, or not known
Row = dict[str, Any]
Heads = Mapping[tuple[str, str, str, str], tuple[int, int]]  # (level, region, authority, phase) -> (schools, pupils)
Area = tuple[str, str, str, str, str, str]

CODES_OF: dict[str, list[str]] = {
    "present_sessions": PRESENT,
    "overall_attendance": PRESENT + ACTIVITY,
    "approved_educational_activity": ACTIVITY,
    "overall_absence": AUTHORISED + UNAUTHORISED,
    "authorised_absence": AUTHORISED,
    "unauthorised_absence": UNAUTHORISED,
    "late_sessions": ["L", "U"],
    "possible_sessions": POSSIBLE,
    "reason_present_am": ["/"],
    "reason_present_pm": ["\\"],
    "reason_present": ["/", "\\"],
    "reason_l_present_late_before_registers_closed": ["L"],
    "reason_i_authorised_illness": ["I"],
    "reason_m_authorised_medical_dental": ["M"],
    "reason_r_authorised_religious_observance": ["R"],
    "reason_s_authorised_study_leave": ["S"],
    "reason_t_authorised_mobile_child": ["T"],
    "reason_h_authorised_holiday": ["H"],
    "reason_e_authorised_excluded": ["E"],
    "reason_c_authorised_other": ["C"],
    "reason_c1_authorised_regulated_performance": ["C1"],
    "reason_j1_authorised_interview": ["J1"],
    "reason_c2_authorised_temp_reduced_timetable": ["C2"],
    "reason_b_aea_education_off_site": ["B"],
    "reason_j_aea_interview": ["J"],
    "reason_p_aea_approved_sporting_activity": ["P"],
    "reason_v_aea_educational_visit_trip": ["V"],
    "reason_w_aea_work_experience": ["W"],
    "reason_k_aea_education_arranged_by_la": ["K"],
    "reason_g_unauthorised_holiday": ["G"],
    "reason_u_unauthorised_late_after_registers_closed": ["U"],
    "reason_o_other_unauthorised": ["O"],
    "reason_n_no_reason_yet": ["N"],
}
"""Every published count of sessions, in the order of the files."""

HEADLINES = [name for name in CODES_OF if not name.startswith("reason_")]

RATE_OF: dict[str, str] = {
    "attendance_perc": "overall_attendance",
    "overall_absence_perc": "overall_absence",
    "authorised_absence_perc": "authorised_absence",
    "unauthorised_absence_perc": "unauthorised_absence",
    "illness_perc": "reason_i_authorised_illness",
    "appointments_perc": "reason_m_authorised_medical_dental",
    "unauth_hol_perc": "reason_g_unauthorised_holiday",
    "unauth_oth_perc": "reason_o_other_unauthorised",
    "unauth_late_registers_closed_perc": "reason_u_unauthorised_late_after_registers_closed",
    "unauth_not_yet_perc": "reason_n_no_reason_yet",
    "auth_religious_perc": "reason_r_authorised_religious_observance",
    "auth_study_perc": "reason_s_authorised_study_leave",
    "auth_mob_perc": "reason_t_authorised_mobile_child",
    "auth_excluded_perc": "reason_e_authorised_excluded",
    "auth_performance_perc": "reason_c1_authorised_regulated_performance",
    "auth_interview_perc": "reason_j1_authorised_interview",
    "auth_part_time_perc": "reason_c2_authorised_temp_reduced_timetable",
    "auth_other_perc": "reason_c_authorised_other",
}
"""Every published rate of possible sessions and the count above the line, in the order of the files."""

AREA = ["geographic_level", "country_code", "country_name", "region_code", "region_name"]
AREA += ["new_la_code", "la_name", "old_la_code"]
HEAD = ["total_num_schools", "total_enrolments"]
BREAKDOWN = ["breakdown_topic", "breakdown"]
TIME = ["time_period", "time_identifier"]
KEYS = [*TIME, *AREA, "attendance_date", "education_phase", *BREAKDOWN]

COLUMNS: dict[str, list[str]] = {
    "attendance_daily": [
        *(*TIME, *AREA, "attendance_date", "education_phase", "num_schools", "enrolments"),
        *(*CODES_OF, *HEAD, *RATE_OF),
    ],
    "attendance_weekly": [
        *(*TIME, *AREA, "education_phase", "num_schools", "enrolments"),
        *(*CODES_OF, *HEAD, *RATE_OF),
    ],
    "attendance_ytd": [
        *("time_period", *AREA, "education_phase", "num_schools", "enrolments"),
        *(*CODES_OF, *HEAD, *RATE_OF, "pa_perc", "time_identifier"),
    ],
    "attendance_characteristics_weekly": [
        *(*TIME, *AREA, "education_phase", *BREAKDOWN, "num_schools"),
        *(*HEADLINES, *list(RATE_OF)[:4]),
    ],
    "persistent_absence_ytd": [
        *(*TIME, *AREA, "education_phase", *BREAKDOWN, "num_schools"),
        *("ytd_enrolments", "pa_flag", "severe_flag", "pa_perc", "severe_perc"),
    ],
}
"""The columns of each published table, in the order of the files."""


def release(
    cells: Cells, shares: Shares, heads: Heads, *, characteristics: Sequence[str], year: str
) -> dict[str, list[Row]]:
    """The rows of the five tables as they may be published, with the symbols c and z where there is no number."""
    names = ["all", *characteristics]
    daily = _days(cells, heads)
    weekly = _windows(daily, heads, lambda row: (row["time_period"], row["time_identifier"]))
    ytd = _windows(daily, heads, lambda _: (year, "Academic year"))
    absent = _persistent(shares, names, year)
    for row in ytd:
        row["pa_perc"] = next(
            (one["pa_perc"] for one in absent if one["breakdown"] == "All pupils" and _same_place(one, row)), None
        )
    made = {
        "attendance_daily": daily,
        "attendance_weekly": weekly,
        "attendance_ytd": ytd,
        "attendance_characteristics_weekly": _breakdowns(cells, names, heads),
        "persistent_absence_ytd": absent,
    }
    return {name: [_protected(row) for row in rows] for name, rows in made.items()}


def _protected(row: Row) -> Row:
    """A row of an authority behind which one school stands shows no figure but numbers of schools."""
    is_hidden = row["geographic_level"] == "Local authority" and row["num_schools"] == 1
    shown = {*KEYS, "num_schools", "total_num_schools"}
    told: Row = {}
    for name, value in row.items():
        if is_hidden and name not in shown:
            told[name] = "c"
        elif value is None:
            told[name] = "z" if name.endswith("_perc") else "x"
        else:
            told[name] = value
    return told


def _levels(la: str) -> list[Area]:
    """The areas that an authority's figures count in: itself, its region, the nation."""
    place = BY_OLD_CODE[la]
    region = (place.region.code, place.region.name)
    return [
        ("Local authority", *region, place.code, place.name, place.old_code),
        ("Regional", *region, "", "", ""),
        ("National", "", "", "", "", ""),
    ]


def _place(area: Area, phase: str) -> Row:
    level, *rest = area
    return {**dict(zip(AREA, [level, "E92000001", "England", *rest], strict=True)), "education_phase": phase}


def _same_place(one: Row, other: Row) -> bool:
    return all(one[name] == other[name] for name in (*AREA, "education_phase"))


def _rates(row: Row, rates: Mapping[str, str], below: str) -> Row:
    return {
        rate: None if row[below] is None or row[below] == 0 or row[above] is None else 100 * row[above] / row[below]
        for rate, above in rates.items()
    }


def _total(parts: Sequence[Row], rates: Mapping[str, str], below: str) -> Row:
    """The row Total of one area: counts of its phases added, rates divided once."""
    row: Row = {name: value for name, value in parts[0].items() if name in KEYS} | {"education_phase": "Total"}
    for name in parts[0]:
        if name not in KEYS and not name.endswith("_perc"):
            values = [part[name] for part in parts]
            row[name] = None if None in values else sum(values)
    return row | _rates(row, rates, below)


def _with_totals(rows: Iterable[Row], rates: Mapping[str, str], below: str = "possible_sessions") -> list[Row]:
    phases = [row | _rates(row, rates, below) for row in rows]
    together: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in phases:
        together[tuple(row.get(name) for name in KEYS if name != "education_phase")].append(row)
    return phases + [_total(parts, rates, below) for parts in together.values()]


def _open_days(cells: Cells) -> set[date]:
    """Days on which at least half of the schools that ever had a possible session had one."""
    open_on: dict[date, set[int]] = defaultdict(set)
    for (urn, _, _, phase, day, _, characteristic, _, code), n in cells.items():
        if characteristic == "all" and phase in PUBLISHED and n and text(code) in POSSIBLE:
            open_on[day].add(urn)
    known = set().union(*open_on.values())
    return {day for day, schools in open_on.items() if 2 * len(schools) >= len(known)}


def _days(cells: Cells, heads: Heads) -> list[Row]:
    """The daily table."""
    counts: dict[tuple[str, str, date], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    on_roll: dict[tuple[str, str, date], dict[tuple[int, int], int]] = defaultdict(lambda: defaultdict(int))
    is_open: dict[tuple[str, str, date], set[int]] = defaultdict(set)
    for (urn, _, la, phase, day, session, characteristic, _, code), n in cells.items():
        if characteristic != "all" or phase not in PUBLISHED:
            continue
        here, said = (la, phase, day), text(code)
        counts[here][said] += n
        if said != "Z":
            on_roll[here][urn, session] += n
        if said in POSSIBLE and n:
            is_open[here].add(urn)
    wide = _open_days(cells)
    sums: dict[tuple[date, Area, str], Row] = {}
    for (la, phase, day), schools in is_open.items():
        figures = {name: sum(counts[la, phase, day][code] for code in codes) for name, codes in CODES_OF.items()}
        figures["num_schools"] = len(schools)
        figures["enrolments"] = sum(
            max(on_roll[la, phase, day].get((urn, session), 0) for session in (0, 1))
            for urn in {urn for urn, _ in on_roll[la, phase, day]}
        )
        for area in _levels(la) if day in wide else _levels(la)[:1]:
            row = sums.setdefault((day, area, phase), dict.fromkeys(figures, Fraction(0)))
            for name, n in figures.items():
                row[name] += n
    return _with_totals((_on_day(*key, row, heads) for key, row in sums.items()), RATE_OF)


def _on_day(day: date, area: Area, phase: str, row: Row, heads: Heads) -> Row:
    iso = day.isocalendar()
    when = {"time_period": str(iso.year), "time_identifier": f"Week {iso.week}", "attendance_date": day.isoformat()}
    return when | _place(area, phase) | row | _heads(area, phase, heads)


def _heads(area: Area, phase: str, heads: Heads) -> Row:
    level, _, region, _, la, _ = area
    schools, pupils = heads.get((level, region, la, phase), (None, None))
    return {
        "total_num_schools": None if schools is None else Fraction(schools),
        "total_enrolments": None if pupils is None else Fraction(pupils),
    }


def _windows(daily: Sequence[Row], heads: Heads, window: Any) -> list[Row]:
    """Days gathered into windows: sessions added, schools and enrolments averaged over the days that are there."""
    together: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in daily:
        if row["education_phase"] != "Total":
            area = tuple(row[name] for name in AREA)
            together[*window(row), *area, row["education_phase"]].append(row)
    gathered = []
    for (period, identifier, *place), days in together.items():
        row = {"time_period": period, "time_identifier": identifier}
        row |= dict(zip([*AREA, "education_phase"], place, strict=True))
        row |= {name: sum(day[name] for day in days) / len(days) for name in ("num_schools", "enrolments")}
        row |= {name: sum(day[name] for day in days) for name in CODES_OF}
        level, _, _, region_code, region, code, la, old = place[:8]
        gathered.append(row | _heads((level, region_code, region, code, la, old), place[8], heads))
    return _with_totals(gathered, RATE_OF)


def _labels(characteristic: str, value: int) -> Row:
    if characteristic == "all":
        return {"breakdown_topic": "Total", "breakdown": "All pupils"}
    known = BY_NAME[characteristic]
    return {"breakdown_topic": known.label, "breakdown": known.values[value].label}


def _breakdowns(cells: Cells, names: Sequence[str], heads: Heads) -> list[Row]:
    """The weekly table by characteristic; a school counts where it has a possible session in the cell."""
    wide = _open_days(cells)
    counts: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    schools: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    for (urn, _, la, phase, day, _, characteristic, value, code), n in cells.items():
        if characteristic not in names or phase not in PUBLISHED or not n:
            continue
        iso, said = day.isocalendar(), text(code)
        for area in _levels(la) if day in wide else _levels(la)[:1]:
            key = (str(iso.year), f"Week {iso.week}", area, phase, characteristic, value)
            counts[key][said] += n
            if said in POSSIBLE:
                schools[key].add(urn)
    rows = []
    for key, found in schools.items():
        period, identifier, area, phase, characteristic, value = key
        row = {"time_period": period, "time_identifier": identifier, **_place(area, phase)}
        row |= _labels(characteristic, value) | {"num_schools": Fraction(len(found))}
        row |= {name: Fraction(sum(counts[key][code] for code in CODES_OF[name])) for name in HEADLINES}
        rows.append(row)
    return _with_totals(rows, dict(list(RATE_OF.items())[:4]))


def _persistent(shares: Shares, names: Sequence[str], year: str) -> list[Row]:
    """Persistent and severe absence for the year to date; a school counts where it has an enrolment in the cell."""
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for (_, _, la, phase, _, _, characteristic, value), found in shares.items():
        if characteristic in names and phase in PUBLISHED and found[0]:
            for area in _levels(la):
                cell = sums[area, phase, characteristic, value]
                for place, n in enumerate((1, *found)):
                    cell[place] += n
    counts = ("num_schools", "ytd_enrolments", "pa_flag", "severe_flag")
    rows = [
        {"time_period": year, "time_identifier": "Academic year", **_place(area, phase)}
        | _labels(characteristic, value)
        | dict(zip(counts, map(Fraction, cell), strict=True))
        for (area, phase, characteristic, value), cell in sums.items()
    ]
    return _with_totals(rows, {"pa_perc": "pa_flag", "severe_perc": "severe_flag"}, "ytd_enrolments")
