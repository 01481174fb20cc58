#!/usr/bin/env bash
# Speed of a prefill: Hugging Face in sdpa, eager and compiled form, and the engine without taps, each beside its bound.
#
#   benchmarks/tensorrt/speed.sh MODEL OUT
#
#   MODEL  Hugging Face folder; make_model makes one of a real shape
#   OUT    gets speed.csv (rows that are there, of the same device, are not measured again) and speed_rates.csv
#
# Everything is fp16, and every engine computes the logits of all tokens. Settings, beside those of pythons.sh:
#
#   SETTINGS        batch x tokens                       (default: 1x512,8x512,1x2048,8x2048)
#   MODES           of Hugging Face                      (default: sdpa,eager,compiled)
#   ENGINE          tensorrt or onnxruntime              (default: tensorrt)
#   ENGINE_OPTIONS  such as level=3,tactic_sources=none  (default: none)
#   HF_SECONDS, ENGINE_SECONDS  begin nothing more after this many   (default: no end)
#   DEVICE          where PyTorch computes               (default: cuda)
#   SCRATCH         folder of checkpoint and engines     (default: a folder in /tmp, by model, as for check.sh)
set -euo pipefail
. "$(dirname "$0")/pythons.sh"

[ $# -eq 2 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 2; }
model=$1 out=$2
scratch=${SCRATCH:-${TMPDIR:-/tmp}/layer-parity/$(basename "$model")}
settings=${SETTINGS:-1x512,8x512,1x2048,8x2048}
mkdir -p "$out" "$scratch"

reference_python -m benchmarks.tensorrt.speed_huggingface --reference "$model" --out "$out" --scratch "$scratch" \
  --settings "$settings" --modes "${MODES:-sdpa,eager,compiled}" --device "${DEVICE:-cuda}" --seconds "${HF_SECONDS:-inf}"
[ -f "$scratch/fp16/network.onnx" ] || printf 'build --reference %q --dtype fp16 --out %q\n' "$model" "$scratch/fp16" |
  candidate_python -m benchmarks.tensorrt.commands --costs "$scratch/costs.csv"
candidate_python -m benchmarks.tensorrt.speed_engine --network "$scratch/fp16/network.onnx" --out "$out" \
  --scratch "$scratch" --settings "$settings" --engine "${ENGINE:-tensorrt}" --engine-options "${ENGINE_OPTIONS:-}" \
  --seconds "${ENGINE_SECONDS:-inf}"
