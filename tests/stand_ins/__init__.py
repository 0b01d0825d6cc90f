"""Engines, stages and students for tests, made up or failing on purpose."""
