#!/usr/bin/env bash
# Features of a large corpus on machines that one can reach by ssh, a shard on each; the output folder is shared between
# them. No MPI is needed.
#
#   recipes/cluster/ssh-extract.sh hosts runs/base corpus.jsonl /shared/features
#
# Started again it does what is missing.
set -euo pipefail
hosts=${1:?hosts model manifest out}
model=$(realpath "${2:?}")
manifest=$(realpath "${3:?}")
out=$(realpath -m "${4:?}")
count=$(grep -c . "$hosts")
shard=0
pids=()
while read -r host; do
  shard=$((shard + 1))
  ssh -n "$host" wav2vec extract --model "$model" --format ark --out "$out" --shard "$shard/$count" "$manifest" &
  pids+=($!)
done < <(grep . "$hosts")
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
[ "$failed" -eq 0 ] || { echo "ssh-extract.sh: a shard failed, see above; start it again" >&2; exit 1; }
wav2vec merge "$out"
