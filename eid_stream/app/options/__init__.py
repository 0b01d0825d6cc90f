"""What a user can ask for: flags, and keys of the configuration file."""
