#!/usr/bin/env bash
# Pretraining over a network, on one machine: hosts are network namespaces with addresses of their own, joined by veth
# links to a bridge, whose speed tc limits. Needs root, Open MPI and a built program.
#
#   scripts/test-network.sh                    equal bits, resume over other numbers of hosts, a killed rank, a link
#                                              that is cut, a full disk
#   scripts/test-network.sh --overlap MODEL    how much of the exchange the backward pass hides, at 1 and 10 Gbit/s,
#                                              for base or large (minutes: every host gets its share of the cores)
#   scripts/test-network.sh --set KEY=VALUE …  for the recipe of --overlap
#   scripts/test-network.sh --hosts N …        for --overlap, 2 otherwise
#   scripts/test-network.sh --program PATH …   another program than build/dev/wav2vec
#   scripts/test-network.sh --help             this text
#
# Everything is in a folder that is removed at the end. Ends with 1 if something is not as it should be.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

program=build/dev/wav2vec
overlap=
overlap_hosts=2
settings=()
while [ $# -gt 0 ]; do
  case $1 in
    --program) program=${2:?} && shift 2 ;;
    --overlap) overlap=${2:?} && shift 2 ;;
    --hosts) overlap_hosts=${2:?} && shift 2 ;;
    --set) settings+=(--set "${2:?}") && shift 2 ;;
    -h | --help)
      print_help scripts/test-network.sh
      exit 0
      ;;
    *) fail_usage "unknown argument $1" ;;
  esac
done
[ "$(id -u)" -eq 0 ] || fail "needs root, for network namespaces"
program=$(realpath "$program")
[ -x "$program" ] || fail "$program is not there; build it, or --program PATH"
mpirun=$(command -v mpirun.openmpi) || fail "needs Open MPI (openmpi-bin)"

hosts=4
prefix=w2vnet$$
work=$(mktemp -d)
address() { echo "10.77.0.$1"; }
space() { echo "$prefix-$1"; }

clean_up() {
  for i in $(seq $hosts); do
    ip netns pids "$(space "$i")" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
    ip netns del "$(space "$i")" 2>/dev/null || true
  done
  ip netns del "$prefix-switch" 2>/dev/null || true
  ! mountpoint -q "$work/small" || umount "$work/small"
  rm -rf "$work"
}
trap clean_up EXIT

# ---- the network ----------------------------------------------------------------------------------------

ip netns add "$prefix-switch"
ip -n "$prefix-switch" link add name bridge type bridge
ip -n "$prefix-switch" link set bridge up
for i in $(seq $hosts); do
  ip netns add "$(space "$i")"
  ip -n "$(space "$i")" link set lo up
  ip -n "$(space "$i")" link add eth0 type veth peer name "port$i" netns "$prefix-switch"
  ip -n "$(space "$i")" address add "$(address "$i")/24" dev eth0
  ip -n "$(space "$i")" link set eth0 up
  # mpirun waits for a host that is cut off until the kernel gives its connection up, by default a quarter of an hour.
  ip netns exec "$(space "$i")" sysctl -qw net.ipv4.tcp_retries2=5
  ip -n "$prefix-switch" link set "port$i" master bridge up
done

# What each host sends, so each link both ways.
limit_links() {
  for i in $(seq $hosts); do
    ip netns exec "$(space "$i")" tc qdisc replace dev eth0 root tbf rate "$1" burst 1mb latency 50ms
    ip netns exec "$prefix-switch" tc qdisc replace dev "port$i" root tbf rate "$1" burst 1mb latency 50ms
  done
}

# In place of ssh: a process on a host, with a name of its own.
cat >"$work/agent" <<END
#!/bin/sh
host=\$1
shift
exec ip netns exec $prefix-\${host##*.} unshare --uts sh -c "hostname host\${host##*.}; \$*"
END
chmod +x "$work/agent"

# on_hosts N WORDS…: a rank on each of the first N hosts.
on_hosts() {
  local count=$1
  shift
  for i in $(seq "$count"); do echo "$(address "$i") slots=1"; done >"$work/hostfile"
  OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 ip netns exec "$(space 1)" \
    unshare --uts sh -c 'hostname host1; exec "$@"' _ "$mpirun" --hostfile "$work/hostfile" --map-by ppr:1:node \
    --bind-to none --mca plm_rsh_agent "$work/agent" --mca plm_rsh_no_tree_spawn 1 \
    --mca oob_tcp_if_include 10.77.0.0/24 --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 \
    --mca orte_abort_on_non_zero_status 1 "$@"
}

# ---- audio and recipe -----------------------------------------------------------------------------------

# Utterances of noise bursts and tones, all different.
python3 - "$work" "${overlap:+long}" <<'END'
import math, random, struct, sys, wave
folder, long = sys.argv[1], len(sys.argv) > 2 and sys.argv[2] == "long"
random.seed(1)
lines = [folder]
for n in range(24):
    samples = 150000 if long else 9000 + 700 * (n % 7)
    step = 0.05 + 0.4 * random.random()
    with wave.open(f"{folder}/u{n}.wav", "wb") as out:
        out.setnchannels(1), out.setsampwidth(2), out.setframerate(16000)
        out.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(step * i * (1 + i / 90000)) + 600 * (random.random() - 0.5)))
                                 for i in range(samples)))
    lines.append(f"u{n}.wav\t{samples}")
open(f"{folder}/train.tsv", "w").write("\n".join(lines) + "\n")
END

cat >"$work/tiny.toml" <<'END'
[model]
encoder_channels = [32, 32, 32, 32, 32]
context_channels = [32, 32]
context_kernels = [3, 3]
dropout = 0.1
[data]
crop_samples = 9500
batch_samples = 10000
valid_fraction = 0.2
[optim]
learning_rate = 5e-4
warmup_updates = 10
schedule = "constant"  # the number of updates changes no bit of those before
[train]
dtype = "f32"
accumulate_batches = 4
max_updates = 20
log_every = 1
valid_every = 7
save_every = 5
[distributed]
bucket_mib = 0.0625
timeout_seconds = 60
END

pretrain=("$program" -q --threads 1 pretrain --config "$work/tiny.toml" --train "$work/train.tsv" --resume)
endless=(--set train.max_updates=1000000 --set train.valid_every=1000000)
model_of() { echo "$1/checkpoints/step_$(printf %08d "$2")/model.safetensors"; }
newest() { basename "$(find "$1/checkpoints" -maxdepth 1 -name 'step_*' | sort | tail -n 1)" | sed 's/step_0*//'; }
# same RUN N: its weights at update N are those of one process that nothing happened to.
same() {
  rm -rf "$work/alone"
  "${pretrain[@]}" --out "$work/alone" --set train.valid_every=1000000 --set "train.max_updates=$2" >/dev/null
  cmp -s "$(model_of "$1" "$2")" "$(model_of "$work/alone" "$2")" || fail "$1: other weights than one process has"
}

# after_updates RUN N: waits until that many are logged.
after_updates() {
  for _ in $(seq 600); do
    [ -f "$1/metrics.jsonl" ] && [ "$(wc -l <"$1/metrics.jsonl")" -ge "$2" ] && return
    sleep 0.1
  done
  fail "$1: no progress"
}

# ends_with CODE TEXT RUN: how the job in the background ended, and that the run goes on from what it saved. An empty
# CODE: any but 0.
ends_with() {
  local code=0
  wait "$job" || code=$?
  [ "$code" -ne 0 ] || fail "the job did not end with an error"
  [ -z "$1" ] || [ "$code" -eq "$1" ] || fail "the job ended with code $code instead of $1: $(cat "$work/log")"
  grep -q "$2" "$work/log" || fail "no word of \"$2\" in: $(cat "$work/log")"
  say "code $code: $(grep -m 1 "$2" "$work/log" | cut -c 1-150)"
  goes_on "$3"
}

goes_on() {
  local saved
  saved=$(newest "$1")
  "${pretrain[@]}" --out "$1" "${endless[@]}" --set train.max_updates=$((saved + 1)) >/dev/null
  same "$1" $((saved + 1))
  say "goes on from update $saved, with the bits of a run that nothing happened to"
}

# ---- overlap --------------------------------------------------------------------------------------------

# measure_overlap RATE HOSTS true|false: medians over updates but for the first two.
measure_overlap() {
  local rate=$1 count=$2 overlapping=$3
  limit_links "$rate"
  rm -rf "$work/run"
  on_hosts "$count" "$program" -q --threads 1 pretrain --config "recipes/pretrain/wav2vec-$overlap.toml" \
    --train "$work/train.tsv" --out "$work/run" --set data.batch_samples=150000 --set data.valid_fraction=0.05 \
    --set "train.accumulate_batches=$count" --set train.max_updates=8 --set train.log_every=1 --set train.dtype=f32 \
    --set train.valid_every=1000 --set train.valid_batches=1 --set "distributed.overlap=$overlapping" "${settings[@]}" >/dev/null
  python3 - "$work/run/metrics.jsonl" "$rate, $count hosts, overlap $overlapping" <<'END'
import json, statistics, sys
records = [json.loads(line) for line in open(sys.argv[1])]
records = [r for r in records if r["split"] == "train"][2:]
median = lambda key: statistics.median(r[key] for r in records)
exchange, waited, update = median("exchange_seconds"), median("exchange_wait_seconds"), median("update_seconds")
print(f"{sys.argv[2]}: update {update:.3f} s, exchange {exchange:.3f} s, waited for {waited:.3f} s, "
      f"hidden {max(0.0, 100 * (1 - waited / exchange)):.0f} %")
END
}

if [ -n "$overlap" ]; then
  step "Overlap, $overlap, one thread per host"
  for rate in 1gbit 10gbit; do
    for overlapping in true false; do measure_overlap $rate "$overlap_hosts" $overlapping; done
  done
  exit 0
fi

# ---- tests ----------------------------------------------------------------------------------------------

limit_links 1gbit
step "1/5 Equal bits on 1, 2 and 4 hosts"
for count in 2 4; do
  on_hosts $count "${pretrain[@]}" --out "$work/on$count" >/dev/null
  same "$work/on$count" 20
done
say "one process, 2 and 4 hosts: $(sha256sum <"$(model_of "$work/alone" 20)" | cut -c 1-16)"

step "2/5 Resume on another number of hosts"
on_hosts 4 "${pretrain[@]}" --out "$work/parts" --set train.max_updates=6 >/dev/null
on_hosts 2 "${pretrain[@]}" --out "$work/parts" --set train.max_updates=13 >/dev/null
on_hosts 3 "${pretrain[@]}" --out "$work/parts" >/dev/null
same "$work/parts" 20
say "4 hosts, then 2, then 3: the same"

step "3/5 A rank is killed"
on_hosts 2 "${pretrain[@]}" --out "$work/killed" "${endless[@]}" >"$work/log" 2>&1 &
job=$!
after_updates "$work/killed" 8
ip netns pids "$(space 2)" | while read -r pid; do
  [ "$(readlink "/proc/$pid/exe")" != "$program" ] || kill -9 "$pid"
done
ends_with "" "exited on signal 9" "$work/killed"

step "4/5 A link is cut"
on_hosts 2 "${pretrain[@]}" --out "$work/cut" "${endless[@]}" --set train.save_every=1000000 \
  --set distributed.timeout_seconds=5 >"$work/log" 2>&1 &
job=$!
after_updates "$work/cut" 8
ip -n "$(space 2)" link set eth0 down
ends_with "" "rank 0 heard nothing from rank 1 for 5 s" "$work/cut"
ip -n "$(space 2)" link set eth0 up

step "5/5 The disk of rank 0 is full"
mkdir "$work/small"
mount -t tmpfs -o size=12m tmpfs "$work/small"
on_hosts 2 "${pretrain[@]}" --out "$work/small/run" "${endless[@]}" --set train.keep_last=1 >"$work/log" 2>&1 &
job=$!
after_updates "$work/small/run" 8
dd if=/dev/zero of="$work/small/filler" bs=64k 2>/dev/null || true
code=0
wait "$job" || code=$?
[ "$code" -eq 5 ] || fail "ended with code $code instead of 5: $(cat "$work/log")"
say "code 5: $(grep -m 1 'wav2vec: ' "$work/log" | cut -c 1-150)"
rm "$work/small/filler"
goes_on "$work/small/run"
say "All as it should be, after $(elapsed)."
