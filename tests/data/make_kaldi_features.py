#!/usr/bin/env python3
"""Filter banks and MFCC by torchaudio.compliance.kaldi, to compare ours with.

    make_kaldi_features.py           makes tests/data/kaldi/generated.wav and <case>.<signal>.npy of both signals there,
                                     computed in float64 and stored as float32
    make_kaldi_features.py FOLDER    reads FOLDER/<n>.wave.npy (samples in [-1, 1)), makes FOLDER/<n>.<case>.npy, the same
                                     computed in float64 FOLDER/<n>.<case>.double.npy, and FOLDER/<n>.sliding<k>.npy by torchaudio.functional.sliding_window_cmn of
                                     FOLDER/<n>.rows.npy where there is one

The cases are those of kaldi/cases.json, under the names and defaults of our options. Needs Debian's
python3-torchaudio. kaldi/speech.wav is the second from 0.6 s on of LibriSpeech's 103-1240-0000 (CC BY 4.0, see NOTICE):
ffmpeg -i 103-1240-0000.opus -ss 0.6 -t 1 -ac 1 -ar 16000 -bitexact speech.wav
"""
import json
import pathlib
import sys
import wave

import numpy as np
import torch
import torchaudio.compliance.kaldi as kaldi
import torchaudio.functional

HERE = pathlib.Path(__file__).resolve().parent / "kaldi"
TORCHAUDIO_NAMES = {"frame_length_ms": "frame_length", "frame_shift_ms": "frame_shift", "window": "window_type",
                    "preemphasis": "preemphasis_coefficient"}
SLIDING = [dict(), dict(norm_vars=True, center=True), dict(cmn_window=50, min_cmn_window=20, norm_vars=True),
           dict(cmn_window=51, center=True)]


def compute(case, samples):
    """The features of one case in the precision of `samples`, which are in [-1, 1)."""
    options = {"waveform_scale": 32768.0, "energy_floor": 0.0, "use_energy": case["features"] == "mfcc"}
    options.update(case["options"])
    scaled = torch.from_numpy(samples.copy()) * options.pop("waveform_scale")
    named = {TORCHAUDIO_NAMES.get(key, key): value for key, value in options.items()}
    function = getattr(kaldi, case["features"])
    return function(scaled[None], dither=0.0, sample_frequency=float(case["sample_rate_hz"]), **named).numpy()


def save(path, rows):
    np.save(path, np.ascontiguousarray(rows, dtype=np.float32))


def generated_signal():
    """A rising tone with noise, silence, noise on a step and full scale: 0.4 s."""
    t = np.arange(6400) / 16000.0
    noise = np.random.RandomState(1).uniform(-1, 1, t.size)
    x = 0.3 * np.sin(2 * np.pi * (100 + 8000 * t) * t) + 0.01 * noise + 0.1
    x[2000:2900] = 0.0
    x[2900:3500] = 0.25 + 0.05 * noise[2900:3500]
    x[5500:] = np.sign(x[5500:])
    return np.clip(np.round(x * 32768), -32768, 32767).astype("<i2")


def write_golden(cases):
    with wave.open(str(HERE / "generated.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(generated_signal().tobytes())
    for signal in ("generated", "speech"):
        with wave.open(str(HERE / f"{signal}.wav")) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0
        for case in cases:
            save(HERE / f"{case['name']}.{signal}.npy", compute(case, samples))


def write_beside(cases, folder):
    for path in sorted(folder.glob("*.wave.npy")):
        for case in cases:
            name = f"{path.name.split('.')[0]}.{case['name']}"
            save(folder / f"{name}.npy", compute(case, np.load(path)))
            save(folder / f"{name}.double.npy", compute(case, np.load(path).astype(np.float64)))
    for path in sorted(folder.glob("*.rows.npy")):
        for k, options in enumerate(SLIDING):
            rows = torch.from_numpy(np.load(path)).double()
            save(folder / f"{path.name.split('.')[0]}.sliding{k}.npy",
                 torchaudio.functional.sliding_window_cmn(rows, **options).numpy())


def main():
    cases = json.loads((HERE / "cases.json").read_text())
    if len(sys.argv) > 1:
        write_beside(cases, pathlib.Path(sys.argv[1]))
    else:
        write_golden(cases)


if __name__ == "__main__":
    main()
