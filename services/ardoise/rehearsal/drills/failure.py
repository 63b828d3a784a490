"""What ends a drill before its last step."""


class DrillFailed(Exception):
    """A step could not be done, or what it waited for did not come."""
