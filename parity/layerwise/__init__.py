"""A decoder layer as a graph of its own, with the weights as inputs: one engine serves every layer.

A model of 7B shape is checked layer by layer this way without building an engine of 32 layers; and with the reference's
own activations fed in, each layer is judged alone.
"""

from parity.layerwise.parts import ModelParts
from parity.layerwise.runner import LayerwiseRunner, Streams

__all__ = ["LayerwiseRunner", "ModelParts", "Streams"]
