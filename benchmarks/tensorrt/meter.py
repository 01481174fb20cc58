"""What a step costs: wall time, and the most memory that was taken on the GPU and on the host."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Cost", "metered"]

_SAMPLE_SECONDS = 0.05
_MEBIBYTE = 2**20


@dataclass
class Cost:
    """Filled in when the step ends.

    Attributes:
        seconds: wall time.
        gpu_peak_mib: most memory in use on the GPU, by all processes, sampled every 50 ms; 0 without a GPU.
        host_peak_mib: largest resident set of this process so far, mapped files included.
    """

    seconds: float = 0.0
    gpu_peak_mib: int = 0
    host_peak_mib: int = 0


@contextmanager
def metered() -> Iterator[Cost]:
    """Measure the block; the cost is complete behind it, also where it raises."""
    cost, done = Cost(), threading.Event()
    sampler = threading.Thread(target=_sample_gpu, args=(cost, done), daemon=True)
    sampler.start()
    started = time.perf_counter()
    try:
        yield cost
    finally:
        cost.seconds = round(time.perf_counter() - started, 3)
        done.set()
        sampler.join()
        cost.host_peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _sample_gpu(cost: Cost, done: threading.Event) -> None:
    used = _used_memory()
    while used is not None:
        cost.gpu_peak_mib = max(cost.gpu_peak_mib, used() // _MEBIBYTE)
        if done.wait(_SAMPLE_SECONDS):
            return


def _used_memory() -> Callable[[], int] | None:
    """Asks for the bytes in use on the first GPU; None where there is none, or no nvidia-ml-py."""
    try:
        import pynvml

        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    except Exception:  # not installed, no driver or no GPU: all the same here
        return None
    return lambda: int(pynvml.nvmlDeviceGetMemoryInfo(handle).used)
