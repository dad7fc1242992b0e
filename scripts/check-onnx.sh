#!/usr/bin/env bash
# Converts a model to ONNX, runs it in ONNX Runtime and compares z and c with those of wav2vec extract: the first
# 465 and 466 samples (one receptive field of the published networks), two pieces of 1 s alone and as a batch, 10 s
# and the whole file, as far as it reaches. Ends with 1 when a value is off by more than 1e-4 of the features'
# root mean square.
#
#   scripts/check-onnx.sh MODEL AUDIO    MODEL: as for --model; AUDIO: what ffmpeg reads
#   scripts/check-onnx.sh --help         this text
#
# Needs node and npm; downloads the npm package onnxruntime-node into a temporary folder, unless $ONNXRUNTIME names
# a folder that has it in its node_modules. If Debian's python3-onnx is installed, onnx.checker reads the file
# too. $WAV2VEC is the program (build/release/wav2vec).
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

take_words "needs MODEL and AUDIO" 2 "$@"
model=${words[0]}
audio=${words[1]}
scripts=$(cd "$(dirname "$0")" && pwd)
wav2vec=${WAV2VEC:-$scripts/../build/release/wav2vec}
[ -x "$wav2vec" ] || fail "no program $wav2vec; build it or name it in WAV2VEC"
for tool in node ffmpeg; do
  command -v "$tool" >/dev/null || fail "needs $tool"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step "1/3 Convert"
"$wav2vec" convert "$model" "$work/model.onnx"
# The distribution's interpreter: another python3 in the path would not see its packages.
if /usr/bin/python3 -c 'import onnx' 2>/dev/null; then
  /usr/bin/python3 - "$work/model.onnx" <<'PYTHON' || fail "onnx.checker refuses the file"
import sys, onnx
onnx.checker.check_model(sys.argv[1], full_check=True)
PYTHON
  say "onnx.checker and shape inference accept it."
else
  say "onnx.checker was left out: no python3-onnx."
fi

step "2/3 Features by wav2vec extract"
rate=$(node -p 'const text = require("fs").readFileSync(process.argv[1]).toString("latin1");
  /sample_rate_hz\x12.(\d+)/s.exec(text)[1]' "$work/model.onnx")
mkdir "$work/speech" "$work/waves"
# Resampled once, so that both sides get the same samples.
ffmpeg -nostdin -v error -i "$audio" -ac 1 -ar "$rate" -c:a pcm_f32le "$work/speech/whole.wav" ||
  fail "ffmpeg cannot read $audio"
raw() { ffmpeg -nostdin -v error -i "$work/speech/$1.wav" -f f32le "$work/waves/$1.f32"; }
cut() { # name, first sample, samples; nothing when the file ends before
  [ "$samples" -ge $(($2 + $3)) ] || return 0
  ffmpeg -nostdin -v error -i "$work/speech/whole.wav" -af "atrim=start_sample=$2:end_sample=$(($2 + $3))" \
    -c:a pcm_f32le "$work/speech/$1.wav"
  raw "$1"
}
raw whole
samples=$(($(stat -c %s "$work/waves/whole.f32") / 4))
cut samples_465 0 465
cut samples_466 0 466
cut second_0 0 "$rate"
cut second_1 "$rate" "$rate"
cut seconds_10 0 $((10 * rate))
for layer in z c; do
  "$wav2vec" extract --model "$model" --dtype f32 --layer "$layer" --out "$work/$layer" "$work/speech"
done

step "3/3 The same by ONNX Runtime"
runtime=${ONNXRUNTIME:-$work}
if [ -z "${ONNXRUNTIME:-}" ]; then
  command -v npm >/dev/null || fail "needs npm to download onnxruntime-node"
  # Its installation script would download GPU libraries.
  npm install --prefix "$work" --ignore-scripts --no-audit --no-fund --silent onnxruntime-node ||
    fail "npm cannot install onnxruntime-node; is the network there?"
fi
node "$scripts/compare_onnx.cjs" "$runtime" "$work/model.onnx" "$work" || fail "ONNX Runtime gives other features"
say "Equal within 1e-4 of the root mean square."
