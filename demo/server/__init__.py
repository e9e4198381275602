"""The protection of the page against strangers: checks, fair shares, turns and the journal."""
