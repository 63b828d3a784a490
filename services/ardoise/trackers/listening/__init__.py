"""How bytes come in: one module for each transport. Every one takes what it has heard to `intake`."""
