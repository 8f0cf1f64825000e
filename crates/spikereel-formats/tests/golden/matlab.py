"""MATLAB files as scipy.io.savemat writes them, and what scipy.io.loadmat reads from these and from the files in
../data/matlab. Run beside this file: python matlab.py. Values are column-major; numbers that JSON lacks are text."""
import json
import math
import re
import warnings
from pathlib import Path

import numpy as np
import scipy
import scipy.io as sio
from scipy.io.matlab import MatlabFunction, MatlabObject, MatlabOpaque

warnings.simplefilter("ignore")
DATA = Path("../data/matlab")


def variables():
    whole = np.array([[0, 1, 2], [3, 100, 127]])
    out = {f"whole_{code}": whole.astype(code) for code in "i1 u1 i2 u2 i4 u4 i8 u8 f4 f8".split()}
    out["extremes_i8"] = np.array([[-(2**63), 2**63 - 1, -1]], "i8")
    out["extremes_u8"] = np.array([[0, 2**64 - 1]], "u8")
    out["negative"] = np.array([[-1, -128], [5, 127]], "i1")
    out["special"] = np.array([[np.nan, np.inf, -np.inf, -0.0, 1e-310, 0.1]])
    out["single"] = np.array([[0.1, np.inf, 1e-40]], "f4")
    out["cube"] = np.arange(24.0).reshape(2, 3, 4)
    out["four_axes"] = np.arange(16, dtype="i2").reshape(2, 2, 2, 2)
    out["complex"] = np.array([[1 + 2j, -3.5j], [0, 4]])
    out["empty"] = np.zeros((0, 4))
    out["flags"] = np.array([[True, False, True]])
    out["text"] = "area V4"
    out["unicode"] = "área 前頭"
    out["rows"] = np.array(["one  ", "three"])
    out["no_text"] = ""
    times = np.empty((2, 3), object)
    for at in range(6):
        times[at % 2, at // 2] = np.arange(at, dtype=float) / 7
    out["times"] = times
    nested = np.empty((1, 3), object)
    nested[0, 0], nested[0, 1], nested[0, 2] = "deep", times[:, :2], {"a": np.array([[1, 2]], "u1")}
    out["nested"] = nested
    out["trialInfo"] = {"cue": np.array([[1.0, 2.0, 2.0]]), "name": "session 1", "inner": {"area": "MT", "depth": 0.25}}
    structs = np.zeros((2, 2), [("area", object), ("n", object)])
    for at, area in enumerate(["V4", "MT", "LIP", "FEF"]):
        structs[at % 2, at // 2] = (area, np.array([[float(at)]]))
    out["unitInfo"] = structs
    sparse = np.zeros((4, 3))
    sparse[0, 0], sparse[3, 0], sparse[2, 2] = 1.5, -2, 7
    out["sparse"] = scipy.sparse.csc_matrix(sparse)
    out["sparse_complex"] = scipy.sparse.csc_matrix(sparse * (1 + 2j))
    out["sparse_empty"] = scipy.sparse.csc_matrix((3, 0))
    out["sparse_flags"] = scipy.sparse.csc_matrix(sparse != 0)
    out["long_struct"] = {"a_name_that_is_longer_than_thirty_one_characters": 1.0}
    return out


def save(name, compressed):
    sio.savemat(name, variables(), do_compression=compressed, long_field_names=True)
    with open(name, "r+b") as file:  # the text of the header holds the time
        file.write(b"MATLAB 5.0 MAT-file, written by scipy.io.savemat".ljust(116))


def number(value):
    value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def parts(values):
    values = values.ravel(order="F")
    if np.iscomplexobj(values):
        return {"real": [number(v) for v in values.real], "imag": [number(v) for v in values.imag]}
    return {"real": [number(v) for v in values], "imag": None}


NAMES = {"float64": "double", "complex128": "double", "float32": "single", "complex64": "single"}


def tree(value, plain):
    """A value read with MATLAB's classes and the same without: the former lacks imaginary parts, the latter classes."""
    if isinstance(value, (MatlabFunction, MatlabOpaque, MatlabObject)):
        return {"class": "unsupported"}
    if scipy.sparse.issparse(value):
        value = plain.tocsc()
        found = {"class": "sparse", "dims": list(value.shape)}
        found |= {"starts": value.indptr.tolist(), "rows": value.indices.tolist()}
        return found | parts(value.data.astype(complex if np.iscomplexobj(value.data) else float))
    dims = list(value.shape)
    if value.dtype.names is not None:
        # scipy numbers fields of one name: _1_name, _2_name
        fields = [[re.sub(r"^_\d+_", "", name), trees(value[name], plain[name])] for name in value.dtype.names]
        return {"class": "struct", "dims": dims, "fields": fields}
    if value.dtype == object and all(v is None for v in value.ravel()) and value.size:  # structures without fields
        return {"class": "struct", "dims": dims, "fields": []}
    if value.dtype == object:
        return {"class": "cell", "dims": dims, "values": trees(value, plain)}
    if value.dtype.kind == "U":
        rows = ["".join(row) for row in value] if value.size else []
        return {"class": "char", "dims": dims, "rows": rows}
    if value.dtype == bool:
        return {"class": "logical", "dims": dims, "values": value.ravel(order="F").tolist()}
    name = NAMES.get(value.dtype.name, value.dtype.name)
    return {"class": name, "dims": dims} | parts(plain if np.iscomplexobj(plain) else value)


def trees(values, plain):
    return [tree(v, p) for v, p in zip(values.ravel(order="F"), plain.ravel(order="F"))]


save("matlab_plain.mat", False)
save("matlab_packed.mat", True)
golden = {}
for path in [Path("matlab_plain.mat"), Path("matlab_packed.mat"), *sorted(DATA.glob("*.mat"))]:
    try:
        read, plain = (sio.loadmat(path, mat_dtype=classes, chars_as_strings=False) for classes in (True, False))
    except Exception as error:
        golden[path.name] = f"{type(error).__name__}: {error}"
        continue
    values = {name: tree(value, plain[name]) for name, value in read.items() if not name.startswith("__")}
    sparse = [value for value in values.values() if value["class"] == "sparse"]
    # The type of a sparse matrix does not tell logical from uint8; whosmat fails on some objects.
    for name, _, kind in sio.whosmat(path) if sparse else []:
        if name in values and values[name]["class"] == "sparse":
            values[name]["logical"] = kind == "logical"
    golden[path.name] = values
versions = {"scipy": scipy.__version__, "numpy": np.__version__}
with open("matlab.json", "w") as file:
    json.dump({"versions": versions, "files": golden}, file, ensure_ascii=False, separators=(",", ":"))
