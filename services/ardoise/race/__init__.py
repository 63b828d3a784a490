"""The sport, pure: route, matching, gaps, groups. numpy and integers; no I/O, no clock."""
