#!/usr/bin/env bash
# Planted faults in an engine: truth and noise floors of the bundled model, then every fault in one process.
#
#   benchmarks/tensorrt/planted_faults.sh OUT [ARGUMENT…]
#
#   OUT       gets planted_faults.csv
#   ARGUMENT  for planted_faults.py, such as --engine-options level=0,tactic_sources=none --seconds 420
#
# Settings, beside those of pythons.sh: DEVICE, where PyTorch computes (default: cuda); SCRATCH, folder of everything
# else (default: a folder in /tmp).
#
# Exit status: 0 if every fault was found at the right tap and the sound network has parity.
set -euo pipefail
here=$(dirname "$0")
. "$here/pythons.sh"

[ $# -ge 1 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 2; }
out=$1
shift
scratch=${SCRATCH:-${TMPDIR:-/tmp}/layer-parity/planted-faults} device=${DEVICE:-cuda}
model=$root/qwen_trt_model/bundled
mkdir -p "$out" "$scratch"

once() { [ -f "$scratch/$1/manifest.json" ] || { printf '%q ' "${@:2}" --reference "$model" --device "$device" --out "$scratch/$1"; echo; }; }
{
  once reference record reference --prompts "$here/fault_prompts.jsonl" --truth fp64
  for dtype in fp16 fp32; do once "floor-$dtype" record floor --dtype "$dtype" --tokens "$scratch/reference"; done
} | reference_python -m benchmarks.tensorrt.commands --costs "$scratch/costs.csv"
candidate_python -m benchmarks.tensorrt.planted_faults --truth "$scratch/reference" --floor "$scratch/floor-fp16" \
  --floor "$scratch/floor-fp32" --scratch "$scratch" --csv "$out/planted_faults.csv" "$@"
