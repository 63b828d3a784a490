"""Everything on one machine: the supervisor, the demo, the summary in the terminal."""
