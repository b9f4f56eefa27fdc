"""Harmonised variables: characteristics are named as all of government names them."""

import re
from collections.abc import Iterator

from tallyroll.release.checks.rule import FAIL, WARN, Check, Fault, Stage, fault_if, listed
from tallyroll.release.dictionary import ETHNICITIES
from tallyroll.release.pair import Pair

_TOUCHED = ("sen_", "primary_need", "secondary_need", "establishment_type", "provider_type", "school_type", "ethnic")
_STANDARD = (
    "sen_status",
    "sen_provision",
    "sen_primary_need",
    "sen_secondary_need",
    "establishment_type",
    "establishment_type_group",
    "provider_type",
    "ethnicity_major",
    "ethnicity_minor",
    "ethnicity_detailed",
    "minority_ethnic",
)
_GROUP_NAMES = ("Ethnicity Major", "Ethnicity Minor", "Ethnicity Detailed", "Minority Ethnic")


def _variables(pair: Pair) -> Iterator[Fault]:
    touched = [name for name in pair.meta.named if any(part in name.lower() for part in _TOUCHED)]
    odd = [name for name in touched if name not in _STANDARD]
    return fault_if(odd, "There is a standard name for what {} says.", pair.data.columns)


def _bare(item: str) -> str:
    """An ethnic group's name without the spaces round its slashes: both ways of writing it are standard."""
    return re.sub(" */ *", "/", item)


_PAIRS = {(_bare(major), _bare(minor)) for major, minor in ETHNICITIES}


def _ethnic_values(pair: Pair) -> Iterator[Fault]:
    columns = pair.present(("ethnicity_major", "ethnicity_minor"))
    if not columns:
        return
    if len(columns) == 2:
        known: set[tuple[str, ...]] = set(_PAIRS)
    else:
        place = 0 if columns[0] == "ethnicity_major" else 1
        known = {(one[place],) for one in _PAIRS}
    found = pair.data.combinations(columns, pair.data.where(columns[0], lambda _: True))
    odd = {cells: place for cells, place in found.items() if tuple(map(_bare, cells)) not in known}
    if odd:
        said = listed(", ".join(cells) for cells in odd)
        yield Fault(
            f"Not among the harmonised ethnic groups: {said}.", pair.data.rows(odd.values(), column=columns[-1])
        )


def _ethnic_groups(pair: Pair) -> list[str]:
    if "characteristic_group" not in pair.data.names:
        return []
    return [item for item in pair.data.items("characteristic_group") if "ethnic" in item.lower()]


def _group_names(pair: Pair) -> Iterator[Fault]:
    odd = [item for item in _ethnic_groups(pair) if not any(name in item for name in _GROUP_NAMES)]
    if odd:
        where = pair.data.rows(pair.data.where("characteristic_group", odd), column="characteristic_group")
        yield Fault(f"Not a harmonised name of a breakdown by ethnicity: {listed(odd)}.", where)


def _group_values(pair: Pair) -> Iterator[Fault]:
    groups = _ethnic_groups(pair)
    if not groups or "characteristic" not in pair.data.names:
        return
    known = {one for pair_ in _PAIRS for one in pair_}
    found = pair.data.combinations(("characteristic",), pair.data.where("characteristic_group", groups))
    odd = {item: place for (item,), place in found.items() if _bare(item) not in known}
    if odd:
        where = pair.data.rows(odd.values(), column="characteristic")
        yield Fault(f"Not among the harmonised ethnic groups: {listed(odd)}.", where)


STAGE = Stage(
    "check_harmonised",
    "Harmonised variables",
    (
        Check(
            "harmonised_variables",
            FAIL,
            "Columns about ethnicity, special needs and kinds of establishment have their harmonised names.",
            f"Use one of {', '.join(_STANDARD)}; for the phase of a school, education_phase in place of school_type.",
            _variables,
        ),
        Check(
            "harmonised_eth_vals",
            WARN,
            "The items of ethnicity_major and ethnicity_minor are harmonised ethnic groups, and belong together.",
            "Write them as the government's harmonised list does.",
            _ethnic_values,
        ),
        Check(
            "harmonised_eth_char_grp",
            FAIL,
            "A characteristic_group about ethnicity is called by its harmonised name.",
            f"Write one of {', '.join(_GROUP_NAMES)}, alone or with another ('Sex and Minority Ethnic').",
            _group_names,
        ),
        Check(
            "harmonised_eth_char_vals",
            WARN,
            "A characteristic in a group about ethnicity is a harmonised ethnic group.",
            "Write it as the government's harmonised list does.",
            _group_values,
        ),
    ),
)
