"""Trackers, relays and race control in; the truck's log out."""
