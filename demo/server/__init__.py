"""What stands between strangers and the page: checks, shares, turns and the journal."""
