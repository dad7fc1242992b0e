#!/usr/bin/env bash
# Speed and memory of wav2vec against PyTorch on this machine: runs `wav2vec bench` and a PyTorch baseline turn by
# turn, f32 and bf16, and prints the ratios as a Markdown table with the medians they come from.
#
#   cmake --preset release && cmake --build --preset release --target wav2vec_cli
#   bench/compare.sh --model base --batch "1 4" --threads 2
#
#   --model base|large|both   which networks (both)
#   --batch "1 4"             utterances at once, one comparison for each number ("1 4")
#   --seconds 9.375           length of an utterance (9.375)
#   --threads 2               of each program (2)
#   --repeat 3                timed runs per turn, after one to warm up (3)
#   --turns 3                 turns of each program (3)
#   --baseline FILE.py        another PyTorch measurement with the same options and JSON keys
#   --program FILE            another build of wav2vec (build/release/wav2vec)
#   -h, --help                this text
#
# A turn is ours f32, PyTorch f32, ours bf16, PyTorch bf16, one process each, so that a change of the machine's load
# meets all four. A program gives the median of its runs; the table takes the median of those over the turns.
# Absolute times depend on the machine and its neighbours: only ratios of one run count, and those only when the
# ranges over the turns are narrow. Peak memory is the whole process, Python and PyTorch included.
# Needs Debian's python3-torch and python3-numpy. Everything by default takes about half an hour on two cores.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/common.sh
source "$here/../scripts/common.sh"

models=both
batches="1 4"
seconds=9.375
threads=2
repeat=3
turns=3
baseline=$here/torch_baseline.py
program=$here/../build/release/wav2vec
python=/usr/bin/python3 # Debian's, which sees Debian's PyTorch

while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      print_help "$0"
      exit 0
      ;;
    --model | --batch | --seconds | --threads | --repeat | --turns | --baseline | --program)
      [ $# -ge 2 ] || fail_usage "$1 needs a value"
      ;;
    *) fail_usage "unknown argument $1" ;;
  esac
  case $1 in
    --model) models=$2 ;;
    --batch) batches=$2 ;;
    --seconds) seconds=$2 ;;
    --threads) threads=$2 ;;
    --repeat) repeat=$2 ;;
    --turns) turns=$2 ;;
    --baseline) baseline=$2 ;;
    --program) program=$2 ;;
  esac
  shift 2
done

case $models in
  base | large) ;;
  both) models="base large" ;;
  *) fail_usage "--model is base, large or both, not $models" ;;
esac
read -ra models <<<"$models"
read -ra batches <<<"$batches"
[ ${#batches[@]} -gt 0 ] || fail_usage "--batch needs a number"
for number in "${batches[@]}" "$threads" "$repeat" "$turns"; do
  [[ $number =~ ^[1-9][0-9]*$ ]] || fail_usage "$number is not a whole number above 0"
done
[[ $seconds =~ ^[0-9]+(\.[0-9]+)?$ ]] || fail_usage "--seconds $seconds is not a number"

program=$(realpath -m "$program") # a bare name is a file here, not a program of PATH
[ -f "$baseline" ] || fail "no baseline $baseline"
[ -x "$program" ] ||
  fail "no program $program; build it: cmake --preset release && cmake --build --preset release --target wav2vec_cli"
{ [ -x "$python" ] && "$python" -c 'import numpy, torch' 2>/dev/null; } ||
  fail "$python has no PyTorch; install it: sudo apt-get install python3-torch python3-numpy"

results=$(mktemp)
trap 'rm -f "$results"' EXIT

# One process; its JSON line is kept under the name of the program and the type asked for.
measure() {
  local name=$1 dtype=$2 model=$3 batch=$4 json
  local what=(--model "$model" --batch "$batch" --seconds "$seconds" --repeat "$repeat" --dtype "$dtype")
  case $name in
    wav2vec) json=$("$program" --threads "$threads" bench "${what[@]}" --json) ;;
    PyTorch) json=$("$python" "$baseline" --threads "$threads" "${what[@]}") ;;
  esac || fail "$name did not measure $model, $batch x $seconds s, $dtype; its message is above"
  printf '{"program": "%s", "asked": "%s", "result": %s}\n' "$name" "${dtype/fp32/f32}" "$json" >>"$results"
}

for model in "${models[@]}"; do
  for batch in "${batches[@]}"; do
    for ((turn = 1; turn <= turns; ++turn)); do
      say "$model, $batch x $seconds s: turn $turn of $turns ($(elapsed))" >&2
      measure wav2vec f32 "$model" "$batch"
      measure PyTorch fp32 "$model" "$batch"
      measure wav2vec bf16 "$model" "$batch"
      measure PyTorch bf16 "$model" "$batch"
    done
  done
done
"$python" "$here/compare_table.py" "$results"
