"""The training loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from qwen_trt_model.training.attention import use_blocked_attention
from qwen_trt_model.training.data import Corpus, batches
from qwen_trt_model.training.massive import Keeper
from qwen_trt_model.training.network import make_optimiser, rate
from qwen_trt_model.training.settings import Run, Schedule

__all__ = ["Log", "steps_for", "train"]

Log = Callable[[str], None]


def train(model: Any, keeper: Keeper, corpus: Corpus, run: Run, log: Log) -> float:
    """Train in place; give the tokens per second."""
    use_blocked_attention(model)
    model.to(run.device).train()
    optimiser = make_optimiser(model, run.schedule)
    loss_of = _compiled(model, run)
    start = time.monotonic()
    for step, batch in enumerate(batches(corpus, run.schedule, run.seed)):
        loss = _step(model, keeper, optimiser, loss_of(batch), rate(run.schedule, step), run.schedule)
        if step % run.schedule.calibrate_every == 0:
            keeper.calibrate()
        if step % 25 == 0 or step == run.schedule.steps - 1:
            log(_line(step, loss, run, keeper, time.monotonic() - start))
    keeper.calibrate()
    model.set_attn_implementation("sdpa")
    return run.schedule.steps * run.schedule.batch_tokens / (time.monotonic() - start)


def steps_for(minutes: float, make: Callable[[int], tuple[Any, Keeper, Corpus, Run]], log: Log) -> int:
    """How many steps fit into so many minutes, by a trial on a model that is thrown away."""
    trial = 12
    model, keeper, corpus, run = make(trial)
    train(model, keeper, corpus, run, log)
    start = time.monotonic()
    train(model, keeper, corpus, run, log)
    return max(1, round(60 * minutes * trial / (time.monotonic() - start)))


def _step(model: Any, keeper: Keeper, optimiser: Any, loss: Any, now: float, schedule: Schedule) -> float:
    import torch

    for group in optimiser.param_groups:
        group["lr"] = now * group["share"]
    optimiser.zero_grad()
    loss.backward()
    keeper.hide_gradients()
    torch.nn.utils.clip_grad_norm_(model.parameters(), schedule.clip)
    optimiser.step()
    keeper.restore()
    return float(loss.detach())


def _compiled(model: Any, run: Run) -> Callable[[Any], Any]:
    """Make the function from a batch of tokens [b, l] to the mean cross entropy of the next token.

    One decoder layer is compiled and serves for all: compiling the whole model takes minutes.
    """
    import torch

    if run.compile:
        for layer in model.model.layers:
            layer.compile(dynamic=False)
    entropy = torch.compile(_entropy, dynamic=False) if run.compile else _entropy

    def loss(batch: Any) -> Any:
        ids = torch.from_numpy(batch).to(run.device)
        with torch.autocast(run.device, torch.bfloat16):
            hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
            return entropy(hidden, model.lm_head.weight, ids)

    return loss


def _entropy(hidden: Any, head: Any, ids: Any) -> Any:
    """Hidden states [b, l, hidden], head [vocabulary, hidden] and tokens [b, l] -> one number."""
    import torch

    logits = torch.nn.functional.linear(hidden[:, :-1], head).float()
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())


def _line(step: int, loss: float, run: Run, keeper: Keeper, seconds: float) -> str:
    speed = (step + 1) * run.schedule.batch_tokens / seconds
    massive = ", ".join(f"{value:.0f}" for value in keeper.measure())
    return f"step {step}/{run.schedule.steps} loss {loss:.3f} massive {massive} {speed:.0f} tokens/s {seconds:.0f} s"
