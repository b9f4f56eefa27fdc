"""Benches: how fast the house is on this machine, against rivals where there are any. Every figure is measured."""

from tallyroll.flows.bench.catalogue import BENCHES, run
from tallyroll.flows.bench.machine import Machine, look, peak_memory_mb
from tallyroll.flows.bench.measuring import Goal, Line, Outcome, Ratio, Times, spread

__all__ = ["BENCHES", "Goal", "Line", "Machine", "Outcome", "Ratio", "Times", "look", "peak_memory_mb", "run", "spread"]
