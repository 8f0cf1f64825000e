"""Makes the golden files beside it from float64 PyTorch: python make_goldens.py [name ...]

decoder.safetensors    full size, batch 2: outputs (train, eval), loss, every gradient, buffers after one training batch
optimisers.safetensors ten steps of Adamax and Adam on fixed gradients
small_steps.safetensors ten Adamax steps of a small network: losses, weights at the end
narrow_steps.safetensors ten Adamax losses of the full-size network with 4 base channels
torch_written.safetensors weights of a small network, float32, as safetensors.torch writes them; torch_written_output.safetensors its output
"""
import json
import pathlib
import sys
import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch
from reference import *

HERE = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)


def store(name, tensors, **notes):
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, HERE / f"{name}.safetensors",
              {"note": json.dumps({**versions(), **notes})})


def subset(tensors, prefix, name, values, n_picks, dtype=np.float64):
    """Stores a fixed subset with the whole tensor's sum and sum of squares."""
    values = np.asarray(values).reshape(-1)
    tensors[f"{prefix}/{name}"] = values[picks(name, values.size, n_picks)].astype(dtype)
    tensors[f"{prefix}/{name}/sums"] = np.array([values.sum(), (values**2).sum()])


def full_decoder():
    net = VideoDecoder()
    assert sum(p.numel() for p in net.parameters()) == 3_554_915
    fill(net)
    spikes, videos = spikes_and_videos(2, net, 45, 32, 32)
    tensors = {}

    def passes(mode):
        x = spikes.clone().requires_grad_()
        out = net(x)
        loss = loss_of(out, videos, frame_weights(45))
        loss.backward()
        subset(tensors, mode, "output", channels_last(out), 6000, np.float32)
        tensors[f"{mode}/loss"] = np.array([loss.item()])
        subset(tensors, mode, "input_gradient", x.grad.numpy(), 1000, np.float32)

    net.train()
    passes("train")
    for name, p in net.named_parameters():
        subset(tensors, "gradient", name, p.grad.numpy(), 1500, np.float32)
    buffers = {name: b for name, b in net.named_buffers() if not name.endswith("tracked")}
    for name, b in buffers.items():
        tensors[f"buffer/{name}"] = b.numpy().astype(np.float32)

    # Evaluation with running statistics like those of real training: those of the batch. With others, activations vary by a few
    # percent of their mean, and rounding to f32 then decides which of two values in a pooling window is larger.
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm3d)):
            module.momentum = 1.0
    with torch.no_grad():
        net(spikes)
        for name, b in buffers.items():
            b.copy_(b.float().double())
            tensors[f"eval_buffer/{name}"] = b.numpy().astype(np.float32)
    net.eval()
    passes("eval")
    store("decoder", tensors)


def optimisers():
    n, tensors = 257, {}
    for name, make in [("adamax", lambda p: torch.optim.Adamax(p, lr=0.01)), ("adam", lambda p: torch.optim.Adam(p, lr=0.01, eps=1e-9))]:
        p = torch.nn.Parameter(torch.from_numpy(uniform("start", n).astype(np.float32).astype(np.float64)))
        optimiser = make([p])
        for step in range(10):
            # Sizes from 1e-6 to 1, and some exact zeros.
            scale = 10.0 ** (3 * uniform(f"scale{step}", n) - 3)
            g = uniform(f"gradient{step}", n) * scale * (uniform(f"zero{step}", n) > -0.9)
            p.grad = torch.from_numpy(g.astype(np.float32).astype(np.float64))
            optimiser.step()
            tensors[f"{name}/{step}"] = p.detach().numpy().copy()
    store("optimisers", tensors)


def ten_steps(net, n, frames, size):
    fill(net)
    net.train()
    spikes, videos = spikes_and_videos(n, net, frames, size, size)
    optimiser = torch.optim.Adamax(net.parameters(), lr=0.01)
    losses = []
    for _ in range(10):
        optimiser.zero_grad()
        loss = loss_of(net(spikes), videos, frame_weights(frames))
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return np.array(losses)


def small_steps():
    net = VideoDecoder(12, 5, 16, 16, 2, (2, 2, 3))
    tensors = {"losses": ten_steps(net, 3, 12, 16)}
    for name, value in net.state_dict().items():
        if not name.endswith("tracked"):
            subset(tensors, "end", name, value.numpy(), 500)
    store("small_steps", tensors)


def narrow_steps():
    store("narrow_steps", {"losses": ten_steps(VideoDecoder(base=4), 4, 45, 32)})


def torch_written():
    """7 frames of 4 x 4, so that padding is seen too; base_channels 1 keeps the file small."""
    net = VideoDecoder(7, 2, 4, 4, 1, (2, 2, 2))
    fill(net)
    spikes, _ = spikes_and_videos(2, net, 7, 4, 4)
    store("torch_written_output", {"output": channels_last(net.eval()(spikes))})
    save_torch({k: v.float() if v.is_floating_point() else v for k, v in net.state_dict().items()}, HERE / "torch_written.safetensors")


if __name__ == "__main__":
    for make in [optimisers, torch_written, small_steps, narrow_steps, full_decoder]:
        if len(sys.argv) < 2 or make.__name__ in sys.argv[1:]:
            print(make.__name__, flush=True)
            make()
