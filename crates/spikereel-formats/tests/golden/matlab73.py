"""MATLAB files of version 7.3 as MATLAB writes them, built with h5py (mat73_writer.py), and what h5py reads from these and from genuine
ones in ../data/matlab. Run beside this file: python matlab73.py. Values are column-major; numbers that JSON lacks are text."""
import json
import math
from pathlib import Path

import h5py
import numpy as np

from mat73_writer import CLASSES, Mat73, Rows, Sparse, cells
from old_layout import downgrade

DATA = Path("../data/matlab")
GENUINE = [
    "sparse_v73.mat",
    "string_v73.mat",
    "struct_in_cell_v73.mat",
    "compare_datetime_with_and_without_time_zone_v7p3.mat",
    "testhdf5_7.4_GLNX86.mat",
]


def variables():
    whole = np.array([[0, 1, 2], [3, 100, 127]])
    out = {f"whole_{code}": whole.astype(code) for code in "i1 u1 i2 u2 i4 u4 i8 u8 f4 f8".split()}
    out["extremes_i8"] = np.array([[-(2**63), 2**63 - 1, -1]], "i8")
    out["extremes_u8"] = np.array([[0, 2**64 - 1]], "u8")
    out["special"] = np.array([[np.nan, np.inf, -np.inf, -0.0, 1e-310, 0.1]])
    out["single"] = np.array([[0.1, np.inf, 1e-40]], "f4")
    out["cube"] = np.arange(24.0).reshape(2, 3, 4)
    out["four_axes"] = np.arange(16, dtype="i2").reshape(2, 2, 2, 2)
    out["complex"] = np.array([[1 + 2j, -3.5j], [0, 4]])
    out["complex_single"] = np.array([[1 + 2j, -3.5j, 0.1]], "c8")
    out["empty"] = np.zeros((0, 4))
    out["empty_single"] = np.zeros((3, 0), "f4")
    out["empty_cell"] = np.empty((0, 2), object)
    out["empty_flags"] = np.zeros((0, 0), bool)
    out["flags"] = np.array([[True, False, True], [False, False, True]])
    out["text"] = "area V4"
    out["unicode"] = "área 前頭 🐭"
    out["rows"] = Rows("one  ", "three")
    out["no_text"] = ""
    out["times"] = cells((2, 3), [np.arange(at, dtype=float)[:, None] / 7 for at in range(6)])
    out["nested"] = cells((1, 3), ["deep", out["times"][:, :2], {"b": np.array([[1, 2]], "u1"), "a": np.eye(2)}])
    inner = {"area": "MT", "depth": np.array([[0.25]])}
    out["trialInfo"] = {"name": "session 1", "cue": np.array([[1.0, 2.0, 2.0]]), "inner": inner, "alone": cells((1, 1), ["x"])}
    structs = np.zeros((2, 2), [("n", object), ("area", object)])
    for at, area in enumerate(["V4", "MT", "LIP", ""]):
        structs[at % 2, at // 2] = (np.array([[float(at)]]), area)
    out["unitInfo"] = structs
    out["sparse"] = Sparse("double", 4, [0, 2, 2, 3], [0, 3, 2], [1.5, -2, 7])
    pair = np.array([(1.5, 3), (-2, 4)], [("real", "<f8"), ("imag", "<f8")])
    out["sparse_complex"] = Sparse("double", 2, [0, 1, 2], [1, 0], pair)
    out["sparse_flags"] = Sparse("logical", 300, [0, 1, 2], [299, 0], np.array([1, 1], "u1"))
    out["sparse_empty"] = Sparse("double", 300, [0, 0, 0], [], [])
    return out


def save(path, **options):
    packed = {"chunks": True, "compression": "gzip", "shuffle": True} if path.endswith("packed.mat") else {}
    mat = Mat73(path, **options)
    for name, value in variables().items():
        mat.write(name, value, **(packed if isinstance(value, np.ndarray) and value.dtype.kind in "fiu" and value.size else {}))
    mat.fields(mat.empty("no_structs", "struct", [1, 0]), ["area", "n"])
    mat.empty("bare_structs", "struct", [1, 3])
    handle = mat.file.create_group("handle")
    mat.mark(handle, "function_handle", object_decode=(1, "i4"))
    mat.mark(mat.file.create_dataset("object", data=np.zeros((1, 6), "u4")), "table", object_decode=(3, "i4"))
    mat.file.create_dataset("added", data=np.arange(3.0))  # by h5py, without a class
    mat.file.create_dataset("big_endian", data=np.arange(6, dtype=">i4").reshape(3, 2))
    mat.close()


def save_old(path):
    """All forms of storage with the layout messages of HDF5 before 1.6.3: in one piece, in chunks with and without filters, in the header."""
    save(path)
    with h5py.File(path, "r+") as file:
        counts = np.arange(60 * 7, dtype="i2").reshape(60, 7) - 100
        file.create_dataset("packed", data=counts, chunks=(7, 3), compression="gzip", shuffle=True, fletcher32=True)
        file.create_dataset("one_axis", data=np.arange(1000.0), chunks=(8,))  # a tree of two levels
        file.create_dataset("three_axes", data=np.arange(4 * 5 * 6, dtype=">f4").reshape(4, 5, 6), chunks=(3, 2, 4))
        partly = file.create_dataset("partly", (9, 4), "i4", chunks=(2, 4), fillvalue=-7)
        partly[3] = 1
        file.create_dataset("nothing", (2, 3), "f8")
        in_header = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        in_header.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((3, 2))
        dataset = h5py.h5d.create(file.id, b"in_header", h5py.h5t.STD_I32LE, space, in_header)
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(6, dtype="i4").reshape(3, 2))
    downgrade(path)


def save_hostile(path):
    """What no honest writer writes. Names say what is wrong."""
    mat = Mat73(path)
    file = mat.file

    def refs(name, targets):
        dataset = file.create_dataset(name, (len(targets), 1), h5py.ref_dtype)
        for at, target in enumerate(targets):
            dataset[at, 0] = target
        mat.mark(dataset, "cell")
        return dataset

    circle = refs("circle", [None])
    circle[0, 0] = circle.ref
    one, two = refs("circle_one", [None]), refs("circle_two", [None])
    one[0, 0], two[0, 0] = two.ref, one.ref
    group = file.create_group("circle_struct")
    mat.mark(group, "struct")
    refs("circle_struct/again", [group.ref])
    refs("nowhere", [h5py.Reference()])
    last = refs("wide_0", [file.create_dataset("leaf", data=np.ones((1, 1))).ref])
    for level in range(1, 40):  # each refers to the one before twice: 2^39 values
        last = refs(f"wide_{level}", [last.ref, last.ref])
    large = file.create_dataset("large", (2_000, 2_000), "f8", chunks=(2_000, 2_000), compression="gzip")
    large[...] = 0
    mat.mark(large, "double")
    refs("large_often", [large.ref] * 50)
    mat.mark(file.create_dataset("full_but_empty", data=np.array([2, 3], "u8")), "double", empty=(1, "u1"))
    mat.mark(file.create_dataset("empty_of_pi", data=np.array([3.25, 0])), "double", empty=(1, "u1"))
    mat.mark(file.create_dataset("half", data=np.array([[0.5]])), "uint8")
    mat.mark(file.create_dataset("surrogate", data=np.array([[0xD82D]], "u2")), "char")
    mat.mark(file.create_dataset("no_text", data=np.array([[0.5]])), "char")
    mat.mark(file.create_dataset("no_cells", data=np.array([[0.5]])), "cell")
    mat.mark(file.create_dataset("no_fields", data=np.array([[0.5]])), "struct")
    mat.mark(file.create_group("no_numbers"), "double")
    mat.write("sparse_rows", Sparse("double", 3, [0, 1], [3], [1.0]))
    mat.write("sparse_starts", Sparse("double", 3, [0, 2, 1], [0, 1], [1.0, 2.0]))
    mat.write("sparse_many", Sparse("double", 3, [0, 1 << 30], [0], [1.0]))
    uneven = file.create_group("uneven")
    mat.mark(uneven, "struct")
    for name, n in [("a", 2), ("b", 3)]:
        uneven.create_dataset(name, data=mat.refs(cells((1, n), [np.ones((1, 1))] * n)), dtype=h5py.ref_dtype)
    wrong = file.create_group("wrong_fields")  # names other fields than there are
    mat.mark(wrong, "struct")
    mat.fields(wrong, ["x", "y"])
    mat.write("wrong_fields/b", np.ones((1, 1)))
    mat.write("wrong_fields/a", np.ones((1, 1)))
    file["outside"] = h5py.ExternalLink("other.h5", "/x")
    mat.close()


def number(value):
    value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def parts(values):
    """Column-major in MATLAB is row-major in HDF5."""
    values = values.ravel()
    if values.dtype.names == ("real", "imag"):
        return {key: [number(v) for v in values[key]] for key in ("real", "imag")}
    return {"real": [number(v) for v in values], "imag": None}


def dims_of(shape):
    return list(shape[::-1]) + [1] * (2 - len(shape))


def fields_of(obj):
    if "MATLAB_fields" in obj.attrs:
        return [b"".join(letters.tolist()).decode() for letters in obj.attrs["MATLAB_fields"]]
    return []


def tree(file, obj):
    """What h5py has for an object, in the form of the golden file of level 5."""
    name = obj.attrs.get("MATLAB_class", b"").decode()
    if "MATLAB_object_decode" in obj.attrs:
        return {"class": "unsupported"}
    if "MATLAB_sparse" in obj.attrs:
        starts = obj["jc"][()].tolist()
        found = {"class": "sparse", "dims": [int(obj.attrs["MATLAB_sparse"]), len(starts) - 1], "logical": name == "logical"}
        rows = obj["ir"][()].tolist() if "ir" in obj else []
        data = obj["data"][()] if "data" in obj else np.zeros(0)
        data = data if data.dtype.names else data.astype("f8")
        return found | {"starts": starts, "rows": rows} | parts(data)
    if isinstance(obj, h5py.Group):
        names = fields_of(obj) or sorted(obj)
        arrays = {field: obj[field] for field in names}
        if all(isinstance(a, h5py.Dataset) and a.dtype == h5py.ref_dtype and "MATLAB_class" not in a.attrs for a in arrays.values()):
            fields = [[field, [tree(file, file[ref]) for ref in a[()].ravel()]] for field, a in arrays.items()]
            return {"class": "struct", "dims": dims_of(next(iter(arrays.values())).shape), "fields": fields}
        return {"class": "struct", "dims": [1, 1], "fields": [[field, [tree(file, a)]] for field, a in arrays.items()]}
    if obj.attrs.get("MATLAB_empty"):
        dims = obj[()].tolist()
        values = {"char": {"rows": []}, "cell": {"values": []}, "logical": {"values": []}}.get(name, {"real": [], "imag": None})
        if name == "struct":
            values = {"fields": [[field, []] for field in fields_of(obj)]}
        return {"class": name.replace("canonical empty", "double"), "dims": dims} | values
    values, dims = obj[()], dims_of(obj.shape)
    if name == "cell":
        return {"class": "cell", "dims": dims, "values": [tree(file, file[ref]) for ref in values.ravel()]}
    if name == "char":
        rows = [row.astype("<u2").tobytes().decode("utf-16-le") for row in values.T]
        return {"class": "char", "dims": dims, "rows": rows}
    if name == "logical":
        return {"class": "logical", "dims": dims, "values": (values != 0).ravel().tolist()}
    return {"class": name or CLASSES[values.dtype.str[1:]], "dims": dims} | parts(values)


save("matlab73_plain.mat")
save("matlab73_packed.mat")
save("matlab73_latest.mat", libver="latest")
save_old("matlab73_old.mat")
save_hostile("matlab73_hostile.mat")
golden = {}
for path in ["matlab73_plain.mat", "matlab73_packed.mat", "matlab73_latest.mat", "matlab73_old.mat", *(DATA / name for name in GENUINE)]:
    with h5py.File(path) as file:
        golden[Path(path).name] = {name: tree(file, file[name]) for name in file if not name.startswith("#")}
versions = {"h5py": h5py.__version__, "hdf5": h5py.version.hdf5_version, "numpy": np.__version__}
with open("matlab73.json", "w") as file:
    json.dump({"versions": versions, "files": golden}, file, ensure_ascii=False, separators=(",", ":"))
