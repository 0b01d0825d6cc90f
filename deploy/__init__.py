"""What is handed over: distributions, locks, images, the site and the papers. Not installed."""
