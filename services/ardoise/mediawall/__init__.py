"""The media wall: the race as people see it."""
