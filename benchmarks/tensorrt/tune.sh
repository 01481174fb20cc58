#!/usr/bin/env bash
# Which operations an engine has to run in fp32, and what that costs: reference, floor, checkpoint, search.
#
#   benchmarks/tensorrt/tune.sh MODEL OUT [SPEC…]
#
#   MODEL  Hugging Face folder; `bundled` for the small model of this repository
#   OUT    gets tune_gap.csv, tune_gap_kinds.csv, and for each SPEC a folder with precision.json, tune.csv and trials.csv
#   SPEC   fp16 candidates, as `--candidate` takes them; without any: tensorrt:fp16,accumulation=engine,tf32=on
#
# Settings, beside those of pythons.sh:
#
#   DEVICE       where PyTorch computes                                     (default: cuda)
#   TAPS         what is captured                                           (default: all)
#   PROMPTS      file of prompts                                            (default: those of the bundled model)
#   LENGTHS      for models without tokenizer: prompts of random ids, such as 512,300, in place of PROMPTS
#   LIMIT        what every tap has to be within                            (default: median=1.5)
#   MINUTES      for all searches together                                  (default: 20)
#   DIAGNOSE     no: suspect operations by how R grows, as large models on few processor cores ask for   (default: yes)
#   SCRATCH      folder of dumps and checkpoint                             (default: a folder in /tmp, by model)
set -euo pipefail
. "$(dirname "$0")/pythons.sh"

[ $# -ge 2 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 2; }
model=$1 out=$2
shift 2
[ "$model" != bundled ] || model=$root/qwen_trt_model/bundled
scratch=${SCRATCH:-${TMPDIR:-/tmp}/layer-parity/$(basename "$model")}
mkdir -p "$out" "$scratch"

say() { printf '%q ' "$@"; echo; }
sides() {
  local inputs=(${PROMPTS:+--prompts "$PROMPTS"}) device=(--device "${DEVICE:-cuda}")
  [ -z "${LENGTHS:-}" ] || inputs=(--tokens "$scratch/tokens")
  [ -f "$scratch/reference/manifest.json" ] || say record reference --reference "$model" "${inputs[@]}" \
    --taps "${TAPS:-all}" "${device[@]}" --out "$scratch/reference"
  [ -f "$scratch/floor-fp16/manifest.json" ] || say record floor --reference "$model" --dtype fp16 \
    --tokens "$scratch/reference" "${device[@]}" --out "$scratch/floor-fp16"
}
network() { [ -f "$scratch/fp16/network.onnx" ] || say build --reference "$model" --dtype fp16 --out "$scratch/fp16"; }

if [ -n "${LENGTHS:-}" ] && [ ! -f "$scratch/tokens/manifest.json" ]; then
  reference_python -m benchmarks.tensorrt.make_tokens --reference "$model" --lengths "$LENGTHS" --out "$scratch/tokens"
fi
sides | reference_python -m benchmarks.tensorrt.commands --costs "$out/costs.csv"
network | candidate_python -m benchmarks.tensorrt.commands --costs "$out/costs.csv"
specs=() weights=(--model "$model")
for spec; do specs+=(--candidate "$spec"); done
[ "${DIAGNOSE:-yes}" = yes ] || weights=()
candidate_python -m benchmarks.tensorrt.tune_gap --reference "$scratch/reference" --floor "$scratch/floor-fp16" \
  --checkpoint "$scratch/fp16" --out "$out" "${weights[@]}" "${specs[@]}" \
  --limit "${LIMIT:-median=1.5}" --minutes "${MINUTES:-20}"
