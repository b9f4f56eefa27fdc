"""A synthetic England and a simulated information system of its schools. No real child is in it."""
