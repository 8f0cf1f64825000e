"""Loads weights written by spikereel into PyTorch, strictly, and compares outputs: python check_weights.py WEIGHTS OUTPUT

OUTPUT holds `input` and `output` as safetensors, channels last as in Rust; model and shape are read from the note beside the weights. Ends
with an error where anything differs by more than 1e-5 of the output's largest value.
"""
import json
import sys
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from models import make


def main(weights_path, output_path):
    with safe_open(weights_path, "pt") as file:
        net = make(json.loads(file.metadata()["spikereel"]))
    net.load_state_dict(load_file(weights_path), strict=True)
    data = load_file(output_path)
    with torch.no_grad():
        output = net.eval()(data["input"])
    assert output.shape == data["output"].shape, (output.shape, data["output"].shape)
    worst = ((output - data["output"]).abs().max() / max(1.0, output.abs().max())).item()
    print(f"{type(net).__name__}: largest difference {worst:.2e} over {output.numel()} values")
    assert worst < 1e-5


main(*sys.argv[1:])
