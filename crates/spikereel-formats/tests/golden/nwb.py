"""Small NWB files as pynwb writes them, older layouts by hand, and what they hold. Run beside this file: python nwb.py."""
import json
import warnings
import os
from datetime import datetime, timezone

import h5py
import hdf5plugin
import hdmf
import numpy as np
import pynwb
from hdmf.backends.hdf5.h5_utils import H5DataIO
from hdmf.common import EnumData
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.base import Images, ImageReferences
from pynwb.behavior import BehavioralTimeSeries
from pynwb.epoch import TimeIntervals
from pynwb.image import GrayscaleImage, ImageSeries, IndexSeries, OpticalSeries, RGBImage

warnings.simplefilter("ignore")
OUT = "nwb"
PACKED = {
    "gzip": dict(compression="gzip", compression_opts=9, shuffle=True, chunks=(16,)),
    "lzf": dict(compression="lzf", chunks=(16,)),
    "zstd": dict(**hdf5plugin.Zstd(), chunks=(16,), allow_plugin_filters=True),
    "blosc": dict(**hdf5plugin.Blosc(cname="lz4", shuffle=1), chunks=(16,), allow_plugin_filters=True),
    "fletcher": dict(fletcher32=True, shuffle=True, compression="gzip", chunks=(16,)),
}
golden = {}


def start(identifier):
    return NWBFile("what was done", identifier, datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc), session_id="one")


def spikes(seed, n_units=5, secs=24.0):
    rng = np.random.default_rng(seed)
    return [np.sort(rng.uniform(0.1, secs, 6 + 3 * unit)) for unit in range(n_units)]


def save(nwb, name, libver="earliest"):
    path = f"{OUT}/{name}.nwb"
    with h5py.File(path, "w", libver=libver) as file, NWBHDF5IO(mode="w", file=file) as io:
        io.write(nwb, cache_spec=False)
    assert os.path.getsize(path) < 80_000, (name, os.path.getsize(path))


def electrodes(nwb, locations, groups=("shank0", "shank1"), group_locations=("V4", "IT")):
    device = nwb.create_device("probe")
    made = [nwb.create_electrode_group(g, "a shank", l, device) for g, l in zip(groups, group_locations)]
    for at, location in enumerate(locations):
        nwb.add_electrode(location=location, group=made[at % len(made)])


def trials(nwb, n=12, **columns):
    for name, values in columns.items():
        nwb.add_trial_column(name, "a column")
    for at in range(n):
        nwb.add_trial(start_time=2.0 * at, stop_time=2.0 * at + 1.5, **{k: v[at] for k, v in columns.items()})


def keep(name, lists, regions, align=None, **more):
    golden[name] = dict(spikes=[[x.hex() for x in map(float, times)] for times in lists], regions=regions,
                        align=None if align is None else [float(x).hex() for x in align], **more)


def full():
    nwb = start("full-1")
    electrodes(nwb, ["V1", "V1", "MT", "unknown", "None"])
    lists = spikes(1)
    nwb.add_unit_column("quality", "how good")
    nwb.add_unit_column("peak", "id of an electrode")
    nwb.add_unit_column("brain_area", "by hand")
    # Unit 4 has two electrodes in MT and one in V1.
    rows = [[0], [0, 1], [3], [4], [0, 2, 2]]
    for at, times in enumerate(lists):
        nwb.add_unit(spike_times=times, electrodes=rows[at], quality=["good", "mua"][at % 2], peak=at, brain_area=["A", "A", "B", "B", "C"][at], id=10 + at)
    n = 12
    columns = dict(
        direction=np.arange(n) % 4 * 90.0, contrast=(np.arange(n) % 3 * 0.1).astype("f4"), cue=[["cross", "círculo"][at % 2] for at in range(n)],
        correct=[bool(at % 3) for at in range(n)], go_time=2.0 * np.arange(n) + 0.25, late=[0.3 if at % 4 else np.nan for at in range(n)],
        count=np.arange(n, dtype="i2") - 3)
    trials(nwb, n, **columns)
    nwb.trials.add_column("licks", "ragged", data=np.arange(n, dtype=float), index=np.arange(1, n + 1))
    nwb.trials.add_column("side", "left or right", col_cls=EnumData, enum=["left", "right"], data=[at % 2 for at in range(n)])
    stamps = np.arange(100) * 0.25
    run = TimeSeries("running", data=np.arange(100, dtype="i2"), unit="cm/s", conversion=0.5, timestamps=stamps)
    nwb.add_acquisition(run)
    pupil = TimeSeries("pupil", data=np.arange(100) / 7, unit="mm", timestamps=run)  # its timestamps are a soft link
    module = nwb.create_processing_module("behavior", "what it did")
    module.add(BehavioralTimeSeries(time_series=[pupil]))
    movie = np.random.default_rng(2).integers(0, 256, (6, 3, 4, 3), dtype="u1")
    nwb.add_stimulus(OpticalSeries("movie", data=H5DataIO(movie, compression="gzip", shuffle=True), distance=1.0, field_of_view=[1.0, 1.0], orientation="up", unit="n.a.", starting_time=0.0, rate=0.25))
    nwb.add_stimulus(ImageSeries("gray", data=np.linspace(0, 1, 24).reshape(2, 3, 4).astype("f4"), unit="n.a.", timestamps=[1.0, 3.0]))
    nwb.add_stimulus(ImageSeries("outside", external_file=["../a.avi", "b.avi"], format="external", starting_frame=[0, 10], unit="n.a.", rate=30.0, starting_time=0.0, num_samples=20))
    pictures = [RGBImage("b_first", data=movie[0]), GrayscaleImage("a_second", data=movie[1, :, :, 0])]
    images = Images("pictures", images=pictures, order_of_images=ImageReferences("order_of_images", pictures))
    nwb.add_stimulus_template(images)
    nwb.add_stimulus(IndexSeries("shown", data=np.array([1, 0, 1], "u4"), unit="N/A", indexed_images=images, timestamps=[0.5, 4.5, 8.5]))
    epochs = TimeIntervals("blocks", "blocks of trials")
    epochs.add_row(start_time=0.0, stop_time=12.0)
    epochs.add_row(start_time=10.0, stop_time=24.0)
    nwb.add_time_intervals(epochs)
    save(nwb, "full", "latest")
    keep("full", lists, ["V1", "V1", "IT", "V4", "MT"], columns["go_time"], movie=movie.tolist(),
         gray=np.round(np.linspace(0, 1, 24).astype("f4").astype(float) * 255).astype(int).reshape(2, 3, 4).tolist(),
         direction=columns["direction"].tolist(), cue=columns["cue"], correct=columns["correct"],
         running=[float(np.mean([0.5 * i for i in range(100) if 0.25 * i >= t and 0.25 * i < t + 1]))
                  for t in columns["go_time"]])


def packed(name):
    nwb = start(name)
    electrodes(nwb, ["V1", "MT"])
    lists = spikes(3)
    nwb.add_unit_column("dummy", "x")
    for at, times in enumerate(lists):
        nwb.add_unit(spike_times=times, electrodes=[at % 2], dummy=at)
    trials(nwb, 12, code=[at % 2 for at in range(12)])
    nwb.units["spike_times"].target.set_data_io(H5DataIO, PACKED[name])
    nwb.units["spike_times"].set_data_io(H5DataIO, {**PACKED[name], "chunks": (2,)})
    save(nwb, name, "earliest" if name == "gzip" else "latest")
    with h5py.File(f"{OUT}/{name}.nwb") as file:
        assert file["units/spike_times"].chunks == (16,) and file["units/spike_times"].id.get_create_plist().get_nfilters(), name
    keep(name, lists, ["V1", "MT", "V1", "MT", "V1"], 2.0 * np.arange(12))


def bare():
    """No trials, no electrodes: only a column says where units stand."""
    nwb = start("bare")
    lists = spikes(4, 3)
    nwb.add_unit_column("area_name", "by hand")
    for at, times in enumerate(lists):
        nwb.add_unit(spike_times=times, area_name=["LIP", "FEF", "LIP"][at])
    save(nwb, "bare")
    keep("bare", lists, ["LIP", "FEF", "LIP"])


def old():
    """The layout of schema 2.0, by hand: fixed strings, index of uint8, times of big-endian float64, no `electrodes_index`, attributes
    of `object` type, the table's region in the group, latest file format, a soft link in place of a table and one in a circle."""
    lists = spikes(5, 4)
    with h5py.File(f"{OUT}/old.nwb", "w", libver="latest") as file:
        file.attrs["nwb_version"] = np.bytes_("NWB-2.0b")
        for key in ["identifier", "session_description"]:
            file[key] = np.bytes_(f"old {key}")
        units = file.create_group("units")
        units.attrs["neurodata_type"] = "DynamicTable"
        units.attrs["colnames"] = np.array(["spike_times", "electrodes"], dtype=h5py.string_dtype())
        units["id"] = np.arange(4, dtype="i4")
        units.create_dataset("spike_times", data=np.concatenate(lists).astype(">f8"))
        index = units.create_dataset("spike_times_index", data=np.cumsum([len(x) for x in lists]).astype("u1"))
        index.attrs["target"] = units["spike_times"].ref
        units["electrodes"] = np.array([1, 0, 1, 0], "i8")
        table = file.create_group("general/extracellular_ephys/electrodes")
        table["id"] = np.arange(2)
        table["location"] = np.array([b"none", b"none"])
        table["group_name"] = np.array([b"tetrode0", b"tetrode1"])
        for at, place in enumerate(["CA1", ""]):
            group = file.create_group(f"general/extracellular_ephys/tetrode{at}")
            group.attrs["location"] = place
        stored = file.create_group("scratch/runs")
        stored["id"] = np.arange(6)
        stored["start_time"] = (2.0 * np.arange(6)).astype(">f4")
        stored["stop_time"] = 2.0 * np.arange(6) + 1
        stored["kind"] = np.array([b"a", b"b", b"c"] * 2)
        file.create_group("intervals")
        file["intervals/trials"] = h5py.SoftLink("/scratch/runs")
        file["intervals/circle"] = h5py.SoftLink("/intervals/circle2")
        file["intervals/circle2"] = h5py.SoftLink("/intervals/circle")
        file["stimulus/presentation/outside"] = h5py.ExternalLink("other.nwb", "/stimulus/presentation/outside")
        movie = file.create_group("stimulus/presentation/pixels")
        movie.attrs["neurodata_type"] = "ImageSeries"
        movie["data"] = np.arange(24, dtype=">u2").reshape(2, 3, 4) * 2000
        movie["starting_time"] = 0.0
        movie["starting_time"].attrs["rate"] = np.float32(2.0)
    keep("old", lists, ["tetrode1", "CA1", "tetrode1", "CA1"], 2.0 * np.arange(6))


def hostile():
    """Declared sizes, and places of data, that must be refused."""
    with h5py.File(f"{OUT}/hostile.nwb", "w") as file:
        file.attrs["nwb_version"] = "2.7.0"
        file.create_dataset("virtual", data=[1.0])
        layout = h5py.VirtualLayout((4,), "f8")
        layout[:] = h5py.VirtualSource("secret.h5", "x", (4,))
        file.create_virtual_dataset("units_virtual", layout)
        file.create_dataset("outside", (4,), "f8", external=[("secret.bin", 0, 32)])
        file.create_dataset("huge", (1 << 40,), "f8", chunks=(1 << 20,), compression="gzip")
        file.create_dataset("huge_chunk", (1 << 20, 1 << 10), "f8", chunks=(1 << 18, 1 << 10), compression="gzip")
        file["link"] = h5py.ExternalLink("other.h5", "/x")
    golden["hostile"] = {}


os.makedirs(OUT, exist_ok=True)
full()
for name in PACKED:
    packed(name)
bare()
old()
hostile()
golden["versions"] = dict(pynwb=pynwb.__version__, hdmf=hdmf.__version__, hdf5plugin=hdf5plugin.version, h5py=h5py.__version__, hdf5=h5py.version.hdf5_version, numpy=np.__version__)
json.dump(golden, open(f"{OUT}/nwb.json", "w"), ensure_ascii=False)
print({n: os.path.getsize(f"{OUT}/{n}") for n in sorted(os.listdir(OUT))}, golden["versions"])
