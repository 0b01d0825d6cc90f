"""The console of a real live run, in real browsers."""
