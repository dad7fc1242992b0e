#!/usr/bin/env bash
# Was pretraining worth it? Pretrains, probes the features against filter banks, and repeats the papers' ablations.
#
#   scripts/evidence.sh SPEECH OUT            everything (hours on two cores)
#   scripts/evidence.sh --quick SPEECH OUT    the same with a small network and few updates: does it all still run?
#   scripts/evidence.sh --model RUN SPEECH OUT    with this run folder or checkpoint instead of pretraining
#   scripts/evidence.sh --steps probes,ablation SPEECH OUT    only some of: pretrain, probes, ablation
#   scripts/evidence.sh --help    this text
#
# SPEECH holds speechocean762/ with manifest.tsv (path, seconds, speaker, text), align/phones.ctm and meta/lexicon.txt,
# and any other folders with a manifest.tsv, which are pretrained on. A fifth of speechocean762's speakers is the test and
# is in no training. OUT gets runs/, probes/, ablation.md and summary.md; what is done there is not done again.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

quick=no
model=
steps=pretrain,probes,ablation
places=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=yes ;;
    --model | --steps)
      [ $# -gt 1 ] || fail_usage "$1 needs a value"
      if [ "$1" = --model ]; then model=$2; else steps=$2; fi
      shift
      ;;
    -h | --help)
      print_help scripts/evidence.sh
      exit 0
      ;;
    -*) fail_usage "unknown argument $1" ;;
    *) places+=("$1") ;;
  esac
  shift
done
[ ${#places[@]} -eq 2 ] || fail_usage "expected SPEECH and OUT"
speech=${places[0]}
out=${places[1]}
labelled=$speech/speechocean762
[ -f "$labelled/manifest.tsv" ] || fail "$labelled/manifest.tsv is missing"
mkdir -p "$out/runs" "$out/probes"

# Two of these run side by side on half of the cores each, which is more than one on all of them would do.
threads=$((($(nproc) + 1) / 2))
wav2vec() { "${WAV2VEC:-build/release/wav2vec}" --threads "$threads" "$@"; }
wanted() { [[ ,$steps, == *,$1,* ]]; }

if [ ! -x "${WAV2VEC:-build/release/wav2vec}" ]; then
  step "Build"
  bash scripts/install-packages.sh
  cmake --preset release >/dev/null
  cmake --build --preset release --target wav2vec_cli
fi

step "Split: a fifth of the labelled speakers is the test"
train=$out/train.jsonl
test=$out/test.jsonl
[ -f "$train" ] || wav2vec manifest --from "$labelled/manifest.tsv" -o "$train" --valid "$test" --valid-fraction 0.2 --seed 1
manifests=("$train")
for manifest in "$speech"/*/manifest.tsv; do
  [ "$manifest" = "$labelled/manifest.tsv" ] || manifests+=("$manifest")
done

# pretrain NAME KEY=VALUE …: goes on where an earlier call stopped.
pretrain() {
  local run=$out/runs/$1
  shift
  local settings=()
  for setting in "$@"; do settings+=(--set "$setting"); done
  if [ -f "$run/recipe.toml" ]; then settings+=(--resume); fi
  wav2vec pretrain --config recipes/pretrain/compact-cpu.toml --train "${manifests[@]}" --out "$run" \
    --set "data.cache=$out/cache" "${settings[@]}"
}

# probe NAME RECIPE MODEL KEY=VALUE …: not twice. What it prints stands in report.md too.
labels=(--train "$train" --test "$test" --labels "$labelled/align/phones.ctm" --lexicon "$labelled/meta/lexicon.txt")
probe() {
  local folder=$out/probes/$1 recipe=$2 tested=$3
  shift 3
  [ -f "$folder/report.md" ] && return
  local settings=()
  for setting in "$@"; do settings+=(--set "$setting"); done
  wav2vec probe --config "recipes/probe/$recipe.toml" --model "$tested" "${labels[@]}" --out "$folder" \
    "${settings[@]}" >/dev/null
}

small=()
few=()
if [ $quick = yes ]; then
  small=(train.max_updates=60 train.valid_every=30 train.save_every=60 data.batch_samples=80000
    'model.encoder_channels=[64,64,64,64,64]' 'model.context_channels=[64,64,64]' 'model.context_kernels=[3,3,3]')
  few=(train.updates=60 data.minutes=30 'train.learning_rates=[1e-2]' 'probe.seeds=[1]' 'probe.label_minutes=[5]'
    'probe.inputs=["logmel[-20,0]","random:c","c"]')
fi

# One change at a time, judged by a linear probe of phones in c.
ablate() {
  local table=$out/ablation.md change name row
  common=(train.max_updates=1500 train.valid_every=1500 train.save_every=500 data.batch_samples=80000)
  [ $quick = yes ] && common=("${small[@]}")
  {
    echo "| change | wrong frames, z | wrong frames, c |"
    echo "|---|---|---|"
  } >"$table.part"
  # What CPC (van den Oord et al. 2018, table 2) and the wav2vec paper varied.
  # The recipe itself stands first: 12 steps, 50 negatives of the same utterance, crops of 40,000 samples.
  ablated=('' objective.prediction_steps={2,4,8,16} objective.negatives={1,2,5,10,20}
    'objective.negatives=0 objective.cross_sample_negatives=50' data.crop_samples={20000,80000})
  [ $quick = yes ] && ablated=(objective.prediction_steps=2 'objective.negatives=0 objective.cross_sample_negatives=10')
  for change in "${ablated[@]}"; do
    name=ablation-$(printf '%s' "$change" | sed 's/objective\.\|data\.//g; s/[^A-Za-z0-9]/-/g')
    [ -n "$change" ] || name='ablation-recipe'
    read -r -a changes <<<"$change"
    pretrain "$name" "${common[@]}" "${changes[@]}"
    # Steps and negatives change what the validation loss means, so the newest checkpoint is probed, not the "best".
    probe "$name" phones "$out/runs/$name" 'probe.inputs=["z","c"]' probe.baseline=z 'probe.label_minutes=[0]' \
      'probe.seeds=[1]' 'train.learning_rates=[3e-3]' train.updates=600 "${few[@]:0:2}"
    row=$(sed -n 's/^| z | [^|]*| [^|]*|\([^|]*\)|.*/\1/p;s/^| c | [^|]*| [^|]*|\([^|]*\)|.*/|\1/p' \
      "$out/probes/$name/report.md" | tr -d '\n')
    echo "| ${change:-as in the recipe} |$row |" >>"$table.part"
  done
  mv "$table.part" "$table"
}

# shellcheck disable=SC2046  # a process per word
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
ablation=
if wanted ablation; then
  step "Ablation, beside the rest: see $out/ablation.log"
  ablate >"$out/ablation.log" 2>&1 &
  ablation=$!
fi

if wanted pretrain && [ -z "$model" ]; then
  step "Pretrain compact-cpu"
  pretrain compact-cpu "${small[@]}"
fi
model=${model:-$out/runs/compact-cpu}

# The probes of frames take as long as the others together.
probe_the_rest() {
  probe phones-ctc phones-ctc "$model" "${few[@]}"
  labels=(--train "$train")
  probe speakers speakers "$model" "${few[@]}" 'probe.label_minutes=[0]' 'probe.seeds=[1]'
  labels=(--train "$speech/wakewords/manifest.tsv")
  [ ! -f "$speech/wakewords/manifest.tsv" ] || probe keywords keywords "$model" "${few[@]}" 'probe.seeds=[1]'
}

if wanted probes; then
  step "Probe phones, and beside them the rest: see $out/probes.log"
  (probe_the_rest) >"$out/probes.log" 2>&1 &
  others=$!
  probe phones phones "$model" "${few[@]}"
  wait "$others" || fail "a probe failed: see $out/probes.log"
fi

if [ -n "$ablation" ]; then
  step "Ablation"
  wait "$ablation" || fail "the ablation failed: see $out/ablation.log"
  cat "$out/ablation.md"
fi

step "Summary"
for report in "$out"/probes/*/report.md; do
  case $report in */ablation-*) continue ;; esac
  printf '## %s\n\n' "$(basename "$(dirname "$report")")"
  cat "$report"
  echo
done >"$out/summary.md"
if [ -f "$out/ablation.md" ]; then
  printf '## Ablation\n\n' >>"$out/summary.md"
  cat "$out/ablation.md" >>"$out/summary.md"
fi
say "$out/summary.md; pictures in $out/probes/*/report.html. Done after $(elapsed)."
