"""Makes models.safetensors beside it from float64 PyTorch: outputs in training and evaluation, every gradient, running statistics of the
inverse, the comparison networks and the temporal decoder at a reduced size: python make_models.py
"""
import json
import pathlib
import numpy as np
import torch
from safetensors.numpy import save_file
from models import make
from reference import fill, picks, uniform, versions

HERE = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)
SIZES = {"n_bins": 5, "n_sites": 4, "n_frames": 6, "height": 10, "width": 18, "base_channels": 2}
NOTES = {
    "mlp": {**SIZES, "model": "mlp"},
    "shallow_cnn": {**SIZES, "model": "shallow_cnn"},
    "decoder_temporal": {**SIZES, "model": "decoder_temporal"},
    "encoder": {"encoder": SIZES},
}
N = 3


def subset(tensors, key, name, values, n_picks=400):
    values = np.asarray(values).reshape(-1)
    tensors[key] = values[picks(name, values.size, n_picks)]
    tensors[f"{key}/sums"] = np.array([values.sum(), (values**2).sum()])


def main():
    counts = {"mlp": 3_746_484, "shallow_cnn": 602_115, "encoder": 3_551_983}
    tensors = {}
    for name, note in NOTES.items():
        full = {"n_bins": 45, "n_sites": 140, "n_frames": 45, "height": 32, "width": 32, "base_channels": 32}
        whole = make({"encoder": full} if name == "encoder" else {**full, "model": name})
        n_params = sum(p.numel() for p in whole.parameters())
        print(name, n_params)
        assert n_params == counts.get(name, n_params)
        tensors[f"{name}/n_params"] = np.array([float(n_params)])

        net = make(note)
        fill(net)
        shape = (N, 6, 10, 18, 3) if name == "encoder" else (N, 5, 4)
        x = (1.7 * uniform("spikes", int(np.prod(shape)))).astype(np.float32).astype(np.float64).reshape(shape)
        for mode in ["train", "eval"]:
            net.train(mode == "train")
            net.zero_grad()
            leaf = torch.from_numpy(x).requires_grad_()
            out = net(leaf)
            direction = uniform("direction", out.numel()).reshape(out.shape)
            (out * torch.from_numpy(direction)).sum().backward()
            subset(tensors, f"{name}/{mode}/output", "output", out.detach().numpy())
            subset(tensors, f"{name}/{mode}/input_gradient", "input_gradient", leaf.grad.numpy())
            for parameter, value in net.named_parameters():
                subset(tensors, f"{name}/{mode}/gradient/{parameter}", parameter, value.grad.numpy())
        # Evaluation came behind one training batch: its statistics are those of the formula moved by that batch.
        for buffer, value in net.named_buffers():
            if not buffer.endswith("tracked"):
                tensors[f"{name}/buffer/{buffer}"] = value.numpy().copy()
    tensors = {key: np.ascontiguousarray(value) for key, value in tensors.items()}
    save_file(tensors, HERE / "models.safetensors", {"note": json.dumps(versions())})


if __name__ == "__main__":
    main()
