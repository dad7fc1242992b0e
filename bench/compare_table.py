#!/usr/bin/env python3
"""Ratios and medians of the turns that bench/compare.sh measured, as Markdown on stdout.

Usage: compare_table.py FILE, one line {"program": "wav2vec"|"PyTorch", "asked": "f32"|"bf16", "result": {…}} per run.
"""
import json
import statistics
import sys
from collections import defaultdict

VARIANTS = [("wav2vec", "f32"), ("PyTorch", "f32"), ("wav2vec", "bf16"), ("PyTorch", "bf16")]
OURS_F32, TORCH_F32, OURS_BF16, TORCH_BF16 = VARIANTS


def row(*cells):
    print("| " + " | ".join(cells) + " |")


def header(*cells):
    row(*cells)
    row(*["---"] * len(cells))


def values(runs, what, key):
    return [run[what][key] for run in runs]


def seconds(runs, what):
    return statistics.median(values(runs, what, "median_s"))


def peak(runs):
    return statistics.median(run["peak_rss_mib"] for run in runs)


def spread(runs, what):
    v = values(runs, what, "median_s")
    return f"{statistics.median(v):.3f} ({min(v):.3f}–{max(v):.3f})"


def ratio_row(name, batch, runs):
    def faster(what, ours, torch):
        return f"{seconds(runs[torch], what) / seconds(runs[ours], what):.2f} ×"

    row(name, str(batch),
        faster("step", OURS_BF16, TORCH_F32), faster("step", OURS_BF16, TORCH_BF16),
        faster("step", OURS_F32, TORCH_F32),
        faster("features", OURS_BF16, TORCH_F32), faster("features", OURS_F32, TORCH_F32),
        f"{100 * statistics.median(values(runs[OURS_BF16], 'step', 'gemm_share')):.0f} %",
        f"{peak(runs[OURS_F32]) / peak(runs[TORCH_F32]):.2f}",
        f"{peak(runs[OURS_BF16]) / peak(runs[TORCH_BF16]):.2f}")


def raw_row(name, batch, variant, runs):
    audio = runs[0]["batch"] * runs[0]["seconds"]
    row(name, str(batch), *variant,
        spread(runs, "features"), f"{audio / seconds(runs, 'features'):.2f}",
        spread(runs, "step"), f"{audio / seconds(runs, 'step'):.2f}", f"{peak(runs):.0f}")


def main():
    groups = defaultdict(lambda: defaultdict(list))
    with open(sys.argv[1], encoding="utf-8") as file:
        for run in map(json.loads, file):
            result = run["result"]
            groups[result["model"], result["batch"]][run["program"], run["asked"]].append(result)

    first = next(iter(groups.values()))
    ours, torch = first[OURS_F32][0], first[TORCH_F32][0]
    print(f"wav2vec and PyTorch {torch.get('torch', '')}, utterances of {ours['seconds']:g} s, {ours['threads']} "
          f"threads; medians over {len(first[OURS_F32])} turns. × is times as fast as PyTorch; memory is ours / "
          "PyTorch's.\n")
    header("model", "batch", "step bf16 / torch f32", "step bf16 / torch bf16", "step f32 / torch f32",
           "features bf16 / torch f32", "features f32 / torch f32", "step, share of the bf16 GEMM rate",
           "peak memory f32", "peak memory bf16")
    for (name, batch), runs in groups.items():
        ratio_row(name, batch, runs)
    print("\nMedian seconds (least–most over the turns), audio seconds per second, peak memory in MiB:\n")
    header("model", "batch", "program", "dtype", "features, s", "audio s/s", "step, s", "audio s/s", "peak MiB")
    for (name, batch), runs in groups.items():
        for variant in VARIANTS:
            raw_row(name, batch, variant, runs[variant])


if __name__ == "__main__":
    main()
