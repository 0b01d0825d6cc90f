"""What a run tells: while it runs, at its end, and in the files it writes."""
