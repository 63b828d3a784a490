"""Event set-up as data: the event file, route files, and the StageSetup made of them."""
