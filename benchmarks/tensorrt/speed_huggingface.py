"""Speed of the Hugging Face model's prefill, and what the device can do at most. Run by `speed.sh`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers

from benchmarks.tensorrt.entry import enter
from benchmarks.tensorrt.figures import device_words
from benchmarks.tensorrt.speed_table import Measured, Rates, Setting, SpeedTable, time_calls
from parity.hooks import Checkpoint, open_checkpoint
from parity.hooks.model import load_model

__all__ = ["measure_mode", "measure_rates"]

MODES = ("sdpa", "eager", "compiled")


def main() -> None:
    """Measure both rates, then every mode in every setting."""
    options = _options()
    ends = time.perf_counter() + options.seconds
    checkpoint = open_checkpoint(options.reference)
    options.scratch.mkdir(parents=True, exist_ok=True)
    table = SpeedTable(options.out, options.scratch, model=checkpoint.label, shape=checkpoint.shape)
    table.keep_rates(measure_rates(options.device))
    print(table.rates)
    settings = Setting.parse_all(options.settings)
    for mode in options.modes.split(","):
        left = [setting for setting in settings if not table.has(mode, setting)]
        if left:
            measure_mode(mode, checkpoint, left, table, device=options.device, ends=ends)


def measure_rates(device: str) -> Rates:
    """Bandwidth of a large copy and rate of a large fp16 product; small ones on a CPU, where they stand for nothing."""
    on_gpu = device.startswith("cuda")
    mebibytes, size = (2048, 8192) if on_gpu else (64, 256)
    source = torch.empty(mebibytes * 2**20, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    left, right = (torch.randn(size, size, device=device, dtype=torch.float16) for _ in range(2))
    product = torch.empty_like(left)
    copy = time_calls(lambda: target.copy_(source), _wait(device), repeats=20, seconds=2)
    matmul = time_calls(lambda: torch.matmul(left, right, out=product), _wait(device), repeats=20, seconds=2)
    return Rates(
        device=device_words(),
        copy_gb_per_s=2 * source.nbytes / copy.median / 1e6,
        matmul_tflop_per_s=2 * size**3 / matmul.median / 1e9,
        copy_mib=mebibytes,
        matmul_size=size,
    )


def measure_mode(
    mode: str, checkpoint: Checkpoint, settings: list[Setting], table: SpeedTable, *, device: str, ends: float
) -> None:
    """Add a row for each of `settings`, as long as the clock has not reached `ends`.

    Args:
        mode: one of `MODES`; ``compiled`` is ``torch.compile`` over sdpa, for static lengths.
        checkpoint: the model.
        settings: what to run.
        table: takes the rows.
        device: as torch names it.
        ends: reading of `time.perf_counter` after which nothing is begun.
    """
    attention = "eager" if mode == "eager" else "sdpa"
    model = load_model(checkpoint, dtype=torch.float16, attention=attention, device=torch.device(device))
    run = torch.compile(model, dynamic=False) if mode == "compiled" else model
    for setting in settings:
        if time.perf_counter() > ends:
            print(f"no time left for {mode} {setting}")
            return
        ids = torch.tensor(setting.prompts(checkpoint.shape).ids, device=device)
        _measure(mode, lambda: run(input_ids=ids, use_cache=False, logits_to_keep=1).logits, setting, table, device)  # noqa: B023


def _measure(mode: str, call: Callable[[], Any], setting: Setting, table: SpeedTable, device: str) -> None:
    """One row; a failure, such as a compiler that is missing, becomes a row with a note."""
    version = transformers.__version__
    try:
        with torch.no_grad():
            started = time.perf_counter()
            last = call()[:, -1].float().cpu().numpy()
            prepared = time.perf_counter() - started
            times = time_calls(call, _wait(device), repeats=30, seconds=5)
    except Exception as error:  # whatever the compiler raises, the other modes are still of use
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        table.add(Measured("transformers", version, mode, setting, note=reason))
        return
    if mode == "sdpa":
        table.keep_last_logits(setting, last)
    table.add(Measured("transformers", version, mode, setting, times, prepared, last))


def _wait(device: str) -> Callable[[], object]:
    return torch.cuda.synchronize if device.startswith("cuda") else lambda: None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--reference", type=Path, required=True, help="Hugging Face folder")
    parser.add_argument("--out", type=Path, required=True, help="folder of speed.csv")
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--settings", default="1x512,8x512,1x2048,8x2048", help="batch x tokens")
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin nothing after this many")
    return parser.parse_args()


if __name__ == "__main__":
    enter(main)
