"""The published decoder in PyTorch, and values that both languages can make from a formula.

The layers follow Zhang et al., Communications Biology 2026 (doi 10.1038/s42003-025-09486-7) and their published code: names, shapes and
parameter counts are theirs. Used by the scripts beside it; the Rust tests make the same values from the same formula.
"""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

MASK = (1 << 64) - 1


def fnv1a(name):
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def uniform(name, n):
    """n values in [-1, 1), multiples of 2^-23: SplitMix64 of a counter, keyed by a name."""
    with np.errstate(over="ignore"):
        z = np.uint64(fnv1a(name)) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0


def picks(name, n, n_picks):
    """Positions of the stored subset of a large tensor, ascending, or all of a small one."""
    if n <= n_picks:
        return np.arange(n)
    u = (uniform("picks/" + name, n_picks) + 1.0) / 2.0
    return np.sort((u * n).astype(np.int64))


class SpikeEmbed(nn.Module):
    def __init__(self, n_bins, n_sites, height, width):
        super().__init__()
        self.size = (n_bins, 3, height, width)
        self.dense1 = nn.Linear(n_sites, 512)
        self.bn1 = nn.BatchNorm2d(n_bins)
        self.dense2 = nn.Linear(512, 3 * height * width)

    def forward(self, spikes):
        h = self.bn1(self.dense1(spikes).unsqueeze(-1)).squeeze(-1)
        h = torch.sigmoid(self.dense2(F.relu(h)))
        return h.view(-1, *self.size).permute(0, 2, 1, 3, 4)


class VideoDecoder(nn.Module):
    def __init__(self, n_bins=45, n_sites=140, height=32, width=32, base=32, pools=(3, 3, 5)):
        super().__init__()
        a, b, c = pools
        self.frames = a * b * c
        h = base
        self.Dense = SpikeEmbed(n_bins, n_sites, height, width)
        enc, dec = [], []
        for i, o, k, pool in [(3, h, 7, a), (h, 2 * h, 5, b), (2 * h, 4 * h, 3, c), (4 * h, 4 * h, 3, 1)]:
            enc += [nn.Conv3d(i, o, k, padding=k // 2), nn.BatchNorm3d(o), nn.ReLU(), nn.MaxPool3d((pool, 2, 2))]
        for n, (i, o, k, up) in enumerate([(4 * h, 4 * h, 3, 1), (4 * h, 2 * h, 3, c), (2 * h, h, 5, b), (h, 3, 7, a)]):
            up = nn.Upsample(scale_factor=(up, 2, 2), mode="nearest")
            dec += [up, nn.Conv3d(i, o, k, padding=k // 2), nn.BatchNorm3d(o)] + ([nn.ReLU()] if n < 3 else [])
        self.encoder, self.decoder = nn.Sequential(*enc), nn.Sequential(*dec)

    def forward(self, spikes):
        """[trial, bin, site] -> [trial, rgb, frame, height, width]"""
        x = self.Dense(spikes)
        frames, height, width = x.shape[2:]
        # Sizes that pooling does not divide are padded at the end by repetition, and the output is cropped.
        to = [self.frames, -(-height // 16) * 16, -(-width // 16) * 16]
        x = F.pad(x, (0, to[2] - width, 0, to[1] - height, 0, to[0] - frames), mode="replicate")
        return (torch.tanh(self.decoder(self.encoder(x))[:, :, :frames, :height, :width]) + 1) / 2


def fill(net):
    """Weights from the formula, rounded to f32: uniform in +-1/sqrt(fan_in); batch norms near their defaults."""
    state = net.state_dict()
    modules = dict(net.named_modules())
    for name, value in state.items():
        module = modules[name.rsplit(".", 1)[0]]
        u = uniform(name, value.numel()) if value.ndim else None
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.Conv3d)):
            v = u / np.sqrt(module.weight[0].numel())
        elif name.endswith("num_batches_tracked"):
            continue
        elif name.endswith("running_var"):
            v = 1.0 + 0.3 * u
        elif name.endswith("weight"):
            v = 1.0 + 0.2 * u
        else:
            v = 0.1 * u
        state[name] = torch.from_numpy(v.astype(np.float32).astype(np.float64)).reshape(value.shape)
    net.load_state_dict(state)


def spikes_and_videos(n, net, frames, height, width):
    """Inputs of about unit variance, targets in 0..1 stored [trial, frame, height, width, rgb] as in Rust."""
    sites = net.Dense.dense1.in_features
    bins = net.Dense.size[0]
    spikes = (1.7 * uniform("spikes", n * bins * sites)).astype(np.float32).astype(np.float64)
    videos = (0.5 + 0.5 * uniform("videos", n * frames * height * width * 3)).astype(np.float32).astype(np.float64)
    videos = videos.reshape(n, frames, height, width, 3).transpose(0, 4, 1, 2, 3)
    return torch.from_numpy(spikes.reshape(n, bins, sites)), torch.from_numpy(videos.copy())


def loss_of(video, truth, weights):
    """The published code's loss: frame-weighted 1 - SSIM (window 4, sigma 1.5) over the sum of weights, plus the mean squared error."""
    g = torch.tensor([-((x - 2) ** 2) / 4.5 for x in range(4)], dtype=video.dtype).exp()
    g = g / g.sum()
    window = (g[:, None] * g[None, :]).expand(3, 1, 4, 4).contiguous()
    b, c, t, h, w = video.shape
    x = video.permute(0, 2, 1, 3, 4).reshape(b * t, c, h, w)
    y = truth.permute(0, 2, 1, 3, 4).reshape(b * t, c, h, w)
    blur = lambda z: F.conv2d(z, window, padding=2, groups=3)
    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
    s = ((2 * mx * my + 1e-4) * (2 * cov + 9e-4)) / ((mx * mx + my * my + 1e-4) * (vx + vy + 9e-4))
    per_frame = s.reshape(b, t, -1).mean((0, 2))
    return (weights * (1 - per_frame)).sum() / weights.sum() + F.mse_loss(video, truth)


def frame_weights(frames):
    """1, 2, 5 over the paper's 5 + 10 + 30 frames; all 1 for any other number of frames."""
    values = [1.0] * 5 + [2.0] * 10 + [5.0] * 30 if frames == 45 else [1.0] * frames
    return torch.tensor(values, dtype=torch.float64)


def versions():
    return {"torch": torch.__version__, "numpy": np.__version__}


def channels_last(video):
    return video.detach().permute(0, 2, 3, 4, 1).reshape(-1).numpy()
