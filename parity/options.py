"""Every option that users type, defined once: `parity.cli` and `parity.pytest_plugin` both read this table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parity.limits import FLAG_METRICS
from parity.option import Option

__all__ = [
    "ATTENTION",
    "CANDIDATE",
    "CHAT_TEMPLATE",
    "CHECKPOINT",
    "CHECK_ALIASING",
    "DEVICE",
    "DTYPE",
    "FLAG",
    "LIMIT",
    "MAPPING",
    "MEMORY",
    "NO_DIAGNOSIS",
    "NO_FLOOR",
    "OBSERVER",
    "OUT",
    "PRECISION",
    "PROBE_SETS",
    "PROMPTS",
    "REBUILD_NOISE",
    "REFERENCE",
    "RUN",
    "STRICT",
    "SUITE_OPTIONS",
    "TAPS",
    "TOKENS",
    "TRUTH",
]

_COMPARED = "What is compared"
_REFERENCE = "How the reference runs"
_JUDGED = "How it is judged"
_WRITTEN = "What is written"
_OBSERVED = "Whether taps change the engine"

REFERENCE: Option[str | None] = Option(
    "reference",
    "DIR_OR_HUB_ID",
    "The Hugging Face model that is right by definition: a folder, or an id on the hub.",
    _COMPARED,
    None,
)
CANDIDATE: Option[str | None] = Option(
    "candidate",
    "SPEC",
    "The port to judge: an engine and dtype such as onnxruntime:fp16 (the network is built from the reference), "
    "an .onnx file whose tensors carry tap names, or the folder of a dump.",
    _COMPARED,
    None,
)
CHECKPOINT: Option[Path | None] = Option(
    "checkpoint",
    "DIR",
    "Build the candidate's network from this TensorRT-LLM checkpoint instead of converting the reference.",
    _COMPARED,
    None,
    Path,
)
MAPPING: Option[Path | None] = Option(
    "mapping",
    "FILE",
    "JSON object from tap name to the name of the tensor in the .onnx file, where the two differ.",
    _COMPARED,
    None,
    Path,
)
PRECISION: Option[Path | None] = Option(
    "precision",
    "FILE",
    "Run the operations that this file names in fp32, by casts in the candidate's network; `parity tune` writes it.",
    _COMPARED,
    None,
    Path,
)
PROMPTS: Option[Path | None] = Option(
    "prompts",
    "FILE",
    "Text file with one prompt a line, or .jsonl with texts and chats. Without it, the texts "
    "that ship with the bundled model, in the reference's own tokens.",
    _COMPARED,
    None,
    Path,
)
TOKENS: Option[Path | None] = Option(
    "tokens",
    "DUMP",
    "Take the tokens of this dump as they are, instead of prompts.",
    _COMPARED,
    None,
    Path,
)
CHAT_TEMPLATE: Option[bool] = Option(
    "chat-template",
    "",
    "Put every prompt into the chat template of the reference's tokenizer.",
    _COMPARED,
    False,
)
TAPS: Option[str] = Option(
    "taps",
    "SELECTION",
    "Which tensors are compared: layers (one for each), blocks (what attention and MLP add, and the residual stream), "
    "all, or a pattern such as 'layers.3.*'; several with commas. Scores and probs have to be named by a pattern.",
    _COMPARED,
    "all",
)
TRUTH: Option[str] = Option(
    "truth",
    "auto|fp32|fp64",
    "Precision of the reference. auto takes fp64 for fp32 candidates and models below 200 million parameters, "
    "otherwise fp32.",
    _REFERENCE,
    "auto",
    choices=("auto", "fp32", "fp64"),
)
ATTENTION: Option[str] = Option(
    "attention",
    "eager|sdpa",
    "Attention kernel of the reference and the floor.",
    _REFERENCE,
    "eager",
    choices=("eager", "sdpa"),
)
DEVICE: Option[str] = Option("device", "DEVICE", "Where the reference and the floor run.", _REFERENCE, "cpu")
DTYPE: Option[str | None] = Option(
    "dtype",
    "fp32|fp16|bf16",
    "What to compute in.",
    _REFERENCE,
    None,
    choices=("fp32", "fp16", "bf16"),
)
NO_FLOOR: Option[bool] = Option(
    "no-floor",
    "",
    "Do not record the noise floor, the reference in the candidate's dtype. Saves a run; then only flags are left "
    "to judge by, and every flag is a mismatch.",
    _REFERENCE,
    False,
)
NO_DIAGNOSIS: Option[bool] = Option(
    "no-diagnosis",
    "",
    "Do not take errors apart, nor look for causes and costs: judge each tap by its distance from the truth alone.",
    _JUDGED,
    False,
)
MEMORY: Option[str] = Option(
    "memory",
    "SIZE",
    "What the taps of one TensorRT engine may take on the GPU, such as 512M or 4G. Those that don't fit are split over "
    "several engines, and the report says so. Half of what is free if left out.",
    _COMPARED,
    "",
)
OBSERVER: Option[str] = Option(
    "observer",
    "auto|on|off",
    "Run the candidate once more without taps, and grade what they change: the engine that you ship has none. auto: "
    "with TensorRT, whose fusions hang on what is marked.",
    _OBSERVED,
    "auto",
    choices=("auto", "on", "off"),
)
REBUILD_NOISE: Option[bool] = Option(
    "rebuild-noise",
    "",
    "Build the engine without taps twice, in different ways, to see how much of the change is chance.",
    _OBSERVED,
    False,
)
PROBE_SETS: Option[bool] = Option(
    "probe-sets",
    "",
    "Where taps change the engine, spread them over several engines, by bisection, so that each computes what the one "
    "without taps does.",
    _OBSERVED,
    False,
)
CHECK_ALIASING: Option[bool] = Option(
    "check-aliasing",
    "",
    "Run the candidate a second time with its taps marked in the other way, directly or as copies, and report those "
    "that then show another tensor.",
    _OBSERVED,
    False,
)
FLAG: Option[tuple[str, ...]] = Option(
    "flag",
    "METRIC=NUMBER",
    "Flag taps whose metric is above the number: all taps, or with PATTERN:METRIC=NUMBER some. May be repeated; the "
    f"last that matches a tap holds. Without it, mean_abs=1e-3. Metrics are {', '.join(FLAG_METRICS)}.",
    _JUDGED,
    (),
)
LIMIT: Option[tuple[str, ...]] = Option(
    "limit",
    "NAME=NUMBER",
    "Call taps a mismatch whose noise ratio R is above the number; the name is median (over tokens) or worst_token. "
    "PATTERN:NAME=NUMBER and repeating as above. Without it, median=2 (3 for an fp32 candidate) and worst_token=4.",
    _JUDGED,
    (),
)
STRICT: Option[bool] = Option(
    "strict",
    "",
    "Every flag fails, even where rounding explains it: the rule of hand-made ports.",
    _JUDGED,
    False,
)
OUT: Option[Path | None] = Option(
    "out",
    "DIR",
    "Folder for what the run makes: comparison.json, layers.csv, report.html, and the dumps it records.",
    _WRITTEN,
    None,
    Path,
)
RUN: Option[Path | None] = Option(
    "run",
    "DIR",
    "Judge a run that is there already (by `parity run` or `parity compare`), without running any model.",
    _COMPARED,
    None,
    Path,
)

SUITE_OPTIONS: tuple[Option[Any], ...] = (
    RUN,
    REFERENCE,
    CANDIDATE,
    CHECKPOINT,
    MAPPING,
    PRECISION,
    MEMORY,
    PROMPTS,
    TOKENS,
    CHAT_TEMPLATE,
    TAPS,
    TRUTH,
    ATTENTION,
    DEVICE,
    NO_FLOOR,
    NO_DIAGNOSIS,
    OBSERVER,
    REBUILD_NOISE,
    PROBE_SETS,
    CHECK_ALIASING,
    FLAG,
    LIMIT,
    STRICT,
    OUT,
)
"""The options that pytest takes, in the order of its help."""
