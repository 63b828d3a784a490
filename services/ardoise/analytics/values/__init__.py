"""What can be derived of each rider each second: pure columns over all riders, with a bounded memory."""
