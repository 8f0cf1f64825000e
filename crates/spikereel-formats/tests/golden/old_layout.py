"""Gives the datasets of a file the data layout messages of version 2 that HDF5 wrote before its release 1.6.3 (file format specification,
IV.A.2.i). The C library still reads them, so that h5py says whether the file is right. A module for matlab73.py.

The old message is often longer than the new one: in the header stands a continuation that leads to it, behind the end of the file."""
import struct

import h5py

LAYOUT, CONTINUATION = 8, 16


def paths(group, found):
    for name in group:
        if isinstance(group[name], h5py.Group):
            paths(group[name], found)
        else:
            found.append(group[name])
    return found


def downgrade(path):
    with h5py.File(path) as file:
        base = file.userblock_size
        datasets = [(h5py.h5o.get_info(d.id).addr, len(d.shape) + 1, [*d.shape, d.dtype.itemsize]) for d in paths(file, [])]
    with open(path, "rb") as file:
        data = bytearray(file.read())
    assert data[base + 8] == 0  # the superblock's version
    for address, n_lengths, lengths in datasets:
        at, kind, start, n_bytes = message(data, base, address)
        body = data[start : start + n_bytes]
        assert body[0] == 3
        head = bytes([2, n_lengths, body[1]]) + bytes(5)
        if body[1] == 0:
            n_values = struct.unpack_from("<H", body, 2)[0]
            new = head + struct.pack(f"<{n_lengths}II", *lengths, n_values) + body[4 : 4 + n_values]
        elif body[1] == 1:
            new = head + body[2:10] + struct.pack(f"<{n_lengths}I", *lengths)
        else:
            assert body[2] == n_lengths
            new = head + body[3 : 11 + 4 * n_lengths]
        assert n_bytes >= 16, "no room for a continuation"
        new += bytes(-len(new) % 8)
        data += bytes(-(len(data) - base) % 8)
        block = struct.pack("<HHB3x", LAYOUT, len(new), 0) + new
        struct.pack_into("<H", data, at, CONTINUATION)
        data[start : start + n_bytes] = struct.pack("<QQ", len(data) - base, len(block)).ljust(n_bytes, b"\0")
        struct.pack_into("<H", data, base + address + 2, struct.unpack_from("<H", data, base + address + 2)[0] + 1)
        data += block
    struct.pack_into("<Q", data, base + 40, len(data))  # the end of the file, the only absolute address
    with open(path, "wb") as file:
        file.write(data)


def message(data, base, address):
    """Where the layout message of an object header of version 1 stands: itself, its type, its content and its length."""
    assert data[base + address] == 1
    blocks = [(address + 16, struct.unpack_from("<I", data, base + address + 8)[0])]
    for start, n_block in blocks:
        at = base + start
        while at < base + start + n_block:
            kind, n_bytes = struct.unpack_from("<HH", data, at)
            if kind == LAYOUT:
                return at, kind, at + 8, n_bytes
            if kind == CONTINUATION:
                blocks.append(struct.unpack_from("<QQ", data, at + 8))
            at += 8 + n_bytes
    raise ValueError("no layout")
