"""Dumps: what one side computed, at rest in a folder."""
