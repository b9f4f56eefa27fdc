"""Benches: how fast the house is on this machine, against rivals where there are any. Every figure is measured.

Imports nothing by itself, for a bench's collector is a process of its own and its memory is watched. `catalogue` lists
the benches and runs them.
"""
