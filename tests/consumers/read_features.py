#!/usr/bin/env python3
"""Reads what `wav2vec extract` wrote, with the tools of its users and with readers written from the formats'
definitions, and compares every value with the npy files.

    read_features.py FOLDER        FOLDER/<format>/… for every format, FOLDER/npy is the reference
    read_features.py --ark NPY     an archive on standard input, as at the end of a Kaldi pipe

Ends with 0 when all agree, 77 (skipped) when numpy is missing; says what it could not try.
"""
import csv
import json
import pathlib
import struct
import sys

try:
    import numpy
except ImportError:
    if __name__ != "__main__":
        raise
    print("SKIPPED: python3-numpy is missing")
    sys.exit(77)
try:
    import h5py
except ImportError:
    h5py = None


def take(stream, count):
    data = stream.read(count)
    assert len(data) == count, f"wanted {count} bytes, got {len(data)}"
    return data


def ark_key(stream):
    """The key in front of an object; None at the end."""
    key = b""
    while True:
        c = stream.read(1)
        if not c:
            assert not key, "the archive ends within a key"
            return None
        if c == b" ":
            return key.decode()
        key += c


def ark_matrix(stream):
    """One matrix of Kaldi, binary (FM, CM, CM2, CM3) or text. Returns it with a bound on its error."""
    first = take(stream, 1)
    if first != b"\0":
        return text_matrix(stream, first), 0.0
    assert take(stream, 1) == b"B"
    kind = b""
    while not kind.endswith(b" "):
        kind += take(stream, 1)
    if kind == b"FM ":
        sizes = []
        for _ in range(2):
            assert take(stream, 1) == b"\4"
            sizes.append(struct.unpack("<i", take(stream, 4))[0])
        return numpy.frombuffer(take(stream, 4 * sizes[0] * sizes[1]), "<f4").reshape(sizes), 0.0
    return compressed_matrix(stream, kind)


def text_matrix(stream, text):
    rows = []
    while True:
        line = text + stream.readline()
        text = b""
        assert line, "the archive ends within a matrix"
        values = line.replace(b"[", b"").replace(b"]", b"").split()
        if values:
            rows.append([float(v) for v in values])
        if b"]" in line:
            return numpy.array(rows, "<f4")


def compressed_matrix(stream, kind):
    """compressed-matrix.cc: GlobalHeader without its format, then the codes."""
    least, extent, rows, columns = struct.unpack("<ffii", take(stream, 16))
    slack = 1e-6 * (abs(least) + extent)
    if kind in (b"CM2 ", b"CM3 "):
        dtype, most = ("<u2", 65535) if kind == b"CM2 " else ("u1", 255)
        codes = numpy.frombuffer(take(stream, rows * columns * numpy.dtype(dtype).itemsize), dtype)
        values = least + codes.reshape(rows, columns) * (extent / most)
        return values, extent / most * 0.51 + slack
    assert kind == b"CM ", kind
    quantiles = numpy.frombuffer(take(stream, 8 * columns), "<u2").reshape(columns, 4)
    p0, p25, p75, p100 = (least + extent / 65535 * quantiles.astype("f8")).T
    assert (quantiles[:, 1:] > quantiles[:, :-1]).all()
    codes = numpy.frombuffer(take(stream, rows * columns), "u1").reshape(columns, rows).T.astype("f8")
    values = numpy.where(
        codes <= 64,
        p0 + (p25 - p0) * codes / 64,
        numpy.where(codes <= 192, p25 + (p75 - p25) * (codes - 64) / 128, p75 + (p100 - p75) * (codes - 192) / 63),
    )
    widest = numpy.max([(p25 - p0) / 128, (p75 - p25) / 256, (p100 - p75) / 126], axis=0)
    return values, widest + extent / 65535 + slack


def read_scp(path):
    for line in open(path):
        key, place = line.rstrip("\n").split(" ", 1)
        archive, offset = place.rsplit(":", 1)
        with open(archive, "rb") as stream:
            stream.seek(int(offset))
            yield key, ark_matrix(stream)


def read_ark(stream):
    while (key := ark_key(stream)) is not None:
        yield key, ark_matrix(stream)


def read_htk(path):
    data = open(path, "rb").read()
    count, period, size, kind = struct.unpack(">iihh", data[:12])
    assert kind == 9 and len(data) == 12 + count * size
    return numpy.frombuffer(data[12:], ">f4").reshape(count, size // 4), period


def read_safetensors(path):
    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    entry = header["features"]
    assert entry["dtype"] == "F32"
    begin, end = entry["data_offsets"]
    values = numpy.frombuffer(data[8 + length + begin : 8 + length + end], "<f4").reshape(entry["shape"])
    return values, header["__metadata__"]


def same(name, found, expected, bound=0.0):
    assert found.shape == expected.shape, f"{name}: {found.shape}, expected {expected.shape}"
    worst = numpy.abs(found.astype("f8") - expected)
    assert (worst <= bound).all(), f"{name}: off by {worst.max()}, allowed {numpy.max(bound)}"


def same_contract(name, found, contract):
    for key, value in contract.items():
        if key == "file_format":
            value = name
        if hasattr(found[key], "item"):
            assert found[key].item() == value, f"{name}: {key}"
        else:
            assert found[key] in (value, str(value)), f"{name}: {key} is {found[key]}, expected {value}"


def check_file_formats(folder, reference, contract):
    hop_100ns = round(1e7 * contract["hop_samples"] / contract["sample_rate_hz"])
    for name, expected in reference.items():
        arrays = numpy.load(folder / "npz" / f"{name}.npz")
        assert sorted(arrays.files) == ["contract", "features"]
        same("npz", arrays["features"], expected)
        same_contract("npz", json.loads(arrays["contract"].item()), contract)

        values, period = read_htk(folder / "htk" / f"{name}.htk")
        same("htk", values, expected)
        assert period == hop_100ns

        values, metadata = read_safetensors(folder / "safetensors" / f"{name}.safetensors")
        same("safetensors", values, expected)
        same_contract("safetensors", metadata, contract)

        with open(folder / "csv" / f"{name}.csv", newline="") as stream:
            header, *lines = csv.reader(stream)
        assert header == ["utterance", "seconds"] + [str(c) for c in range(expected.shape[1])]
        assert {line[0] for line in lines} == {name}
        same("csv", numpy.array([line[2:] for line in lines], "f4"), expected)
        hop = contract["hop_samples"] / contract["sample_rate_hz"]
        times = contract["first_frame_center_seconds"] + hop * numpy.arange(len(lines))
        assert numpy.allclose([float(line[1]) for line in lines], times, rtol=0, atol=1e-9)


def check_hdf5(folder, reference, contract):
    if h5py is None:
        print("SKIPPED: hdf5 and h5context, for python3-h5py is missing")
        return
    with h5py.File(folder / "hdf5" / "features.h5") as archive:
        same_contract("hdf5", archive.attrs, contract)
        found = []
        archive["features"].visititems(lambda n, o: found.append(n) if isinstance(o, h5py.Dataset) else None)
        assert sorted(found) == sorted(reference)
        for name, expected in reference.items():
            assert archive["features"][name].dtype == "<f4"
            same("hdf5", archive["features"][name][()], expected)
    for name, expected in reference.items():
        with h5py.File(folder / "h5context" / f"{name}.h5context") as file:
            assert sorted(file) == ["features", "info"]
            assert file["features"].dtype == "<f4" and file["info"].dtype == "<f8"
            rate = contract["sample_rate_hz"] / contract["hop_samples"]
            assert file["info"][()].tolist() == [rate, *expected.shape]
            same("h5context", file["features"][()], expected.ravel())


def check_archives(folder, reference):
    for kind in ("ark", "ark-text", "ark-cm1", "ark-cm2", "ark-cm3"):
        scp = dict(read_scp(folder / kind / "feats.scp"))
        with open(folder / kind / "feats.ark", "rb") as stream:
            ark = dict(read_ark(stream))
        assert scp.keys() == ark.keys() == reference.keys(), f"{kind}: {sorted(ark)}"
        for name, expected in reference.items():
            for values, bound in (scp[name], ark[name]):
                same(kind, values, expected, bound)


def load_reference(folder):
    return {str(p.relative_to(folder))[:-4]: numpy.load(p) for p in sorted(folder.rglob("*.npy"))}


def main():
    if sys.argv[1] == "--ark":
        reference = load_reference(pathlib.Path(sys.argv[2]))
        seen = 0
        for name, (values, bound) in read_ark(sys.stdin.buffer):
            same("pipe", values, reference[name], bound)
            seen += 1
        assert seen == len(reference), f"{seen} utterances, expected {len(reference)}"
        print(f"OK: {seen} utterances through a pipe")
        return
    folder = pathlib.Path(sys.argv[1])
    reference = load_reference(folder / "npy")
    assert reference
    contract = json.load(open(folder / "npy" / "frames.json"))
    check_file_formats(folder, reference, contract)
    check_hdf5(folder, reference, contract)
    check_archives(folder, reference)
    print(f"OK: {len(reference)} utterances in every format")


if __name__ == "__main__":
    main()
