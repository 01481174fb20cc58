"""Qwen as an engine network: configuration, checkpoint, graph, and the bundled model."""
