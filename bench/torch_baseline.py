#!/usr/bin/env python3
"""Speed of wav2vec 1.0 in PyTorch on this CPU: what `wav2vec bench` is compared with (bench/compare.sh).

Features are z and c without gradients; a step is forward, contrastive loss (12 predicted frames, 10 negatives) and
backward, without the optimiser. Each is run once to warm up and then timed. bf16 is autocast, with group norm and
scoring in float32. Prints one JSON line as `wav2vec bench --json` does. Needs Debian's python3-torch, python3-numpy.

Example: /usr/bin/python3 bench/torch_baseline.py --model base --batch 1 --dtype bf16 --threads 2
"""
import argparse, json, os, resource, statistics, time

import torch
import torch.nn.functional as F

CHANNELS, PREDICTION_STEPS, NEGATIVES = 512, 12, 10
OFFSET = 3  # frames from a context to its first target: the receptive field, 465 samples, is under three hops of 160
ENCODER = [(10, 5), (8, 4), (4, 2), (4, 2), (4, 2)]  # (kernel, stride)
CONTEXT = {"base": [3] * 9, "large": list(range(2, 14))}  # kernels


def uniform(*shape, bound):
    return torch.empty(shape).uniform_(-bound, bound).requires_grad_()


class Block:
    """Convolution, group norm over the whole utterance, ReLU."""

    def __init__(self, channels_in, kernel, stride=1, bias=False):
        bound = (channels_in * kernel) ** -0.5
        self.stride, self.weight = stride, uniform(CHANNELS, channels_in, kernel, bound=bound)
        self.bias = uniform(CHANNELS, bound=bound) if bias else None
        self.gain, self.shift = (make(CHANNELS, requires_grad=True) for make in (torch.ones, torch.zeros))

    def __call__(self, x):
        x = F.conv1d(x, self.weight, self.bias, self.stride)
        return F.relu(F.group_norm(x.float(), 1, self.gain, self.shift))


class Wav2Vec:
    def __init__(self, model):
        self.large = model == "large"
        strides = ENCODER + [(1, 1)] * (2 if self.large else 0)
        self.encoder = [Block(1 if i == 0 else CHANNELS, *layer) for i, layer in enumerate(strides)]
        self.context = [Block(CHANNELS, kernel, bias=True) for kernel in CONTEXT[model]]
        bound = (CHANNELS * PREDICTION_STEPS) ** -0.5
        self.projection = uniform(PREDICTION_STEPS * CHANNELS, CHANNELS, 1, bound=bound)
        self.projection_bias = uniform(CHANNELS, 1, bound=bound)  # one for all steps

    def parameters(self):
        held = [vars(block).values() for block in self.encoder + self.context] + [vars(self).values()]
        return [p for values in held for p in values if isinstance(p, torch.Tensor)]

    def features(self, samples):
        """[batch, samples] to z and c, both [batch, channels, frames]."""
        z = samples.unsqueeze(1)
        for block in self.encoder:
            z = block(z)
        if self.large:
            z = torch.log(z.abs() + 1)
        c = z
        for block in self.context:
            causal = F.pad(c, (block.weight.shape[2] - 1, 0), mode="replicate")
            c = (block(causal) + c) * 0.5**0.5 if self.large else block(causal)
        return z, c

    def loss(self, z, c, negatives):
        """Binary cross-entropy of true frames against negatives, [batch * NEGATIVES * frames] indices of frames."""
        batch, channels, frames = z.shape
        predicted = F.conv1d(c, self.projection).view(batch, -1, channels, frames) + self.projection_bias
        distractors = z.transpose(0, 1).reshape(channels, -1)[:, negatives]
        distractors = distractors.view(channels, batch, NEGATIVES, frames).permute(2, 1, 0, 3)
        candidates = torch.cat([z.unsqueeze(0), distractors])  # [1 + NEGATIVES, batch, channels, frames]
        total = 0
        for step in range(min(PREDICTION_STEPS, frames - OFFSET)):
            ahead = OFFSET + step
            logits = (predicted[:, step, :, : frames - ahead] * candidates[..., ahead:]).sum(2)
            total = total + F.softplus(-logits[0]).sum() + F.softplus(logits[1:]).sum()
        return total


def timed(run, repeat, audio_seconds):
    run()
    ends = [time.perf_counter()]
    for _ in range(repeat):
        run()
        ends.append(time.perf_counter())
    seconds = [end - start for start, end in zip(ends, ends[1:])]
    median = statistics.median(seconds)
    rate = round(audio_seconds / median, 2)
    return {"best_s": round(min(seconds), 4), "median_s": round(median, 4), "audio_s_per_s": rate}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="base", choices=list(CONTEXT))
    parser.add_argument("--batch", type=int, default=1, help="utterances at once")
    parser.add_argument("--seconds", type=float, default=9.375, help="length of each")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeat", type=int, default=3, help="timed runs, after one to warm up")
    parser.add_argument("--dtype", default="fp32", choices=["fp32", "bf16"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    network = Wav2Vec(options.model)
    samples = torch.rand(options.batch, int(options.seconds * 16000)) - 0.5
    with torch.no_grad():
        frames = network.features(samples[:1])[0].shape[2]
    first_frame = torch.arange(options.batch).view(-1, 1) * frames
    negatives = (torch.randint(frames, (options.batch, NEGATIVES * frames)) + first_frame).flatten()

    def pass_forward():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.dtype == "bf16"):
            return network.features(samples)

    def step():
        z, c = pass_forward()
        network.loss(z.float(), c.float(), negatives).backward()
        for parameter in network.parameters():
            parameter.grad = None

    result = {**vars(options), "torch": torch.__version__}
    audio_seconds = options.batch * options.seconds
    result["features"] = timed(torch.no_grad()(pass_forward), options.repeat, audio_seconds)
    result["step"] = timed(step, options.repeat, audio_seconds)
    result["peak_rss_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(result))


if __name__ == "__main__":
    main()
