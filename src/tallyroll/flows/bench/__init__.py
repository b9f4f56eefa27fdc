"""Benches: how fast the house is on this machine, against rivals where there are any. Every figure is measured."""

from tallyroll.flows.bench.catalogue import BENCHES, run
from tallyroll.flows.bench.machine import Machine, look
from tallyroll.flows.bench.measuring import Goal, Line, Outcome, Ratio

__all__ = ["BENCHES", "Goal", "Line", "Machine", "Outcome", "Ratio", "look", "run"]
