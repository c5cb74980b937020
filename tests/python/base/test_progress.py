"""Progress of long calls: what a callable is told, and where its errors go."""

import threading
import time
from collections.abc import Mapping

import numpy as np
import pytest

import fastckpt
import fastckpt.editing.convert
from changed_source_child import graph_of
from fastckpt.base import progress


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(progress, "_INTERVAL", 0.001)


def _fail(done, total):
    raise ZeroDivisionError(f"{done} of {total}")


def _work(done, error=None):
    with progress.watch(_fail):
        time.sleep(0.05)
        if error:
            raise error
        done.append("the work")


def test_an_error_in_a_callable_reaches_the_caller_once_the_work_is_done(impatient):
    done = []
    with pytest.raises(ZeroDivisionError, match="0 of 0"):
        _work(done)
    assert done == ["the work"]


def test_an_error_in_a_callable_hides_no_error_of_the_work(impatient):
    with pytest.raises(KeyError, match="lost"):
        _work([], KeyError("lost"))


def test_small_reads_are_counted_too(tmp_path):
    fastckpt.save(tmp_path / "model", {"a": np.arange(3), "b": np.arange(2)})
    told = []
    with fastckpt.open(tmp_path / "model") as ckpt:
        ckpt.read_many(
            [("a", None, None), ("b", None, None)],
            progress=lambda done, total: told.append((done, total)),
        )
    assert told[-1] == (40, 40)


def made_when_asked(tensors):
    """Gives a mapping that makes its values each time."""

    class Made(Mapping):
        def __getitem__(self, name):
            return tensors[name].copy()

        def __iter__(self):
            return iter(tensors)

        def __len__(self):
            return len(tensors)

    return Made()


TENSORS = {"a": np.arange(300, dtype="f4"), "b": np.arange(200, dtype="f4")}


def _average(path, told):
    fastckpt.average([path], path.with_name("mean"), progress=told)


def _rewrite(path, told):
    fastckpt.rewrite(path, path.with_name("new"), progress=told)


def _cast(path, told):
    fastckpt.rewrite(path, path.with_name("cast"), dtype="float32", progress=told)


def _strip(path, told):
    fastckpt.strip(path, path.with_name("less"), progress=told)


def _convert_npz(path, told):
    fastckpt.editing.convert.convert(path, path.with_name("new.npz"), progress=told)


def _convert_v1(path, told):
    target = path.with_name("old")
    fastckpt.editing.convert.convert(path, target, format="v1", progress=told)


def _freeze(path, told):
    pytest.importorskip("google.protobuf")
    names = [f"{name}/read" for name in TENSORS]
    graph = graph_of(list(TENSORS))
    fastckpt.freeze(path, names, to=path.with_name("f.pb"), meta=graph, progress=told)


def _diff(path, told):
    fastckpt.diff(path, path, progress=told)


def _verify(path, told):
    with fastckpt.open(path) as ckpt:
        ckpt.verify(progress=told)


def _load(path, told):
    fastckpt.load(path, progress=told)


def _statistics(path, told):
    fastckpt.statistics(path, progress=told)


def _examine(path, told):
    fastckpt.examine(path, values=True, progress=told)


def _save(path, told):
    fastckpt.save(path.with_name("again"), TENSORS, progress=told)


def _save_what_is_open(path, told):
    with fastckpt.open(path) as ckpt:
        fastckpt.save(path.with_name("again"), ckpt, shards=2, progress=told)


def _save_what_is_made(path, told):
    made = made_when_asked(TENSORS)
    fastckpt.save(path.with_name("again"), made, progress=told)


def _save_v1(path, told):
    fastckpt.save(path.with_name("again"), TENSORS, format="v1", progress=told)


def _merge(path, told):
    fastckpt.merge([path], path.with_name("all"), progress=told)


def _merge_in_shards(path, told):
    fastckpt.merge([path], path.with_name("all"), shards=2, progress=told)


def _load_copies(path, told):
    fastckpt.load(path, copy=True, progress=told)


def _load_on_write(path, told):
    fastckpt.load(path, copy="on-write", progress=told)


def _load_cast(path, told):
    fastckpt.load(path, dtype="float16", progress=told)


def _load_into(path, told):
    out = {name: np.empty_like(value) for name, value in TENSORS.items()}
    fastckpt.load(path, out=out, progress=told)


READERS = [_verify, _load, _statistics, _examine, _diff]
WRITERS = [
    _average,
    _rewrite,
    _cast,
    _strip,
    _convert_npz,
    _convert_v1,
    _freeze,
    _save,
    _save_what_is_open,
    _save_what_is_made,
    _save_v1,
    _merge,
    _merge_in_shards,
]


@pytest.fixture
def path(tmp_path):
    fastckpt.save(tmp_path / "model", TENSORS)
    return tmp_path / "model"


@pytest.mark.parametrize("call", READERS + WRITERS, ids=lambda call: call.__name__)
def test_every_long_call_tells_at_last_that_all_is_done(call, path, impatient):
    told = []

    def note(done, total):
        told.append((done, total, threading.get_ident()))

    call(path, note)
    assert told[-1][0] == told[-1][1] > 0
    assert len({thread for _, _, thread in told} - {threading.get_ident()}) == 1
    assert all(done <= total for done, total, _ in told)


LOADERS = [_load, _load_copies, _load_on_write, _load_cast, _load_into]
FROM_V1 = [*READERS, *LOADERS[1:], _average, _rewrite, _cast, _strip, _convert_npz]


@pytest.mark.parametrize("call", FROM_V1, ids=lambda call: call.__name__)
def test_every_long_call_on_v1_tells_at_last_that_all_is_done(call, tmp_path):
    fastckpt.save(tmp_path / "model", TENSORS, format="v1")
    told = []
    call(tmp_path / "model", lambda *at: told.append(at))
    assert told[-1][0] == told[-1][1] >= 2000


@pytest.mark.parametrize("io", ["mmap", "read"])
@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.parametrize("format", ["v1", "v2"])
def test_each_byte_of_a_load_is_counted_once(format, copy, io, tmp_path):
    fastckpt.save(tmp_path / "model", TENSORS, format=format)
    told = []
    with fastckpt.open(tmp_path / "model", io=io) as ckpt:
        ckpt.load(copy=copy, progress=lambda *at: told.append(at))
    assert told[-1] == (2000, 2000)


def test_slices_of_v1_are_counted_too(tmp_path):
    with fastckpt.Writer(tmp_path / "model", format="v1") as writer:
        writer.add("a", TENSORS["a"])
        for begin in range(2):
            part = TENSORS["b"][100 * begin : 100 * (begin + 1)]
            writer.add_slice("b", part, full_shape=(200,), begin=(100 * begin,))
    told = []
    fastckpt.load(tmp_path / "model", progress=lambda *at: told.append(at))
    assert told[-1] == (2000, 2000)


@pytest.mark.parametrize("call", READERS + WRITERS, ids=lambda call: call.__name__)
@pytest.mark.parametrize("progress", [None, False, True])
def test_every_long_call_takes_what_is_no_callable(call, progress, path, capfd):
    call(path, progress)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("call", READERS + WRITERS, ids=lambda call: call.__name__)
def test_an_error_in_a_callable_ends_every_long_call(call, path):
    with pytest.raises(ZeroDivisionError):
        call(path, _fail)


@pytest.mark.parametrize("call", WRITERS, ids=lambda call: call.__name__)
def test_after_an_error_in_a_callable_nothing_is_written(call, path):
    before = sorted(path.parent.iterdir())
    with pytest.raises(ZeroDivisionError):
        call(path, _fail)
    assert sorted(path.parent.iterdir()) == before


@pytest.mark.parametrize("call", WRITERS, ids=lambda call: call.__name__)
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_after_an_error_in_a_callable_the_target_is_as_it_was(call, error, path):
    def fail(done, total):
        raise error

    call(path, None)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    fastckpt.save(path, {name: value + 1 for name, value in TENSORS.items()})
    source = {file.name for file in path.parent.glob("model.*")}
    with pytest.raises(error):
        call(path, fail)
    after = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    assert after.keys() == before.keys()
    assert [name for name in before if after[name] != before[name]] == sorted(source)


def test_an_error_in_a_callable_leaves_the_sources_of_a_merge(path):
    with pytest.raises(ZeroDivisionError):
        fastckpt.merge(
            [path], path.with_name("all"), delete_sources=True, progress=_fail
        )
    assert [file.name for file in sorted(path.parent.iterdir())] == [
        "model.data-00000-of-00001",
        "model.index",
    ]


def test_a_merge_that_deletes_counts_what_it_checks_and_what_it_links(path):
    told = []
    target = path.with_name("all")
    fastckpt.merge(
        [path], target, delete_sources=True, progress=lambda *at: told.append(at)
    )
    assert told[-1][0] == told[-1][1] >= 2 * 2000


def test_an_error_in_a_callable_ends_work_of_the_core_before_its_end(
    tmp_path, impatient
):
    array = np.zeros(16 << 20, "f4")
    fastckpt.save(tmp_path / "model", {"a": array})
    told = []

    def fail(done, total):
        told.append((done, total))
        raise ZeroDivisionError

    with fastckpt.open(tmp_path / "model") as ckpt, pytest.raises(ZeroDivisionError):
        ckpt.read_many([("a", None, array)] * 100, threads=1, progress=fail)
    assert len(told) == 1
    assert told[0][0] < told[0][1] or told[0] == (0, 0)


def _count_slowly(done):
    with progress.counting(_fail, 10) as counter:
        for _ in range(10_000):
            counter.add(0)
            done.append(1)
            time.sleep(0.01)


def test_an_error_in_a_callable_ends_the_work_that_python_counts(impatient):
    done = []
    with pytest.raises(ZeroDivisionError):
        _count_slowly(done)
    assert len(done) < 10_000


def test_what_is_no_callable_is_refused_at_once(path):
    with pytest.raises(TypeError, match="must be a bool or a callable, not 'yes'"):
        fastckpt.rewrite(path, path.with_name("new"), progress="yes")
