"""What went wrong, in one line that says what to do next."""

INTERRUPTED_CODE = 130
"""As a shell has it: Ctrl-C, and what was begun goes on."""


class Problem(Exception):
    """It ends the command. Its text is all that a person reads."""

    code = 1


class Misused(Problem):
    """Of the command line or the kubeconfig: nothing was asked of any cluster."""

    code = 2
