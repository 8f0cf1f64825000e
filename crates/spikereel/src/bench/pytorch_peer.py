#!/usr/bin/env python3
"""The published decoder in PyTorch, one precision and memory layout a process, for `spikereel bench --peer PYTHON`.

    pytorch_peer.py FOLDER BATCH THREADS MODE        MODE: f32, f32-cl, bf16, bf16-cl (cl: channels last)

FOLDER holds weights.safetensors, spikes.f32 [trial, bin, site] and videos.f32 [trial, frame, height, width, rgb]. Runs two training steps
from these weights and prints their losses as JSON; then answers each line `infer` or `train` on stdin with the seconds that one
such step took, and the end of stdin with its peak memory. A training step is forward, loss, backward, Adamax.

Needs torch alone. Layers, shapes and names follow the published model.
"""
import json
import resource
import struct
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

N_BINS, HIDDEN, SIDE = 45, 512, 32
POOLS = [(3, 2, 2), (3, 2, 2), (5, 2, 2), (1, 2, 2)]
UPS = [(1, 2, 2), (5, 2, 2), (3, 2, 2), (3, 2, 2)]


class SpikeEmbed(nn.Module):
    def __init__(self, n_sites):
        super().__init__()
        self.dense1 = nn.Linear(n_sites, HIDDEN)
        self.bn1 = nn.BatchNorm2d(N_BINS)
        self.dense2 = nn.Linear(HIDDEN, 3 * SIDE * SIDE)

    def forward(self, spikes):
        hidden = self.bn1(self.dense1(spikes).unsqueeze(-1)).squeeze(-1)
        frames = torch.sigmoid(self.dense2(F.relu(hidden)))
        return frames.view(-1, N_BINS, 3, SIDE, SIDE).permute(0, 2, 1, 3, 4)


class VideoDecoder(nn.Module):
    def __init__(self, n_sites, width):
        super().__init__()
        self.Dense = SpikeEmbed(n_sites)
        down, up = [], []
        sizes = [(3, width, 7), (width, 2 * width, 5), (2 * width, 4 * width, 3), (4 * width, 4 * width, 3)]
        for (n_in, n_out, k), pool in zip(sizes, POOLS):
            down += [nn.Conv3d(n_in, n_out, k, padding=k // 2), nn.BatchNorm3d(n_out), nn.ReLU(), nn.MaxPool3d(pool)]
        sizes = [(4 * width, 4 * width, 3), (4 * width, 2 * width, 3), (2 * width, width, 5), (width, 3, 7)]
        for at, ((n_in, n_out, k), factor) in enumerate(zip(sizes, UPS)):
            up += [nn.Upsample(scale_factor=factor, mode="nearest"), nn.Conv3d(n_in, n_out, k, padding=k // 2)]
            up.append(nn.BatchNorm3d(n_out))
            if at < 3:
                up.append(nn.ReLU())
        self.encoder, self.decoder = nn.Sequential(*down), nn.Sequential(*up)
        self.layout = torch.contiguous_format

    def forward(self, spikes):
        frames = self.Dense(spikes).contiguous(memory_format=self.layout)
        return (torch.tanh(self.decoder(self.encoder(frames))) + 1) / 2


def loss_of(video, truth, window, weights):
    """Frame-weighted structural dissimilarity (window 4, sigma 1.5, padding 2) plus mean squared error."""
    frames = lambda z: z.permute(0, 2, 1, 3, 4).reshape(-1, 3, SIDE, SIDE)
    x, y = frames(video), frames(truth)
    blur = lambda z: F.conv2d(z, window, padding=2, groups=3)
    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
    ssim = ((2 * mx * my + 1e-4) * (2 * cov + 9e-4)) / ((mx * mx + my * my + 1e-4) * (vx + vy + 9e-4))
    per_frame = ssim.reshape(video.shape[0], video.shape[2], -1).mean((0, 2))
    return (weights * (1 - per_frame)).sum() / weights.sum() + F.mse_loss(video, truth)


def read_safetensors(path):
    data = open(path, "rb").read()
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + n])
    header.pop("__metadata__", None)
    types = {"F32": torch.float32, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        values = torch.frombuffer(bytearray(data[8 + n + first : 8 + n + last]), dtype=types[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def read_f32(path, shape):
    return torch.frombuffer(bytearray(open(path, "rb").read()), dtype=torch.float32).reshape(shape)


def main():
    folder, batch, threads, mode = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    torch.set_num_threads(threads)
    state = read_safetensors(f"{folder}/weights.safetensors")
    n_sites, width = state["Dense.dense1.weight"].shape[1], state["encoder.0.weight"].shape[0]
    net = VideoDecoder(n_sites, width)
    net.load_state_dict(state, strict=True)
    if mode.endswith("-cl"):
        net = net.to(memory_format=torch.channels_last_3d)
        net.layout = torch.channels_last_3d
    spikes = read_f32(f"{folder}/spikes.f32", (batch, N_BINS, n_sites))
    truth = read_f32(f"{folder}/videos.f32", (batch, N_BINS, SIDE, SIDE, 3)).permute(0, 4, 1, 2, 3).contiguous()
    taps = torch.tensor([-((x - 2) ** 2) / 4.5 for x in range(4)]).exp()
    taps = taps / taps.sum()
    window = (taps[:, None] * taps[None, :]).expand(3, 1, 4, 4).contiguous()
    weights = torch.tensor([1.0] * 5 + [2.0] * 10 + [5.0] * 30)
    optimiser = torch.optim.Adamax(net.parameters(), lr=0.01)
    cast = lambda: torch.autocast("cpu", dtype=torch.bfloat16, enabled=mode.startswith("bf16"))

    def infer():
        net.eval()
        with torch.no_grad(), cast():
            net(spikes)

    def train():
        net.train()
        optimiser.zero_grad(set_to_none=True)
        with cast():
            video = net(spikes)
        loss = loss_of(video.float(), truth, window, weights)
        loss.backward()
        optimiser.step()
        return loss.item()

    print(json.dumps({"losses": [train(), train()], "version": torch.__version__}), flush=True)
    steps = {"infer": infer, "train": train}
    for line in sys.stdin:
        start = time.perf_counter()
        steps[line.strip()]()
        print(json.dumps({"secs": time.perf_counter() - start}), flush=True)
    print(json.dumps({"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)


if __name__ == "__main__":
    main()
