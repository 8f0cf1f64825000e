"""The real recording as an NWB file, each count written as that many spikes at the middle of its bin, and whether the dataset that
spikereel imports from it equals the one it prepares from the recording itself.

    python steinmetz_nwb.py path/to/steinmetz_s10.npz path/to/spikereel

Ran with pynwb 4.2, hdmf 6.2 and numpy 2.4; prints their versions. Exits with 1 where an array differs."""
import json
import pathlib
import subprocess
import sys
import tempfile
from datetime import datetime, timezone

import hdmf
import numpy as np
import pynwb
from pynwb import NWBHDF5IO, NWBFile

PERIOD_SECS = 4.0  # from one trial to the next; any number beyond a trial's length


def write(source, path):
    arrays = np.load(source)
    counts, regions = arrays["counts"], arrays["region"]
    n_trials, n_bins, n_units = counts.shape
    width = 0.01
    nwb = NWBFile("session 10", "steinmetz_s10", datetime(2017, 6, 17, tzinfo=timezone.utc))
    device = nwb.create_device("probe")
    places = list(dict.fromkeys(regions.tolist()))
    groups = {place: nwb.create_electrode_group(place, "sites", place, device) for place in places}
    for place in places:
        nwb.add_electrode(location=place, group=groups[place])
    for name in ("contrast_left", "contrast_right", "feedback"):
        nwb.add_trial_column(name, "as published")
    for trial in range(n_trials):
        columns = {name: float(arrays[name][trial]) for name in ("contrast_left", "contrast_right", "feedback")}
        start = 10.0 + PERIOD_SECS * trial
        nwb.add_trial(start_time=start, stop_time=start + n_bins * width, **columns)
    starts = 10.0 + PERIOD_SECS * np.arange(n_trials)
    middles = (starts[:, None] + (np.arange(n_bins) + 0.5) * width).ravel()
    for unit in range(n_units):
        times = np.repeat(middles, counts[:, :, unit].ravel())
        nwb.add_unit(spike_times=times, electrodes=[places.index(regions[unit])])
    with NWBHDF5IO(path, "w") as io:
        io.write(nwb)


def main():
    source, spikereel = sys.argv[1:3]
    print(f"pynwb {pynwb.__version__}, hdmf {hdmf.__version__}, numpy {np.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write(source, folder / "session.nwb")
        print(f"{(folder / 'session.nwb').stat().st_size / 1e6:.1f} MB")
        flags = ["--factor", "contrast_left", "--factor", "contrast_right", "--covariate", "feedback", "--drop-region", "root"]
        made, expected = folder / "made", folder / "expected"
        run = lambda *line: subprocess.run([spikereel, *map(str, line)], check=True, stdout=subprocess.DEVNULL)
        run("import", folder / "session.nwb", *flags, "--out", made)
        run("prepare", "builtin:steinmetz_s10", "--out", expected)
        same = True
        for name in ("spikes.bin", "video.bin", "split.json"):
            equal = (made / name).read_bytes() == (expected / name).read_bytes()
            print(f"{name}: {'same' if equal else 'DIFFERENT'}")
            same &= equal
        a, b = (json.loads((path / "dataset.json").read_text()) for path in (made, expected))
        for key in a:
            if key not in ("inputs", "remarks"):
                print(f"dataset.json {key}: {'same' if a[key] == b[key] else 'DIFFERENT'}")
                same &= a[key] == b[key]
        run("import", made / "dataset.toml", "--out", folder / "again")
        for name in ("spikes.bin", "video.bin", "split.json", "dataset.json"):
            equal = (made / name).read_bytes() == (folder / "again" / name).read_bytes()
            print(f"repeated, {name}: {'same' if equal else 'DIFFERENT'}")
            same &= equal
    sys.exit(0 if same else 1)


main()
