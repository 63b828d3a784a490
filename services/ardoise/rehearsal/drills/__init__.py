"""Drills: faults with a precheck, timed steps, probes all through, invariants at the end, and a report."""
