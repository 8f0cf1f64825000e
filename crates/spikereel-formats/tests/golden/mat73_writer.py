"""Writes variables into a file of version 7.3 the way MATLAB does: attributes, names and the 512 bytes in front were copied from genuine
files. A module for matlab73.py and siegel.py."""
import h5py
import numpy as np

CLASSES = {"f8": "double", "f4": "single", "b1": "logical"} | {
    f"{sign}{n}": f"{name}{n * 8}" for sign, name in [("i", "int"), ("u", "uint")] for n in (1, 2, 4, 8)
}


class Mat73:
    """Writes variables the way MATLAB does."""

    def __init__(self, path, **options):
        self.path, self.n_refs = path, 0
        self.file = h5py.File(path, "w", userblock_size=512, **options)

    def close(self):
        self.file.close()
        text = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: never, by h5py HDF5 schema 1.00 .".ljust(116)
        with open(self.path, "r+b") as file:
            file.write(text + bytes(8) + b"\x00\x02IM" + bytes(384))

    def mark(self, obj, name, **numbers):
        obj.attrs.create("MATLAB_class", np.bytes_(name))
        for key, (value, dtype) in numbers.items():
            obj.attrs.create(f"MATLAB_{key}", np.array(value, dtype))

    def fields(self, obj, names):
        letters = np.empty(len(names), object)
        for at, name in enumerate(names):
            letters[at] = np.frombuffer(name.encode(), "S1")
        obj.attrs.create("MATLAB_fields", letters, dtype=h5py.vlen_dtype(np.dtype("S1")))

    def empty(self, path, name, dims):
        self.mark(dataset := self.file.create_dataset(path, data=np.array(dims, "u8")), name, empty=(1, "u1"))
        return dataset

    def ref(self, value):
        """A reference to a value in #refs#, whose first one is the empty array that MATLAB puts there."""
        if "#refs#" not in self.file:
            self.empty("#refs#/a", "canonical empty", [0, 0])
        self.n_refs += 1
        path = f"#refs#/b{self.n_refs}"
        self.write(path, value)
        return self.file[path].ref

    def refs(self, values):
        refs = np.empty(values.T.shape, h5py.ref_dtype)
        for at, value in np.ndenumerate(values.T):
            refs[at] = self.ref(value)
        return refs

    def write(self, path, value, **options):
        """Arrays with MATLAB's axes: at least two."""
        if isinstance(value, dict):
            group = self.file.create_group(path)
            self.mark(group, "struct")
            self.fields(group, list(value))
            for name, part in value.items():
                self.write(f"{path}/{name}", part)
            return
        if isinstance(value, str):
            units = np.frombuffer(value.encode("utf-16-le"), "u2")[None]
            if not value:
                return self.empty(path, "char", [0, 0])
            return self.mark(self.file.create_dataset(path, data=units.T), "char", int_decode=(2, "i4"))
        if isinstance(value, Rows):
            units = np.array([list(row.encode("utf-16-le")[::2]) for row in value.rows], "u2")
            return self.mark(self.file.create_dataset(path, data=units.T), "char", int_decode=(2, "i4"))
        if isinstance(value, Sparse):
            group = self.file.create_group(path)
            self.mark(group, value.name, sparse=(value.n_rows, "u8"))
            if len(value.data):
                group.create_dataset("data", data=value.data)
                group.create_dataset("ir", data=np.array(value.rows, "u8"))
            group.create_dataset("jc", data=np.array(value.starts, "u8"))
            return
        if value.dtype.names is not None:  # an array of structures
            group = self.file.create_group(path)
            self.mark(group, "struct")
            self.fields(group, value.dtype.names)
            for name in value.dtype.names:
                group.create_dataset(name, data=self.refs(value[name]), dtype=h5py.ref_dtype)
            return
        name = "cell" if value.dtype == object else CLASSES[value.dtype.str[1:].replace("c16", "f8").replace("c8", "f4")]
        if value.size == 0:
            return self.empty(path, name, value.shape)
        if value.dtype == object:
            return self.mark(self.file.create_dataset(path, data=self.refs(value), dtype=h5py.ref_dtype), name)
        if value.dtype.kind == "c":
            part = f"{value.dtype.byteorder}f{value.dtype.itemsize // 2}".replace("=", "<")
            pairs = np.empty(value.T.shape, [("real", part), ("imag", part)])
            pairs["real"], pairs["imag"] = value.real.T, value.imag.T
            value, numbers = pairs.T, {}
        else:
            numbers = {"int_decode": (1, "i4")} if value.dtype == bool else {}
            value = value.astype("u1") if value.dtype == bool else value
        self.mark(self.file.create_dataset(path, data=value.T, **options), name, **numbers)


class Rows:
    def __init__(self, *rows):
        self.rows = rows


class Sparse:
    def __init__(self, name, n_rows, starts, rows, data):
        self.name, self.n_rows, self.starts, self.rows, self.data = name, n_rows, starts, rows, np.array(data)


def cells(shape, values):
    out = np.empty(shape, object)
    for at, value in enumerate(values):
        out[at % shape[0], at // shape[0]] = value
    return out
