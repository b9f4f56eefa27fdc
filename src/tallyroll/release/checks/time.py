"""Time: which periods and identifiers a file may hold, and that the two agree."""

import re
from collections.abc import Callable, Iterator

from tallyroll.release.checks.rule import FAIL, Check, Fault, Stage, listed
from tallyroll.release.pair import Pair
from tallyroll.release.standard import DIGITS, TIME_GROUPS

_PERIOD = re.compile("[0-9]{4}([0-9]{2})?")


def _items(column: str, say: str, wrong: Callable[[str], bool]) -> Callable[[Pair], Iterator[Fault]]:
    """A check of the items of one column; `say` holds `{}` for the wrong ones."""

    def find(pair: Pair) -> Iterator[Fault]:
        found = [item for item in pair.data.items(column) if wrong(item)]
        if found:
            places = pair.data.rows(pair.data.where(column, found), column=column)
            yield Fault(say.format(listed(found)), places)

    return find


def _mixed(pair: Pair) -> Iterator[Fault]:
    known = [item for item in pair.data.items("time_identifier") if item in DIGITS]
    base = next((group for group in TIME_GROUPS if known and known[0] in group), ())
    strangers = [item for item in known if item not in base]
    if strangers:
        where = pair.data.rows(pair.data.where("time_identifier", strangers), column="time_identifier")
        yield Fault(f"These do not go together with '{known[0]}': {listed(strangers)}.", where)


def _length(pair: Pair) -> Iterator[Fault]:
    everywhere = pair.data.where("time_period", lambda _: True)
    found = pair.data.combinations(("time_identifier", "time_period"), everywhere)
    wrong = {pair_: place for pair_, place in found.items() if DIGITS.get(pair_[0], len(pair_[1])) != len(pair_[1])}
    if wrong:
        said = listed(f"{identifier} {period}" for identifier, period in wrong)
        where = pair.data.rows(wrong.values(), column="time_period")
        yield Fault(f"The period has not the digits that its identifier takes: {said}.", where)


def _not_consecutive(period: str) -> bool:
    if not re.fullmatch("[0-9]{6}", period):
        return False  # not a period of six digits: other checks say so
    return (int(period[2:4]) + 1) % 100 != int(period[4:6])


FIRST = Stage(
    "precheck_time",
    "Time: what is written",
    (
        Check(
            "time_period_num",
            FAIL,
            "Every time_period is four or six digits.",
            "Write 2026 or 202627, without dashes or slashes.",
            _items("time_period", "These are not periods: {}.", lambda item: not _PERIOD.fullmatch(item)),
        ),
        Check(
            "time_id_valid",
            FAIL,
            "Every time_identifier is one that EES knows.",
            "Write one of the standard's identifiers. There is a Week 1 to Week 52 and no Week 53.",
            _items("time_identifier", "EES does not know {}.", lambda item: item not in DIGITS),
        ),
        Check(
            "time_id_mix",
            FAIL,
            "The time identifiers of a file are of one kind.",
            "Put years, terms, months and weeks into files of their own.",
            _mixed,
        ),
    ),
)
AGREE = Stage(
    "check_time",
    "Time: period and identifier together",
    (
        Check(
            "time_period",
            FAIL,
            "Each time_period has the digits that its time_identifier takes.",
            "Years that span two, terms and quarters take six digits; calendar years, months and weeks take four.",
            _length,
        ),
        Check(
            "time_period_six",
            FAIL,
            "A time_period of six digits names two years that follow each other.",
            "Write 202627 for 2026/27.",
            _items("time_period", "These are not two years in a row: {}.", _not_consecutive),
        ),
    ),
)
