"""Rivals: the same national year counted by products that a statistician could use, each in a process of its own.

Run one as `python -m tallyroll.engines.rivals.duckdb FOLDER MARKS THREADS`; see `child`. Nobody imports them.
"""
