"""The state of three sites: pure decisions (guard, mirrors, switchover, force, rejoin) and their steps."""
