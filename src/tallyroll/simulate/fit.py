"""How near a synthetic England comes to the published figures, as a table and as a page."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from tallyroll.simulate.england import England
from tallyroll.simulate.fit_count import WEEKDAYS, Counts, Table, count
from tallyroll.simulate.tables import national
from tallyroll.vocab.schools import PUBLISHED_PHASES

FIT = pa.schema(
    [
        ("measure", pa.string()),
        ("breakdown", pa.string()),  # phase, or the name of a characteristic
        ("value", pa.string()),
        ("simulated", pa.float64()),
        ("published", pa.float64()),
        ("difference", pa.float64()),
        ("against", pa.string()),  # which publication
    ]
)
"""One row per figure. Unit: per cent of possible sessions; for persistent and severe absence, of enrolments."""

OVERALL, PERSISTENT, SEVERE = "overall absence", "persistent absence", "severe absence"
_YTD = "year to 10 July 2026"
_AUTHORISED = ("I", "M", "R", "S", "T", "H", "E", "C", "F", "C1", "C2", "J1")
_UNAUTHORISED = ("G", "U", "O", "N")

# Measure: the published count, and the codes it adds up. `F` stands in the authorised total only, as published.
_MEASURES: dict[str, tuple[str, tuple[str, ...]]] = {
    OVERALL: ("overall_absence", (*_AUTHORISED, *_UNAUTHORISED)),
    "authorised absence": ("authorised_absence", _AUTHORISED),
    "unauthorised absence": ("unauthorised_absence", _UNAUTHORISED),
    "I illness": ("reason_i_authorised_illness", ("I",)),
    "M medical or dental": ("reason_m_authorised_medical_dental", ("M",)),
    "R religious observance": ("reason_r_authorised_religious_observance", ("R",)),
    "S study leave": ("reason_s_authorised_study_leave", ("S",)),
    "T mobile child": ("reason_t_authorised_mobile_child", ("T",)),
    "E suspended or excluded": ("reason_e_authorised_excluded", ("E",)),
    "C other authorised": ("reason_c_authorised_other", ("C",)),
    "C1 regulated performance": ("reason_c1_authorised_regulated_performance", ("C1",)),
    "C2 reduced timetable": ("reason_c2_authorised_temp_reduced_timetable", ("C2",)),
    "J1 interview": ("reason_j1_authorised_interview", ("J1",)),
    "H holiday (withdrawn code)": ("reason_h_authorised_holiday", ("H",)),
    "G holiday not granted": ("reason_g_unauthorised_holiday", ("G",)),
    "U late after registers closed": ("reason_u_unauthorised_late_after_registers_closed", ("U",)),
    "O other unauthorised": ("reason_o_other_unauthorised", ("O",)),
    "N no reason yet": ("reason_n_no_reason_yet", ("N",)),
    "L late": ("reason_l_present_late_before_registers_closed", ("L",)),
    "approved activity": ("approved_educational_activity", ("B", "J", "K", "P", "V", "W")),
    "V visit": ("reason_v_aea_educational_visit_trip", ("V",)),
    "B off site": ("reason_b_aea_education_off_site", ("B",)),
    "P sport": ("reason_p_aea_approved_sporting_activity", ("P",)),
    "W work experience": ("reason_w_aea_work_experience", ("W",)),
    "K arranged by the authority": ("reason_k_aea_education_arranged_by_la", ("K",)),
}


@dataclass(frozen=True, slots=True)
class _Figure:
    """A published figure by a characteristic, all phases together."""

    measure: str
    breakdown: str
    value: str
    published: float
    against: str


_AUTUMN_25, _AUTUMN_24, _YEAR_22 = "autumn 2025/26", "autumn 2024/25", "2022/23"
_SEPTEMBERS = "weeks in September 2023 and 2025, times 1.40 to the year's mean"
_FIGURES = (
    _Figure(OVERALL, "fsm", "Y", 10.29, _AUTUMN_25),
    _Figure(OVERALL, "fsm", "N", 5.11, _AUTUMN_25),
    _Figure(PERSISTENT, "fsm", "Y", 32.60, _AUTUMN_25),
    _Figure(PERSISTENT, "fsm", "N", 14.4, _AUTUMN_24),
    _Figure(OVERALL, "sen", "E", 13.1, _AUTUMN_24),
    _Figure(OVERALL, "sen", "K", 10.1, _AUTUMN_24),
    _Figure(OVERALL, "sen", "N", 5.8, _AUTUMN_24),
    _Figure(PERSISTENT, "sen", "E", 35.1, _AUTUMN_24),
    _Figure(PERSISTENT, "sen", "K", 29.0, _AUTUMN_24),
    _Figure(PERSISTENT, "sen", "N", 17.0, _AUTUMN_24),
    _Figure(OVERALL, "sex", "F", 6.6, _AUTUMN_24),
    _Figure(OVERALL, "sex", "M", 6.5, _AUTUMN_24),
    _Figure(SEVERE, "year_group", "7", 1.68, _YEAR_22),
    _Figure(SEVERE, "year_group", "8", 2.86, _YEAR_22),
    _Figure(SEVERE, "year_group", "9", 3.89, _YEAR_22),
    _Figure(SEVERE, "year_group", "10", 4.50, _YEAR_22),
    _Figure(SEVERE, "year_group", "11", 4.54, _YEAR_22),
    *(
        _Figure(OVERALL, "weekday", day, rate, _SEPTEMBERS)
        for day, rate in zip(WEEKDAYS, (6.69, 6.58, 6.45, 6.75, 7.94), strict=True)
    ),
    *(
        _Figure(OVERALL, "region", region, rate, _YTD)
        for region, rate in (
            ("North East", 7.30),
            ("North West", 6.93),
            ("Yorkshire and The Humber", 7.21),
            ("East Midlands", 6.79),
            ("West Midlands", 6.96),
            ("East of England", 6.84),
            ("London", 6.28),
            ("South East", 6.89),
            ("South West", 7.24),
        )
    ),
)


def fit(england: England) -> pa.Table:
    """Simulated and published figures side by side, national ones first.

    Shape: `FIT`. A figure nobody of the simulated population can show (no such school or pupil) is left out.
    """
    counts = count(england)
    rows = [*_by_phase(counts), *_by_characteristic(counts)]
    return pa.Table.from_pylist(rows, schema=FIT)


Row = dict[str, str | float]


def _row(place: tuple[str, str, str], simulated: float, published: float, against: str) -> Row:
    measure, breakdown, value = place
    numbers: Row = {"simulated": simulated, "published": published, "difference": simulated - published}
    return {"measure": measure, "breakdown": breakdown, "value": value, **numbers, "against": against}


def _by_phase(table: Table) -> Iterator[Row]:
    for phase in (*map(str, PUBLISHED_PHASES), "Total"):
        counts, figures = table.get(("phase", phase)), national()[phase]
        if counts is None:
            continue
        for measure, (column, codes) in _MEASURES.items():
            published = 100 * figures[column] / figures["possible_sessions"]
            yield _row((measure, "phase", phase), counts.rate(codes), published, _YTD)
        yield _row((PERSISTENT, "phase", phase), counts.persistent, figures["pa_perc"], _YTD)


def _by_characteristic(table: Table) -> Iterator[Row]:
    for figure in _FIGURES:
        counts = table.get((figure.breakdown, figure.value))
        if counts is not None:
            place = figure.measure, figure.breakdown, figure.value
            yield _row(place, _measured(counts, figure.measure), figure.published, figure.against)


def _measured(counts: Counts, measure: str) -> float:
    return {OVERALL: counts.absence, PERSISTENT: counts.persistent, SEVERE: counts.severe}[measure]
