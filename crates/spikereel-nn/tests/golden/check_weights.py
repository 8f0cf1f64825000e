"""Loads weights written by spikereel into PyTorch, strictly, and compares outputs: python check_weights.py WEIGHTS OUTPUT

OUTPUT holds `spikes` [trial, bin, site] and `video` [trial, frame, height, width, rgb] as safetensors; the decoder's shape is read from
the note beside the weights. Ends with an error where anything differs by more than 1e-5.
"""
import json
import sys
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from reference import VideoDecoder


def main(weights_path, output_path):
    with safe_open(weights_path, "pt") as file:
        shape = json.loads(file.metadata()["spikereel"])
    pools = {7: (2, 2, 2), 12: (2, 2, 3), 45: (3, 3, 5)}[shape["n_frames"]]
    net = VideoDecoder(shape["n_bins"], shape["n_sites"], shape["height"], shape["width"], shape["base_channels"], pools)
    net.load_state_dict(load_file(weights_path), strict=True)
    data = load_file(output_path)
    with torch.no_grad():
        video = net.eval()(data["spikes"]).permute(0, 2, 3, 4, 1)
    worst = (video - data["video"]).abs().max().item()
    print(f"largest difference {worst:.2e} over {video.numel()} values")
    assert worst < 1e-5


main(*sys.argv[1:])
