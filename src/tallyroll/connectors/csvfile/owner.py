"""Whose rows they are, where one file holds several schools."""

from dataclasses import dataclass, field

from tallyroll.connectors.csvfile.cells import plain
from tallyroll.connectors.csvfile.faults import FileProblem, Report
from tallyroll.connectors.csvfile.opening import Opened
from tallyroll.connectors.csvfile.reading import Concerns, Part, lookup


@dataclass(slots=True)
class Owner:
    """The school whose rows are wanted, and the other schools that the folder describes, by URN.

    Arbor names schools by an `application_id` of its own: a row with another one is another school's. Where the
    setting is blank the files may hold one school only.
    """

    urn: str
    others: frozenset[str] = frozenset()
    application_id: str = ""
    _seen: set[str] = field(default_factory=set)

    def check_can_tell(self, opened: Opened) -> None:
        """Raises: FileProblem when there are other schools and the file does not say whose each row is."""
        if self.others and "school" not in opened.places:
            raise FileProblem(
                "csv_column_missing",
                "The folder describes several schools, and the file does not say whose each row is.",
                where=opened.path.name,
                mend="Add a column urn, or keep each school's files in a folder of its own.",
            )

    def concerns(self, opened: Opened) -> Concerns | None:
        """Whether a broken row's bytes may be ours: they are, unless they name another school and not this one."""
        if not self.others:
            return None
        mine, others, separator = self.urn.encode(), {other.encode() for other in self.others}, opened.separator

        def may_be_ours(row: bytes) -> bool:
            cells = {cell.strip(b' "') for cell in row.split(separator)}
            return mine in cells or not cells & others

        return may_be_ours

    def pick(self, part: Part, *, opened: Opened, report: Report) -> Part:
        """Our rows of a part; rows of no school that is listed are reported, for they may be ours."""
        column = part.columns.get("school")
        if column is None:
            return part
        if opened.heading("school") == "application_id":
            self._seen |= {plain(name)[0] for name in column.dictionary.to_pylist()}
            mine = self.application_id or self._sole(opened)
        else:
            mine, known = self.urn, self.others | {self.urn}
            strange = lookup(column, lambda name: plain(name)[0] not in known)
            report.add("csv_school_unknown", part.rows[strange], field=opened.heading("school"))
        return part.without(lookup(column, lambda name: plain(name)[0] != mine))

    def _sole(self, opened: Opened) -> str:
        if len(self._seen) > 1:
            raise FileProblem(
                "csv_schools_several",
                f"The column {opened.heading('school')} names more than one school.",
                where=opened.path.name,
                mend="Set application_id to the school that is wanted.",
            )
        return next(iter(self._seen))
