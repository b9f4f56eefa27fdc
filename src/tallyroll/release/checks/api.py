"""The API: lengths that its database holds, and words of the department's data dictionary. Warnings only."""

from collections.abc import Iterator

from tallyroll.release.checks.rule import WARN, Check, Fault, Stage, fault_if, listed
from tallyroll.release.dictionary import COLUMNS, ITEMS
from tallyroll.release.pair import Pair
from tallyroll.release.report import API_STAGE
from tallyroll.release.standard import LEVELS

NAME_LIMIT = 50
LABEL_LIMIT = 100
CODE_LIMIT = 30
ITEM_LIMIT = 120

_CODES = tuple(column for level in LEVELS for column in (level.code, level.second) if column)
_PLACE_NAMES = tuple(level.label for level in LEVELS)
_PART = "Only the part of the department's data dictionary that attendance needs is carried, so others warn here too."


def _names(pair: Pair) -> Iterator[Fault]:
    long = [name for name in pair.data.names if len(name) > NAME_LIMIT]
    return fault_if(long, f"Longer than {NAME_LIMIT} characters: {{}}.", pair.data.columns)


def _labels(pair: Pair) -> Iterator[Fault]:
    long = [row for row in pair.meta.rows if len(row.label) > LABEL_LIMIT]
    if long:
        said = listed(row.col_name for row in long)
        yield Fault(f"Labels longer than {LABEL_LIMIT} characters: {said}.", pair.meta.places(long))


def _too_long(pair: Pair, columns: tuple[str, ...], limit: int) -> Iterator[Fault]:
    for name in pair.present(columns):
        long = [item for item in pair.data.items(name) if len(item) > limit]
        if long:
            where = pair.data.rows(pair.data.where(name, long), column=name)
            yield Fault(f"Items of '{name}' longer than {limit} characters.", where)


def _codes(pair: Pair) -> Iterator[Fault]:
    return _too_long(pair, _CODES, CODE_LIMIT)


def _items(pair: Pair) -> Iterator[Fault]:
    return _too_long(pair, (*pair.filters_and_groups, *_PLACE_NAMES), ITEM_LIMIT)


def _column_words(pair: Pair) -> Iterator[Fault]:
    kinds = {row.col_name: row.col_type for row in pair.meta.rows}
    odd = [name for name in pair.meta.named if COLUMNS.get(name) != kinds.get(name, "Filter")]
    return fault_if(odd, "The data dictionary does not know {}.", pair.data.columns)


def _item_words(pair: Pair) -> Iterator[Fault]:
    for name in pair.filters_and_groups:
        odd = [item for item in pair.data.items(name) if item not in ITEMS[name]] if name in ITEMS else []
        if odd:
            where = pair.data.rows(pair.data.where(name, odd), column=name)
            yield Fault(f"The data dictionary does not know these items of '{name}': {listed(odd)}.", where)


STAGE = Stage(
    API_STAGE,
    "Fit for the API",
    (
        Check(
            "api_char_col_name",
            WARN,
            f"Column names have at most {NAME_LIMIT} characters.",
            "Shorten the name.",
            _names,
        ),
        Check(
            "api_char_col_label",
            WARN,
            f"Labels have at most {LABEL_LIMIT} characters.",
            "Shorten the label; the department's guide asks for 80.",
            _labels,
        ),
        Check(
            "api_char_loc_code",
            WARN,
            f"Codes of places have at most {CODE_LIMIT} characters.",
            "Look whether a name stands in the column of codes.",
            _codes,
        ),
        Check(
            "api_char_filter_items",
            WARN,
            f"Items of filters and names of places have at most {ITEM_LIMIT} characters.",
            "Shorten the item.",
            _items,
        ),
        Check(
            "data_dict_col_name",
            WARN,
            "Every filter and indicator is a word of the department's data dictionary.",
            "Use the dictionary's word, or keep the file out of the API.",
            _column_words,
            limits=_PART,
        ),
        Check(
            "data_dict_fil_item",
            WARN,
            "Every item of a filter that the data dictionary knows is one of its items.",
            "Use the dictionary's item, or keep the file out of the API.",
            _item_words,
            limits=_PART,
        ),
    ),
)
