"""Ardoise: the data of a bike race, live."""
