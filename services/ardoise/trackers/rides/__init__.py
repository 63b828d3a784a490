"""Rides from files, as fixes: what bike computers and phones recorded."""
