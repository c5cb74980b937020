"""What a type checker sees of reading; run by tests/python/test_typing.py."""

import os

import numpy as np

import fastckpt

ckpt = fastckpt.open("model.ckpt-200")
fastckpt.open(b"model.ckpt-200", verify=False, io="read", threads=2)
path: os.PathLike[str] = ...  # type: ignore[assignment]
fastckpt.open(path, max_index_bytes=1 << 20)

reveal_type(ckpt)  # fastckpt.reading.checkpoint.Checkpoint
reveal_type(ckpt.format)  # builtins.str
reveal_type(len(ckpt))  # builtins.int
reveal_type("w" in ckpt)  # builtins.bool
reveal_type(list(ckpt))  # builtins.list[builtins.str]
reveal_type(ckpt.read("w", np.s_[0:2]))  # ndarray
reveal_type(ckpt["w"])  # ndarray
reveal_type(ckpt.load())  # builtins.dict[builtins.str, ndarray
reveal_type(ckpt.load(["dense/*"], copy=True, threads=2, progress=True))  # dict[
reveal_type(ckpt.load({"v": "v/ExponentialMovingAverage"}))  # dict[
reveal_type(ckpt.load(copy="on-write", drop=["*/Adam*"]))  # dict[
ckpt.load(copy="never")  # error: Argument "copy" to "load"
tensor = ckpt.tensor("w")
reveal_type(tensor)  # fastckpt._native.Tensor
reveal_type(tensor.shape)  # builtins.tuple[builtins.int, ...]
reveal_type(tensor[0:2])  # ndarray
reveal_type(next(iter(tensor)))  # ndarray
reveal_type(np.asarray(tensor))  # ndarray
fastckpt.load("m", copy="on-write", drop="b*", verify=False, io="read")
reveal_type(ckpt.byte_runs("w"))  # list[tuple[builtins.str, builtins.int, builtins.int

info = ckpt.info("w")
reveal_type(info)  # TensorInfo
reveal_type(info.shape)  # builtins.tuple[builtins.int, ...]
reveal_type(info.nbytes)  # builtins.int | None
reveal_type(info.tf_dtype)  # builtins.str
reveal_type(info.is_view)  # builtins.bool
reveal_type(ckpt.infos())  # builtins.list[fastckpt._native.TensorInfo]

layout = ckpt.layout("w")
reveal_type(layout)  # fastckpt.reading.results.TensorLayout
reveal_type(layout.pieces[0])  # fastckpt.reading.results.TensorPiece

report = ckpt.verify()
reveal_type(report)  # fastckpt.reading.results.VerifyReport
reveal_type(report.ok)  # builtins.bool
reveal_type(report.bytes_checked)  # builtins.int
reveal_type(report.problems[0])  # fastckpt.reading.results.Problem
reveal_type(report.findings[0])  # fastckpt.reading.results.Finding

found = fastckpt.examine("m", values=True, threads=2, progress=True)
reveal_type(found)  # fastckpt.checking.examination.Examination
reveal_type(found.findings[0].tensors)  # builtins.tuple[builtins.str, ...]
reveal_type(found.lost)  # builtins.list[builtins.str]

numbers = fastckpt.statistics(ckpt, ["dense/*"])["dense/kernel"]
reveal_type(numbers)  # fastckpt.checking.statistics.Statistics
reveal_type(numbers.nan)  # builtins.int
reveal_type(fastckpt.load("m", ["dense/*"], copy=True))  # dict[

with fastckpt.open("m") as opened:
    reveal_type(opened)  # fastckpt.reading.checkpoint.Checkpoint

try:
    ckpt.load()
except fastckpt.CorruptionError as error:
    reveal_type(error.path)  # None
    reveal_type(error.offset)  # builtins.int | None
    value_error: ValueError = error
except fastckpt.UnsupportedError as unsupported:
    not_implemented: NotImplementedError = unsupported

fastckpt.open(200)  # error: [arg-type]
ckpt["w"] = np.zeros(3)  # error: [index]
ckpt.read("w", copy=True)  # error: [call-arg]
