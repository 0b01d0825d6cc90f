"""Training of the haze estimators: needs torch, is not part of the installed package."""
