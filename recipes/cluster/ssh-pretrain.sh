#!/usr/bin/env bash
# Pretraining on machines that one can reach by ssh without a password, with Open MPI or MPICH on each.
#
#   recipes/cluster/ssh-pretrain.sh hosts recipes/pretrain/wav2vec-base.toml train.tsv runs/base
#
# `hosts` has one name per line; the first one writes the run folder and must be this machine. Program, manifest and
# audio lie under the same paths everywhere. Started again it goes on, also with other hosts.
set -euo pipefail
hosts=${1:?hosts recipe.toml train.tsv run-folder}
recipe=${2:?hosts recipe.toml train.tsv run-folder}
train=${3:?hosts recipe.toml train.tsv run-folder}
run=${4:?hosts recipe.toml train.tsv run-folder}
program=$(command -v wav2vec)
ranks=$(grep -c . "$hosts")
words=("$program" pretrain --config "$recipe" --train "$train" --out "$run" --resume)

if mpirun --version | grep -q "Open MPI"; then
  # One rank per host with all of its cores; on machines with several NUMA nodes: ppr:1:numa, numa.
  exec mpirun --hostfile <(sed 's/$/ slots=1/' "$hosts") --map-by ppr:1:node --bind-to none \
    --mca odls_base_sigkill_timeout 120 "${words[@]}"
fi
exec mpirun -n "$ranks" -ppn 1 -f "$hosts" -bind-to none "${words[@]}"
