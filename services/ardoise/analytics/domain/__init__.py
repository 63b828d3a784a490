"""What will happen in the race: pure functions of what has been seen of it. No clock, no I/O."""
