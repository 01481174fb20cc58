#!/usr/bin/env bash
# Speed of a prefill: Hugging Face in sdpa, eager and compiled form, and the engine without taps, each beside its bound.
#
#   benchmarks/tensorrt/speed.sh MODEL OUT [SPEC…]
#
#   MODEL  Hugging Face folder; make_model makes one of a real shape
#   OUT    gets speed.csv (rows that are there, of the same device, are not measured again) and speed_rates.csv
#   SPEC   fp16 candidates, as `--candidate` takes them; without any: tensorrt:fp16
#
# Everything is fp16, and every engine computes the logits of the last token. Settings, beside those of pythons.sh:
#
#   SETTINGS      batch x tokens                              (default: 1x512,8x512,1x2048,8x2048)
#   MODES         of Hugging Face                             (default: sdpa,eager,compiled)
#   SIDE_BY_SIDE  engines that are built at a time; more than one is quicker, while kernels are timed less well
#                                                             (default: 1)
#   BUILD_SECONDS building an engine is given up after this many                    (default: 3600)
#   HF_SECONDS, ENGINE_SECONDS  nothing more is begun to be timed after this many   (default: no end)
#   DEVICE        where PyTorch computes                      (default: cuda)
#   SCRATCH       folder of checkpoint and engines            (default: a folder in /tmp, by model, as for check.sh)
set -euo pipefail
. "$(dirname "$0")/pythons.sh"

[ $# -ge 2 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 2; }
model=$1 out=$2
shift 2
[ $# -gt 0 ] || set -- tensorrt:fp16
scratch=${SCRATCH:-${TMPDIR:-/tmp}/layer-parity/$(basename "$model")}
settings=${SETTINGS:-1x512,8x512,1x2048,8x2048}
mkdir -p "$out" "$scratch"

[ -f "$scratch/fp16/network.onnx" ] || printf 'build --reference %q --dtype fp16 --out %q\n' "$model" "$scratch/fp16" |
  candidate_python -m benchmarks.tensorrt.commands --costs "$scratch/costs.csv"

# An engine that can't be built, or not in time, leaves the others to be timed.
engine() {
  candidate_python -m benchmarks.tensorrt.speed_engine --network "$scratch/fp16/network.onnx" --out "$out" \
    --scratch "$scratch" "$@"
}
building=0
for spec; do
  [ "${spec%%:*}" = tensorrt ] || continue
  for setting in ${settings//,/ }; do
    STEP_SECONDS=${BUILD_SECONDS:-3600} engine --build-only --settings "$setting" --candidate "$spec" &
    building=$((building + 1))
    [ $building -lt "${SIDE_BY_SIDE:-1}" ] || { wait -n || true; building=$((building - 1)); }
  done
done
wait

reference_python -m benchmarks.tensorrt.speed_huggingface --reference "$model" --out "$out" --scratch "$scratch" \
  --settings "$settings" --modes "${MODES:-sdpa,eager,compiled}" --device "${DEVICE:-cuda}" --seconds "${HF_SECONDS:-inf}"
candidates=()
for spec; do candidates+=(--candidate "$spec"); done
engine --settings "$settings" "${candidates[@]}" --seconds "${ENGINE_SECONDS:-inf}"
