"""Inference engines that run a tapped graph."""
