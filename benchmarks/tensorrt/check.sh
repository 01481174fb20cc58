#!/usr/bin/env bash
# The whole check of a model on a GPU machine: reference, noise floors, engines, comparison, diagnosis, report.
#
#   benchmarks/tensorrt/check.sh MODEL OUT [SPEC…]
#
#   MODEL  Hugging Face folder; `bundled` for the small model of this repository
#   OUT    gets a folder for each SPEC with comparison.json, layers.csv and report.html, and the tables by_kind.csv
#          (R by tap kind), runs.csv (each run as a whole) and costs.csv (time and memory of each step)
#   SPEC   candidates, as `--candidate` takes them; without any: tensorrt:fp32 tensorrt:fp16
#
# Everything is a `parity` command, shown before it runs. Settings, beside those of pythons.sh:
#
#   DEVICE    where PyTorch computes                                     (default: cuda)
#   TAPS      what is captured                                           (default: all)
#   TRUTH     fp32 or fp64                                               (default: fp64 if a SPEC is fp32, else auto)
#   PROMPTS   file of prompts                                            (default: those of the bundled model)
#   LENGTHS   for models without tokenizer: prompts of random ids, such as 512,300, in place of PROMPTS
#   DIAGNOSE  no: leave causes and costs out, as large models on few processor cores ask for   (default: yes)
#   TIMES     yes: record each candidate twice; the second time finds its engines built     (default: no)
#   RECORD    more options of `parity record candidate`, such as --rebuild-noise or --observer=off   (default: none)
#   SCRATCH   folder of dumps, checkpoints and engines                   (default: a folder in /tmp, by model)
#
# Exit status: 0 if every SPEC has parity, 1 if one diverges, another if one could not be run.
set -euo pipefail
. "$(dirname "$0")/pythons.sh"

[ $# -ge 2 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 2; }
model=$1 out=$2
shift 2
[ $# -gt 0 ] || set -- tensorrt:fp32 tensorrt:fp16
[ "$model" != bundled ] || model=$root/qwen_trt_model/bundled
scratch=${SCRATCH:-${TMPDIR:-/tmp}/layer-parity/$(basename "$model")}
device=${DEVICE:-cuda} taps=${TAPS:-all}
mkdir -p "$out" "$scratch"

dtype_of() { local dtype=${1#*:}; echo "${dtype%%,*}"; }
name_of() { tr -c 'A-Za-z0-9._\n' - <<<"$1"; }
dtypes=$(for spec; do dtype_of "$spec"; done | sort -u)
truth=${TRUTH:-$(grep -qx fp32 <<<"$dtypes" && echo fp64 || echo auto)}

# say prints a command for commands.py; once does, unless the dump that it makes is there already.
say() { printf '%q ' "$@"; echo; }
once() { [ -f "$scratch/$1/manifest.json" ] || say "${@:2}" --out "$scratch/$1"; }
commands() { "$1_python" -m benchmarks.tensorrt.commands --costs "$out/costs.csv"; }

sides() {
  local inputs=(${PROMPTS:+--prompts "$PROMPTS"}) dtype
  [ -z "${LENGTHS:-}" ] || inputs=(--tokens "$scratch/tokens")
  once reference record reference --reference "$model" "${inputs[@]}" --taps "$taps" --truth "$truth" --device "$device"
  for dtype in $dtypes; do
    once "floor-$dtype" record floor --reference "$model" --dtype "$dtype" --tokens "$scratch/reference" --device "$device"
  done
}

candidates() {
  local dtype spec step again=
  [ "${TIMES:-no}" != yes ] || again=again
  for dtype in $dtypes; do
    [ -f "$scratch/$dtype/network.onnx" ] || say build --reference "$model" --dtype "$dtype" --out "$scratch/$dtype"
  done
  for spec; do
    for step in candidate ${again:-}; do
      once "$step-$(name_of "$spec")" record candidate --candidate "$spec" \
        --checkpoint "$scratch/$(dtype_of "$spec")" --tokens "$scratch/reference" ${RECORD:-}
    done
  done
}

comparisons() {
  local spec name diagnosis=(--reference "$model")
  [ "${DIAGNOSE:-yes}" = yes ] || diagnosis=()
  for spec; do
    name=$(name_of "$spec")
    [ ! -f "$scratch/candidate-$name/manifest.json" ] || say compare "$scratch/reference" "$scratch/candidate-$name" \
      --floor "$scratch/floor-$(dtype_of "$spec")" "${diagnosis[@]}" --out "$out/$name"
  done
}

if [ -n "${LENGTHS:-}" ] && [ ! -f "$scratch/tokens/manifest.json" ]; then
  reference_python -m benchmarks.tensorrt.make_tokens --reference "$model" --lengths "$LENGTHS" --out "$scratch/tokens"
fi
status=0
sides "$@" | commands reference
candidates "$@" | commands candidate || status=$?
comparisons "$@" | commands reference || status=$?
reference_python -m benchmarks.tensorrt.by_kind "$out" || exit $((status ? status : $?))
exit $status
