"""A small invented session in the form of Siegel et al. (2015): as level 5 by scipy.io.savemat, with columns in one structure, and as
version 7.3 (mat73_writer.py), with arrays of structures and one table a task. Counts are numpy's. Run beside this file: python siegel.py."""
import json

import numpy as np
import scipy
import scipy.io as sio

from mat73_writer import Mat73, cells

N_TRIALS, TASKS = 36, ["mocol", "memory"]
AREAS = ["MT", "PFC", "MT", "PFC", "PFC"]
ELECTRODES = [1, 2, 1, 3, 3]
ISOLATED = [0, 0, 1, 0, 1]
GRIDS = {"paper": (-1.5, 0.1, 0.1, 45), "sliding": (-0.5, 0.2, 0.1, 8)}


def session():
    rng = np.random.default_rng(2015)
    pick = lambda values: rng.choice(values, N_TRIALS)
    trials = {
        "task": pick(["mocol"] * 5 + ["memory"]),
        "cue": pick([1.0, 2.0, 3.0, 4.0]),
        "color": pick([90.0, -30.0, 90.0, -30.0, 5.0]),
        "direction": pick([30.0, -90.0]),
        "badTrials": pick([0.0] * 6 + [1.0]),
        "expectedResponse": pick(["L", "R"]),
        "reactionTime": rng.uniform(0.2, 0.5, N_TRIALS).round(4),
    }
    other = np.where(trials["expectedResponse"] == "L", "R", "L")
    trials["response"] = np.where(rng.random(N_TRIALS) < 0.15, other, trials["expectedResponse"])
    trials["response"][3] = ""  # no response
    times = np.empty((N_TRIALS, len(AREAS)), object)
    for at, unit in np.ndindex(times.shape):
        times[at, unit] = np.sort(rng.uniform(-2.5, 3.5, rng.poisson(9)))
    times[0, 0] = np.array([-1.5 + 0.1 * b for b in range(46)])  # on every edge
    times[1, 1] = np.zeros(0)
    times[2, 2] = times[2, 2][::-1].copy()  # not in order
    return trials, times


def counts_of(times, rows, columns, grid):
    start, width, step, n_bins = grid
    left = start + np.arange(n_bins) * step
    n_steps = round(width / step)  # the edge of one bin is the same number in the next
    right = start + (np.arange(n_bins) + n_steps) * step
    counts = np.zeros((len(rows), n_bins, len(columns)), int)
    for t, row in enumerate(rows):
        for s, units in enumerate(columns):
            spikes = np.concatenate([times[row, unit] for unit in units])
            counts[t, :, s] = ((spikes[:, None] >= left) & (spikes[:, None] < right)).sum(0)
    return counts


def text(values):
    return cells((len(values), 1), [str(value) for value in values])


def save_level5(path, trials, times):
    columns = {name: text(v) if v.dtype.kind == "U" else v[:, None] for name, v in trials.items()}
    units = {"area": text(AREAS), "electrode": np.array(ELECTRODES)[:, None], "isolated": np.array(ISOLATED, bool)[:, None]}
    shaped = np.empty(times.shape, object)
    for at, values in np.ndenumerate(times):
        shaped[at] = values[:, None]
    sio.savemat(path, {"spikeTimes": shaped, "unitInfo": units, "trialInfo": columns}, do_compression=True, long_field_names=True)
    with open(path, "r+b") as file:  # the text of the header holds the time
        file.write(b"MATLAB 5.0 MAT-file, written by scipy.io.savemat".ljust(116))


def structures(columns, rows):
    out = np.zeros((len(rows), 1), [(name, object) for name in columns])
    for at, row in enumerate(rows):
        out[at, 0] = tuple(str(v[row]) if isinstance(v[row], str) else np.array([[v[row]]]) for v in columns.values())
    return out


def save_73(path, trials, times):
    mat = Mat73(path)
    shaped = np.empty(times.shape, object)
    for at, values in np.ndenumerate(times):
        shaped[at] = values[None]
    mat.write("spikeTimes", shaped)
    units = {"area": AREAS, "electrode": [float(e) for e in ELECTRODES], "isolated": [bool(i) for i in ISOLATED]}
    mat.write("unitInfo", structures(units, range(len(AREAS))))
    columns = {"row": [float(row + 1) for row in range(N_TRIALS)]} | {name: v for name, v in trials.items() if name != "task"}
    by_task = {task: structures(columns, np.flatnonzero(trials["task"] == task)) for task in TASKS}
    mat.write("trialInfo", {"task": text(trials["task"])} | by_task)
    mat.close()


def expected(trials, times):
    good = (trials["task"] == "mocol") & (trials["badTrials"] == 0)
    right = trials["response"] == trials["expectedResponse"]
    shown = np.isin(trials["color"], [90, 30, -30, -90])
    rows = np.flatnonzero(good & right & shown)
    shapes = {1: "cross", 2: "quatrefoil", 3: "circle", 4: "triangle"}
    labels = [f"cue={shapes[trials['cue'][r]]} color={trials['color'][r]:g} direction={trials['direction'][r]:g}" for r in rows]
    units, pooled = [[u] for u in range(len(AREAS))], [[0, 2], [1], [3, 4]]
    return {
        "labels": labels,
        "reaction_time": trials["reactionTime"][rows].tolist(),
        "response": [{"L": 0.0, "R": 1.0}[r] for r in trials["response"][rows]],
        "counts": {name: counts_of(times, rows, units, grid).tolist() for name, grid in GRIDS.items()},
        "pooled": counts_of(times, rows, pooled, GRIDS["paper"]).tolist(),
        "n_good": int((good & shown).sum()),
        "n_left_out": [int((trials["task"] != "mocol").sum()), int(((trials["task"] == "mocol") & (trials["badTrials"] != 0)).sum())],
    }


trials, times = session()
save_level5("siegel_level5.mat", trials, times)
save_73("siegel_73.mat", trials, times)
versions = {"numpy": np.__version__, "scipy": scipy.__version__}
with open("siegel.json", "w") as file:
    json.dump({"versions": versions} | expected(trials, times), file, separators=(",", ":"))
