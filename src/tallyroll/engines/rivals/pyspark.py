"""Apache Spark through PySpark, local, with a shuffle as wide as a few times the threads.

Source: spark.apache.org, Performance Tuning: `spark.sql.shuffle.partitions`, adaptive execution (on by itself).
"""

from pyspark.sql import SparkSession

from tallyroll.engines.rivals import child
from tallyroll.engines.rivals.question import Answer, Asked, Dialect, statements

GROUPING_SETS = True


def open_session(asked: Asked) -> child.Ask:
    """A session of Spark over the files."""
    builder = SparkSession.builder.master(f"local[{asked.threads}]").config("spark.driver.memory", "8g")
    builder = (
        builder.config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", 4 * asked.threads)
        .config("spark.ui.enabled", "false")
    )
    session = builder.config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    session.read.parquet(str(asked.marks_file)).createOrReplaceTempView("marks")
    session.read.parquet(str(asked.stretches_file)).createOrReplaceTempView("stretches")
    dialect = Dialect("marks", "stretches", GROUPING_SETS)

    def ask() -> Answer:
        rows = [session.sql(one).collect()[0] for one in statements(asked, dialect)]
        return tuple(int(each) for row in rows for each in row)

    return ask


if __name__ == "__main__":
    child.main(open_session, product="pyspark")
