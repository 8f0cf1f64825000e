"""The published comparison networks, the published inverse, and our temporal decoder in PyTorch, under the names of our tables.

All take and give channels-last values as in Rust: spikes [trial, bin, site], video [trial, frame, height, width, rgb].
"""
import torch
import torch.nn as nn
import torch.nn.functional as F
from reference import SpikeEmbed, VideoDecoder

POOLS = {1: (1, 1, 1), 3: (1, 1, 3), 4: (1, 2, 2), 6: (1, 2, 3), 7: (2, 2, 2), 9: (1, 3, 3), 12: (2, 2, 3), 45: (3, 3, 5)}


def last(video):
    """[trial, rgb, frame, height, width] -> [trial, frame, height, width, rgb]"""
    return video.permute(0, 2, 3, 4, 1)


def resample(x, n):
    """Nearest along axis 1, the position under the centre."""
    at = (2 * torch.arange(n) + 1) * x.shape[1] // (2 * n)
    return x[:, at]


def pad_to(x, frames):
    """Repetition at the end, [trial, rgb, frame, height, width]."""
    _, _, t, h, w = x.shape
    return F.pad(x, (0, -w % 16, 0, -h % 16, 0, frames - t), mode="replicate")


class Decoder(VideoDecoder):
    def forward(self, spikes):
        return last(super().forward(spikes))


class Mlp(nn.Module):
    def __init__(self, n_bins, n_sites, n_frames, height, width):
        super().__init__()
        self.size = (3, height, width)
        self.n_frames = n_frames
        self.mlp = nn.Sequential(
            nn.Linear(n_sites, 512), nn.BatchNorm1d(n_bins), nn.ReLU(),
            nn.Linear(512, 1024), nn.BatchNorm1d(n_bins), nn.ReLU(),
            nn.Linear(1024, 3 * height * width), nn.Sigmoid())

    def forward(self, spikes):
        video = self.mlp(spikes).unflatten(-1, self.size).permute(0, 1, 3, 4, 2)
        return resample(video, self.n_frames)


class ShallowCnn(nn.Module):
    def __init__(self, n_bins, n_sites, n_frames, height, width):
        super().__init__()
        self.n_frames, self.size = n_frames, (height, width)
        self.start = (64, -(-height // 4), -(-width // 4))
        double = lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        block = lambda i, o: [nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU()]
        self.dense = nn.Linear(n_sites, self.start[0] * self.start[1] * self.start[2])
        self.conv = nn.Sequential(
            *block(64, 32), double(), *block(32, 16), double(), *block(16, 8), nn.Conv2d(8, 3, 3, padding=1), nn.Sigmoid())

    def forward(self, spikes):
        n, bins, _ = spikes.shape
        maps = self.dense(spikes).view(n * bins, *self.start)
        video = self.conv(maps)[:, :, : self.size[0], : self.size[1]].permute(0, 2, 3, 1)
        return resample(video.reshape(n, bins, *video.shape[1:]), self.n_frames)


class TemporalDecoder(nn.Module):
    def __init__(self, n_bins, n_sites, n_frames, height, width, base):
        super().__init__()
        self.n_frames = n_frames
        self.Dense = SpikeEmbed(n_bins, n_sites, height, width)
        h, enc, dec = base, [], []
        widths = [h, 2 * h, 4 * h, 4 * h]
        for i, o in zip([3] + widths, widths):
            enc += [nn.Conv3d(i, o, 3, padding=1), nn.BatchNorm3d(o), nn.ReLU(), nn.MaxPool3d((1, 2, 2))]
        for n, (i, skip, o) in enumerate(zip([4 * h, 4 * h, 2 * h, h], reversed(widths), [4 * h, 2 * h, h, 3])):
            up = nn.Upsample(scale_factor=(1, 2, 2), mode="nearest")
            dec += [up, nn.Conv3d(i + skip, o, 3, padding=1), nn.BatchNorm3d(o)] + ([nn.ReLU()] if n < 3 else [])
        self.encoder, self.decoder = nn.Sequential(*enc), nn.Sequential(*dec)

    def forward(self, spikes):
        x = self.Dense(spikes)
        height, width = x.shape[3:]
        x = resample(x.transpose(1, 2), self.n_frames).transpose(1, 2)
        x = pad_to(x, self.n_frames)
        levels = []
        for module in self.encoder:
            x = module(x)
            if isinstance(module, nn.ReLU):
                levels.append(x)
        for module in self.decoder:
            x = module(x)
            if isinstance(module, nn.Upsample):
                x = torch.cat([x, levels.pop()], 1)
        return last((torch.tanh(x[:, :, :, :height, :width]) + 1) / 2)


class InverseEncoder(nn.Module):
    def __init__(self, n_bins, n_sites, n_frames, height, width, base):
        super().__init__()
        self.n_bins = n_bins
        trunk = VideoDecoder(n_bins, n_sites, height, width, base, POOLS[n_frames])
        self.frames, self.encoder, self.decoder = trunk.frames, trunk.encoder, trunk.decoder
        self.Dense = nn.ModuleDict({
            "dense1": nn.Linear(3 * height * width, 512), "bn1": nn.BatchNorm1d(n_bins), "dense2": nn.Linear(512, n_sites)})

    def forward(self, video):
        n, frames, height, width, _ = video.shape
        x = self.decoder(self.encoder(pad_to(video.permute(0, 4, 1, 2, 3), self.frames)))
        x = x[:, :, :frames, :height, :width].permute(0, 2, 1, 3, 4).flatten(2)
        x = self.Dense["bn1"](self.Dense["dense1"](resample(x, self.n_bins)))
        return self.Dense["dense2"](F.relu(x))


def make(note):
    """The network that the note beside weights describes."""
    if "encoder" in note:
        s = note["encoder"]
        return InverseEncoder(s["n_bins"], s["n_sites"], s["n_frames"], s["height"], s["width"], s["base_channels"])
    sizes = [note[k] for k in ["n_bins", "n_sites", "n_frames", "height", "width"]]
    model = note.get("model", "decoder")
    if model == "mlp":
        return Mlp(*sizes)
    if model == "shallow_cnn":
        return ShallowCnn(*sizes)
    if model == "decoder_temporal":
        return TemporalDecoder(*sizes, note["base_channels"])
    bins, sites, frames, height, width = sizes
    return Decoder(bins, sites, height, width, note["base_channels"], POOLS[frames])
