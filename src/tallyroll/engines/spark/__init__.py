"""Apache Spark: the same counts where a nation's registers outgrow one machine, read and written where Spark does."""

from tallyroll.engines.spark.engine import SparkEngine
from tallyroll.engines.spark.lake import SparkLake, open_spark_lake

__all__ = ["SparkEngine", "SparkLake", "open_spark_lake"]
