"""The console's server: who may ask, and what is answered."""
