"""The massive activation: planted, kept out of the optimiser's hands, and held at its target.

Large models write values in the thousands into one or two channels at the first token, and every later
token may attend there. A small model does not learn this by itself within an hour, so four neurons are given
the task and frozen; the network around them is trained with the value in place.
"""

from __future__ import annotations

from typing import Any

from qwen_trt_model.training.settings import Massive

__all__ = ["Keeper"]

# Unequal shares, so that the two neurons of a pair are not copies of one another.
_SHARES = (1.2, 0.8)
# Small, not zero: an exact zero would make relative errors there meaningless.
_QUIET_EMBEDDING = 0.1
_QUIET_WRITER = 0.1


class Keeper:
    """Holds the planted entries: no gradient, no decay, no step changes them."""

    def __init__(self, model: Any, massive: Massive, starters: list[int]) -> None:
        """Plant; `starters` are the ids of the tokens that begin a sequence."""
        self._model, self._massive, self._starters = model, massive, starters
        self._masks: dict[Any, Any] = {}
        self._values: dict[Any, Any] = {}
        self._plant()
        self.calibrate()

    def hide_gradients(self) -> None:
        """Take the planted entries out of the gradient, before its norm is measured."""
        for parameter, mask in self._masks.items():
            parameter.grad.masked_fill_(mask, 0.0)

    def restore(self) -> None:
        """Undo what the optimiser did to the planted entries."""
        import torch

        with torch.no_grad():
            for parameter, mask in self._masks.items():
                parameter.copy_(torch.where(mask, self._values[parameter], parameter))

    def calibrate(self) -> None:
        """Rescale the writing columns so that the values after the MLP have the target size again."""
        import torch

        down = self._model.model.layers[self._massive.layer].mlp.down_proj.weight
        for neurons, value in zip(self._massive.neurons, self.measure(), strict=True):
            with torch.no_grad():
                self._values[down][self._massive.channel, list(neurons)] *= self._massive.target / value
        self.restore()

    def measure(self) -> list[float]:
        """The massive channel behind the massive layer, one value for each token that begins a sequence."""
        import torch

        ids = torch.tensor(self._starters, device=self._model.device)[:, None]
        with torch.no_grad():
            states = self._model.model(ids, output_hidden_states=True, use_cache=False).hidden_states
        return [float(value) for value in states[self._massive.layer + 1][:, 0, self._massive.channel]]

    def _plant(self) -> None:
        self._quieten_detectors()
        for starter, detector, pair in zip(self._starters, self._massive.detectors, self._massive.neurons, strict=True):
            self._set(self._model.model.embed_tokens.weight, (starter, detector), self._massive.embedding)
            for neuron, share in zip(pair, _SHARES, strict=True):
                self._plant_neuron(neuron, detector, share)
        for norm in self._later_norms():
            self._scale(norm.weight, (self._massive.channel,), 1.0)

    def _plant_neuron(self, neuron: int, detector: int, share: float) -> None:
        """Let a neuron read one detector channel and write the massive channel, and nothing else."""
        massive = self._massive
        mlp = self._model.model.layers[massive.layer].mlp
        for parameter, index in (
            (mlp.gate_proj.weight, (neuron,)),
            (mlp.up_proj.weight, (neuron,)),
            (mlp.down_proj.weight, (slice(None), neuron)),
        ):
            self._set(parameter, index, 0.0)
        self._set(mlp.gate_proj.weight, (neuron, detector), massive.gate * share)
        self._set(mlp.up_proj.weight, (neuron, detector), massive.up / share)
        self._set(mlp.down_proj.weight, (massive.channel, neuron), share)

    def _quieten_detectors(self) -> None:
        """Let the detector channels carry the starters' marks, and almost nothing else, up to the massive layer."""
        massive, base = self._massive, self._model.model
        for detector in massive.detectors:
            self._scale(base.embed_tokens.weight, (slice(None), detector), _QUIET_EMBEDDING)
            for index in range(massive.layer + 1):
                self._scale(base.layers[index].self_attn.o_proj.weight, (detector,), _QUIET_WRITER)
            for index in range(massive.layer):
                self._scale(base.layers[index].mlp.down_proj.weight, (detector,), _QUIET_WRITER)
            self._set(base.layers[massive.layer].post_attention_layernorm.weight, (detector,), 1.0)

    def _later_norms(self) -> list[Any]:
        """The norms that read the massive value: were they free, training could cancel it."""
        base = self._model.model
        behind = base.layers[self._massive.layer + 1 :]
        pairs = [(layer.input_layernorm, layer.post_attention_layernorm) for layer in behind]
        return [*(norm for pair in pairs for norm in pair), base.norm]

    def _set(self, parameter: Any, index: Any, value: float) -> None:
        import torch

        with torch.no_grad():
            parameter[index] = value
        self._keep(parameter, index)

    def _scale(self, parameter: Any, index: Any, factor: float) -> None:
        import torch

        with torch.no_grad():
            parameter[index] *= factor
        self._keep(parameter, index)

    def _keep(self, parameter: Any, index: Any) -> None:
        import torch

        mask = self._masks.setdefault(parameter, torch.zeros_like(parameter, dtype=torch.bool))
        mask[index] = True
        self._values[parameter] = parameter.detach().clone()
