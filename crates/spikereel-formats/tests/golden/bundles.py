"""MATLAB files, tables and clips as scipy, pandas, Pillow, imageio and tifffile write them, and what they hold. Run beside this file: python bundles.py."""
import json
import random
import shutil
import struct
from pathlib import Path

import imageio
import numpy as np
import pandas as pd
import PIL
import pyarrow
import scipy
import scipy.io
import scipy.sparse
import tifffile
import yaml
from PIL import Image

OUT = Path("bundles")
shutil.rmtree(OUT, ignore_errors=True)
OUT.mkdir()
rng = np.random.default_rng(7)
held = {}  # arrays that the files hold
said = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "pandas": pd.__version__, "PIL": PIL.__version__,
                     "imageio": imageio.__version__, "tifffile": tifffile.__version__, "pyarrow": pyarrow.__version__}}

# A MATLAB file: 4 sites, 6 trials, 5 bins.
counts = rng.integers(0, 9, (4, 6, 5)).astype("u1")
areas = ["V4", "MT", "área 17", ""]
unit_info = np.zeros((1, 4), [("area", object), ("depth", object), ("probe", object)])
for at, area in enumerate(areas):
    unit_info[0, at] = (area, float(at) * 0.5, np.array([[at, at + 1]]))
cells = np.empty((4, 1), object)
cells[:, 0] = ["V4", "V4", "MT", "LIP"]
numbers_in_cells = np.empty((1, 6), object)
numbers_in_cells[0, :] = [1.0, np.int32(-2), 3.5, np.zeros((0, 0)), True, 7]
sparse = scipy.sparse.random(6, 5, 0.3, "csc", random_state=3)
scipy.io.savemat(OUT / "day.mat", {
    "counts": counts,
    "unitInfo": unit_info,
    "regs": cells,
    "coded": numbers_in_cells,
    "names": np.array(["V4", "MT", "LIPd", "x"]),  # a matrix of characters, padded
    "session": {"contrast": np.array([0, 0.5, 1, 0, 0.5, 1]), "info": {"mouse": "Hench", "flag": np.array([[True], [False]] * 3)}},
    "row": np.arange(6.0)[None, :] / 3,
    "column": np.arange(6, dtype="i8")[:, None] * 10**9,
    "single": np.array([[0.1, 0.2, 0.3, 0.1, 0.2, 0.3]], "f4"),
    "thin": sparse,
    "vast": scipy.sparse.csc_matrix(([1.0], ([5], [0])), (2**27 + 1, 1)),
    "onset": np.array([[1.0, 2, 3], [4, 5, 6]]),
    "one": np.float64(4.25),
    "complex": np.array([1 + 2j]),
}, do_compression=True)
packed = bytearray((OUT / "day.mat").read_bytes())
packed[:116] = b"MATLAB 5.0 MAT-file, written by scipy".ljust(116)  # without the date
(OUT / "day.mat").write_bytes(packed)
held.update(counts=counts, thin=sparse.toarray(), row=np.arange(6.0) / 3, column=np.arange(6.0) * 1e9,
            depth=np.arange(4.0) * 0.5, coded=np.array([1, -2, 3.5, np.nan, 1, 7]), single=np.array([0.1, 0.2, 0.3] * 2, "f4"))

# Tables: spikes as a long list, sites by id, trials.
sites = pd.DataFrame({"unit": [951058482, 7, 12], "region": ['V4, "upper"', "MT", "LIP"], "depth_um": [10.5, np.nan, 30.0], "good": [True, False, True]})
n_spikes = 60
spikes = pd.DataFrame({"unit": rng.choice(sites["unit"], n_spikes), "time": np.sort(rng.uniform(0, 12, n_spikes))})
trials = pd.DataFrame({"onset": np.arange(6) * 2.0, "shape": ["cross", "circle"] * 3, "reward": [0.1, np.nan, 0.3, 0.4, 0.5, 0.6],
                       "correct": [True, False, True, True, False, True], "unit": [1, 2, 3, 4, 5, 6], "note": ["a\nb", "", "x,y", '"', "é", " "]})
sites.to_csv(OUT / "sites.csv", index=False)
spikes.to_csv(OUT / "spikes.csv")  # with pandas' column of row numbers, which has no name
trials.to_csv(OUT / "trials.csv", index=False, lineterminator="\r\n", encoding="utf-8-sig")
trials.to_csv(OUT / "trials.tsv", index=False, sep="\t", na_rep="NA")
back = pd.read_csv(OUT / "spikes.csv")
held.update({f"times_{unit}": back["time"][back["unit"] == unit].to_numpy() for unit in sites["unit"]})
held["reward"] = trials["reward"].to_numpy()
said["note"] = list(trials["note"])

# The same as Parquet, read where that feature is built.
sites["long_id"] = [2**60 + 1, 2, 3]
sites["count"] = pd.array([1, None, 3], "Int32")
sites["when"] = pd.to_datetime(["2020-01-01"] * 3)
sites.to_parquet(OUT / "sites.parquet", index=False)  # packed by snappy
spikes.to_parquet(OUT / "spikes.parquet", index=False, compression="zstd", row_group_size=25)

# Numbers of every size, as Python writes them, and as others may.
random.seed(5)
numbers = [struct.unpack("<d", random.randbytes(8))[0] for _ in range(400)]
numbers = [x for x in numbers if np.isfinite(x)] + [0.1, 5e-324, 1.7976931348623157e308, -0.0, 2.0**53]
texts = [repr(x) for x in numbers] + ["1e5", "+1.5", " .5 ", "5.", "1E-3", "0.1000000000000000055511151231257827021181583404541015625"]
(OUT / "numbers.csv").write_text("x\n" + "".join(f"{text}\n" for text in texts))
held["numbers"] = np.array([float(text) for text in texts])

# Clips: 5 frames of 6 x 8 pixels.
frames = rng.integers(0, 256, (5, 6, 8, 3)).astype("u1")
gray = frames[..., 0]
held.update(frames=frames, gray=np.repeat(gray[..., None], 3, -1))
(OUT / "clips").mkdir()


def folder(name, pictures, ending="png"):
    path = OUT / "clips" / name
    path.mkdir()
    for at, picture in enumerate(pictures):
        picture.save(path / f"frame_{at + 8}.{ending}")  # 8, 9, 10: numbers must count as numbers
    (path / "notes.txt").write_text("not a frame")


color = [Image.fromarray(frame) for frame in frames]
folder("rgb", color)
folder("rgba", [picture.convert("RGBA") for picture in color])
folder("gray", [Image.fromarray(frame) for frame in gray])
folder("tif", color, "tif")
deep = rng.integers(0, 65536, (5, 6, 8)).astype("u2")
folder("deep", [Image.fromarray(frame) for frame in deep])
held["deep"] = np.repeat(((deep.astype("u8") * 255 + 32767) // 65535).astype("u1")[..., None], 3, -1)
few = [picture.quantize(12) for picture in color]
folder("palette", few)
held["palette"] = np.stack([np.asarray(picture.convert("RGB")) for picture in few])
ink = [picture.convert("1") for picture in color]
folder("ink", ink)
held["ink"] = np.stack([np.asarray(picture.convert("RGB")) for picture in ink])

# A GIF whose second and third of five frames are equal: Pillow merges them.
still = [few[0], few[1], few[1], few[2], few[3]]
still[0].save(OUT / "clips" / "merged.gif", save_all=True, append_images=still[1:], duration=100, loop=0)
with Image.open(OUT / "clips" / "merged.gif") as gif:
    assert gif.n_frames == 4
held["merged"] = np.stack([np.asarray(picture.convert("RGB")) for picture in still])
# A patch that moves over a background: pictures smaller than the canvas, transparent where nothing changed.
moving = np.full((5, 6, 8, 3), 90, "u1")
for at in range(5):
    moving[at, 1:4, at : at + 3] = [200, 30 * at, 0]
imageio.mimwrite(OUT / "clips" / "moving.gif", moving, duration=100, loop=0)
held["moving"] = moving
with Image.open(OUT / "clips" / "moving.gif") as gif:
    seen = []
    for at in range(gif.n_frames):
        gif.seek(at)
        seen.append(np.asarray(gif.convert("RGB")))
    assert (np.stack(seen) == moving).all()
color[0].save(OUT / "clips" / "pages.tif", save_all=True, append_images=color[1:], compression="tiff_lzw")
tifffile.imwrite(OUT / "clips" / "deep.tiff", deep, photometric="minisblack", compression="zlib")
tifffile.imwrite(OUT / "clips" / "white.tiff", gray, photometric="miniswhite")
held["white"] = np.repeat(255 - gray[..., None], 3, -1)


def shrunk(frame, px):
    """The mean of the area under each new pixel, in whole numbers."""
    def shares(n_in):
        out = np.zeros((px, n_in), object)
        for at in range(px):
            for pixel in range(n_in):
                out[at, pixel] = max(0, min((at + 1) * n_in, (pixel + 1) * px) - max(at * n_in, pixel * px))
        return out
    height, width = frame.shape[:2]
    rows, columns, area = shares(height), shares(width), height * width
    sums = np.stack([rows @ frame[..., color].astype(object) @ columns.T for color in range(3)], -1)
    return ((2 * sums + area) // (2 * area)).astype("u1")


held["shrunk"] = np.stack([shrunk(frame, 5) for frame in frames])
held["halved"] = np.stack([shrunk(frame, 2) for frame in frames])
assert np.abs(held["halved"] - np.stack([frame.reshape(2, 3, 2, 4, 3).mean((1, 3)) for frame in frames])).max() <= 0.5
# A folder as experanto has it: six videos of 4 frames at 10 Hz with a blank between them, responses at 20 Hz, spikes.
root = OUT / "experiment"
for name in ["screen/data", "screen/meta", "responses/meta", "units"]:
    (root / name).mkdir(parents=True)
starts, stamps, shown = [], [], []
for at in range(12):
    is_video = at % 2 == 1
    meta = {"modality": "video" if is_video else "blank", "first_frame_idx": len(stamps), "image_size": [6, 8], "tier": ["train", "test"][at // 2 % 2],
            "encoded": False, "trial_idx": at}
    if is_video:
        n = 5 if at == 3 else 4
        video = rng.integers(0, 256, (n, 6, 8)).astype("f4" if at == 5 else "u1")
        np.save(root / "screen/data" / f"{at:05d}.npy", video)
        starts.append(len(stamps))
        shown.append(video[:4])
        meta["num_frames"] = n
    else:
        n = 1
        meta["interleave_value"] = 128
    stamps += [100 + (len(stamps) + i) / 10 for i in range(n)]
    (root / "screen/meta" / f"{at:05d}.yml").write_text(yaml.dump(meta))
stamps = np.array(stamps)
np.save(root / "screen/timestamps.npy", stamps)
(root / "screen/meta.yml").write_text(yaml.dump({"modality": "screen", "frame_rate": 10.0}))
rate, begin = 20.0, 99.97
traces = rng.gamma(1, 1, (90, 4)).astype("f4")
traces.tofile(root / "responses/data.mem")
(root / "responses/meta.yml").write_text(yaml.dump({"modality": "sequence", "sampling_rate": rate, "start_time": begin, "end_time": begin + 90 / rate,
    "n_signals": 4, "n_timestamps": 90, "is_mem_mapped": True, "dtype": "float32", "phase_shift_per_signal": False}))
np.save(root / "responses/meta/region.npy", np.array(["V1", "V1", "LM", "AL"]))
first = np.floor((stamps[starts] - begin) / (1 / rate)).astype(int)  # experanto's nearest neighbor
held["responses"] = np.stack([traces[at : at + 8] for at in first])
held["onset_of_video"] = stamps[starts]
held["videos"] = np.repeat(np.stack(shown).astype("u1")[..., None], 3, -1)
by_unit = [np.sort(rng.uniform(99, 105, n)) for n in [5, 0, 9, 3]]
np.concatenate(by_unit).tofile(root / "units/spikes.npy")
ends = [0] + [int(n) for n in np.cumsum([len(times) for times in by_unit])]
(root / "units/meta.yml").write_text(yaml.dump({"modality": "spikes", "n_signals": 4, "spike_indices": ends, "start_time": 99.0, "end_time": 105.0}))
held["unit_2"] = by_unit[2]

np.savez_compressed(OUT / "held.npz", **held)
(OUT / "said.json").write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n")
