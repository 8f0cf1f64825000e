"""Arrays of every element type as numpy writes them, and what they hold. Run beside this file: python arrays.py."""
import json

import numpy as np

whole = np.array([[0, 1, 2], [3, 100, 127]])
arrays = {}
for code in ["u1", "i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">i4", "<i8", ">u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]:
    arrays["whole_" + code.replace("<", "le_").replace(">", "be_")] = whole.astype(code)
arrays["fortran"] = np.asfortranarray(whole.astype("<f8"))
arrays["negative"] = np.array([-1, -128, 5], "i1")
arrays["negative_be"] = np.array([-1, -30000, 5], ">i2")
arrays["halves"] = np.array([0.5, -2.25, 6.1e-5, 5.96e-8, 65504.0], "<f2")
arrays["flags"] = np.array([True, False, True])
arrays["scalar"] = np.array(7.5)
arrays["empty"] = np.zeros((0, 4))
arrays["large"] = np.array([2**53 + 1, 1], "<i8")
arrays["cube"] = np.arange(24, dtype="<i4").reshape(2, 3, 4)
arrays["cube_fortran"] = np.asfortranarray(arrays["cube"])
arrays["labels"] = np.array(["V4", "área 17", "前頭", ""])
arrays["labels_be"] = arrays["labels"].astype(">U8")
arrays["bytes"] = np.array([b"MT", b"LIP"])
np.savez_compressed("arrays.npz", **arrays)
np.savez("refused.npz", objects=np.array([{"a": 1}, None], object), fields=np.zeros(2, [("a", "i4")]), complex=np.zeros(2, complex),
         dates=np.zeros(2, "datetime64[s]"))
np.save("video_u1.npy", (np.arange(2 * 3 * 2 * 2 * 3) % 256).astype("u1").reshape(2, 3, 2, 2, 3))
np.save("video_f4.npy", (np.arange(2 * 3 * 2 * 2 * 3, dtype="f4") / 255).reshape(2, 3, 2, 2, 3))
halves = arrays["halves"].astype(float).tolist()
json.dump({"numpy": np.__version__, "halves": halves}, open("arrays.json", "w"))
