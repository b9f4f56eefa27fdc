"""chDB, which is ClickHouse in this process. Grouping sets cost it 0.6 of what a union of group-bys does.

Source: clickhouse.com, Settings: `max_threads`, `join_use_nulls`, `group_by_use_nulls` (a key that is not in a grouping
set is null, as the SQL standard has it).
"""

from chdb.session import Session

from tallyroll.engines.rivals import child
from tallyroll.engines.rivals.question import Answer, Asked, Dialect, statements

GROUPING_SETS = True


def open_session(asked: Asked) -> child.Ask:
    """A session of chDB over the files."""
    session = Session()
    dialect = Dialect(f"file('{asked.marks_file}', Parquet)", f"file('{asked.stretches_file}', Parquet)", GROUPING_SETS)
    settings = f" SETTINGS max_threads = {asked.threads}, join_use_nulls = 1, group_by_use_nulls = 1"

    def ask() -> Answer:
        rows = [str(session.query(one + settings, "CSV")).strip() for one in statements(asked, dialect)]
        return tuple(int(each) for row in rows for each in row.split(","))

    return ask


if __name__ == "__main__":
    child.main(open_session, product="chdb")
