"""Measurements. A package, so that no installed package of this name comes before it; nothing of it is installed."""
