"""Engines: what estimates the haze in a thumbnail."""

from eid_stream.backends.engine_choice import open_engine as open_engine
