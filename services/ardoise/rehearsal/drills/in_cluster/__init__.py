"""Drills in a region's own cluster, on the platform that runs races: what a Drill object begins."""
