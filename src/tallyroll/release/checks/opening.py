"""Before a file is looked into: its name, its partner, and whether it is a table at all."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

META_ENDING = ".meta.csv"
DATA_ENDING = ".csv"


@dataclass(frozen=True, slots=True)
class Opening:
    """A check made before there is a table to look into; what finds a breach stands beside or in `sheet`."""

    name: str
    rule: str
    mend: str


FILENAMES = (
    Opening(
        "filename_spaces",
        "Neither file's name has a space.",
        "Write an underscore instead, in both names.",
    ),
    Opening(
        "filename_special",
        "File names have letters, digits, underscores and hyphens only.",
        "Take the other characters out of both names.",
    ),
    Opening(
        "filenames_match",
        "Each data file X.csv has its meta file X.meta.csv, and the reverse.",
        "Put the missing one beside it, under exactly that name; other files than these two kinds are not looked at.",
    ),
)
READING = (
    Opening("file_utf8", "Both files are UTF-8 text.", "Save them as 'CSV UTF-8'."),
    Opening(
        "file_header",
        "Both files begin with a row of names, none blank and none twice.",
        "Name every column once in the first row.",
    ),
    Opening(
        "file_rows_even",
        "Every row has as many cells as the header, and every quotation mark is closed.",
        "Put cells that hold a comma in quotation marks.",
    ),
    Opening("file_has_rows", "There is at least one row under each header.", "Write the rows, or leave the file out."),
)
"""Our own: the department's screener leaves these to the reader it uses."""


@dataclass(frozen=True, slots=True)
class Files:
    """A data file and its meta file by name; one of them may be missing."""

    stem: str
    data: Path | None
    meta: Path | None

    @property
    def present(self) -> tuple[Path, ...]:
        """Those of the two that are there."""
        return tuple(path for path in (self.data, self.meta) if path is not None)


def pairs(folder: Path) -> list[Files]:
    """The EES files of a folder: every name that ends in .csv, itself and not in folders below; hidden ones aside."""
    paths = [path for path in sorted(folder.iterdir()) if path.suffix == DATA_ENDING and not path.name.startswith(".")]
    found = {path.name: path for path in paths if path.is_file()}
    stems = sorted({name.removesuffix(META_ENDING).removesuffix(DATA_ENDING) for name in found})
    return [Files(stem, found.get(stem + DATA_ENDING), found.get(stem + META_ENDING)) for stem in stems]


def breaches(files: Files) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the names: check, what, where."""
    for path in files.present:
        if " " in path.name:
            yield "filename_spaces", "There is a space in the name.", path.name
        odd = sorted(set(re.sub(r"[A-Za-z0-9_\s-]", "", files.stem)))
        if odd:
            yield "filename_special", f"The name has {' '.join(odd)} in it.", path.name
    if files.meta is None:
        yield "filenames_match", f"There is no {files.stem}{META_ENDING} beside it.", f"{files.stem}{DATA_ENDING}"
    if files.data is None:
        yield "filenames_match", f"There is no {files.stem}{DATA_ENDING} beside it.", f"{files.stem}{META_ENDING}"
