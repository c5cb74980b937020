"""install(): the stand-in under TensorFlow's names, and what is out of its reach."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import children
import fastckpt
import fastckpt.compat.tensorflow as tf
from fastckpt.compat.tensorflow import _out_of_reach

PACKAGE = Path(fastckpt.__file__).parents[1]
INSTALL = "import fastckpt.compat.tensorflow as ours; ours.install()\n"


def _run(script, *arguments, install=True):
    """Runs a script in a process of its own and gives what it prints."""
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}
    text = (INSTALL if install else "") + textwrap.dedent(script)
    done = children.run(
        [sys.executable, "-c", text, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def prefix(tmp_path):
    path = tmp_path / "model"
    fastckpt.save(path, {"w": np.arange(6.0).reshape(2, 3), "b": np.float32(1.5)})
    return path


def test_import_tensorflow_finds_the_stand_in(prefix):
    script = """
        import sys
        import tensorflow as tf
        assert tf.__name__ == "tensorflow"
        assert tf.__version__.startswith("2.")
        print(tf.train.load_variable(sys.argv[1], "w").sum())
    """
    assert _run(script, prefix) == "15.0\n"


WAYS_TO_IMPORT = [
    "import tensorflow.compat.v1 as tf; tf.disable_v2_behavior()",
    "from tensorflow.compat import v1 as tf",
    "from tensorflow import train",
    "from tensorflow.io import gfile; gfile.exists",
    "from tensorflow.python import pywrap_tensorflow as p; p.NewCheckpointReader",
    "import tensorflow.python.pywrap_tensorflow",
    "from tensorflow.python.training import py_checkpoint_reader as p;"
    "p.CheckpointReader",
    "from tensorflow.python.training import checkpoint_utils as u;"
    "u.load_checkpoint, u.load_variable, u.list_variables",
    "from tensorflow.python.training import checkpoint_management as m;"
    "m.latest_checkpoint",
    "from tensorflow.python.checkpoint import checkpoint_management",
    "from tensorflow.contrib.framework.python.framework import checkpoint_utils",
    "from tensorflow.contrib.framework import load_variable",
    "from tensorflow.contrib import framework; framework.list_variables",
    "from tensorflow.python.tools.inspect_checkpoint import "
    "print_tensors_in_checkpoint_file",
    "from tensorflow.python.framework import errors_impl; errors_impl.InternalError",
    "from tensorflow.python.framework.errors_impl import NotFoundError",
    "from tensorflow.python.platform import gfile; gfile.Open",
    "import tensorflow as tf; tf.pywrap_tensorflow.NewCheckpointReader",
    "import tensorflow as tf; tf.contrib.framework.load_checkpoint",
    "import tensorflow as tf; tf.compat.v1.train.NewCheckpointReader",
    "import tensorflow as tf; tf.logging.set_verbosity(tf.logging.ERROR)",
    "import tensorflow as tf; tf.gfile.Glob('*')",
]


def test_every_way_to_import_works():
    script = """
        import sys
        for line in sys.argv[1:]:
            try:
                exec(line, {})
            except Exception as error:
                print(line, error)
    """
    assert _run(script, *WAYS_TO_IMPORT) == ""


def test_classes_are_one_wherever_they_are_found():
    script = """
        import tensorflow as tf
        import tensorflow.compat.v1 as v1
        from tensorflow.python.framework import errors_impl
        from tensorflow.python.training import py_checkpoint_reader
        assert tf.errors.NotFoundError is v1.errors.NotFoundError
        assert tf.errors.NotFoundError is errors_impl.NotFoundError
        assert tf.train is not None and tf.compat.v1 is v1
        assert py_checkpoint_reader.CheckpointReader is (
            tf.pywrap_tensorflow.CheckpointReader)
        try:
            v1.train.load_checkpoint("/no/such/checkpoint")
        except tf.errors.OpError as error:
            print(type(error).__name__)
    """
    assert _run(script) == "NotFoundError\n"


def test_every_module_has_a_spec_that_import_tools_can_use():
    script = """
        import importlib.util, sys
        names = [n for n in sys.modules if n.partition(".")[0] == "tensorflow"]
        assert len(names) > 30
        for name in names:
            spec = importlib.util.find_spec(name)
            assert spec.name == name == sys.modules[name].__name__, name
            assert sys.modules[name].__package__ == name
        assert importlib.util.find_spec("tensorflow.keras") is None
        assert "fastckpt" in importlib.util.find_spec("tensorflow").origin
        try:
            import tensorflow.keras
        except ModuleNotFoundError as error:
            print(error.name)
    """
    assert _run(script) == "tensorflow.keras\n"


def test_install_twice_changes_nothing():
    script = """
        import sys
        before = sys.modules["tensorflow"]
        ours.install()
        assert sys.modules["tensorflow"] is before
    """
    _run(script)


@pytest.mark.parametrize("name", ["tensorflow", "tensorflow.python"])
def test_install_refuses_where_the_real_one_is_imported(name):
    script = f"""
        import sys, types
        sys.modules["{name}"] = real = types.ModuleType("{name}")
        import fastckpt.compat.tensorflow as ours
        try:
            ours.install()
        except RuntimeError as error:
            print(error)
        assert [m for m in sys.modules if m.startswith("tensorflow")] == ["{name}"]
        assert sys.modules["{name}"] is real
    """
    message = _run(script, install=False)
    assert message.startswith(f"{name} is imported already and stays; call")


def test_without_install_nothing_is_put_in_tensorflows_place():
    script = """
        import sys
        import fastckpt.compat.tensorflow
        print([name for name in sys.modules if name.startswith("tensorflow")])
    """
    assert _run(script, install=False) == "[]\n"


def test_importing_the_stand_in_stays_light():
    script = """
        import sys
        import numpy
        before = set(sys.modules)
        import fastckpt.compat.tensorflow as tf
        tf.install()
        loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
        print(sorted(loaded - set(sys.stdlib_module_names)))
        heavy = {"pathlib", "tempfile", "logging", "shutil", "concurrent", "threading"}
        print(sorted(heavy & loaded), "importlib.metadata" in sys.modules)
    """
    assert _run(script, install=False) == "['fastckpt', 'tensorflow']\n[] False\n"


def test_probing_with_hasattr_works():
    assert hasattr(tf.train, "load_checkpoint")
    for namespace, name in (
        (tf, "Session"),
        (tf.train, "Saver"),
        (tf.io, "parse_example"),
    ):
        assert not hasattr(namespace, name)
    assert getattr(tf, "keras", None) is None


@pytest.mark.parametrize("name", _out_of_reach._INSTEAD)
def test_a_name_out_of_reach_says_what_there_is_instead(name):
    *above, last = name.split(".")
    namespace = tf
    for part in above:
        namespace = getattr(namespace, part)
    with pytest.raises(AttributeError) as caught:
        getattr(namespace, last)(1.0)
    assert str(caught.value).startswith(f"tf.{name} is out of reach")
    assert "fastckpt." in str(caught.value)
    assert caught.value.name == last


def test_what_is_named_instead_exists():
    words = " ".join(_out_of_reach._INSTEAD.values())
    named = set(re.findall(r"fastckpt\.(\w+)(?:\(\w+\))?((?:\.\w+)*)", words))
    assert ("Saver", "") in named
    for name, members in named:
        value = fastckpt.Checkpoint if name == "open" else getattr(fastckpt, name)
        for member in members.split(".")[1:]:
            assert hasattr(value, member), f"fastckpt.{name}{members}"
            value = getattr(value, member)


def test_another_name_is_out_of_reach_too():
    script = """
        import tensorflow as tf
        for module, name in ((tf, "nn"), (tf.train, "Example"), (tf.errors, "zz"),
                             (tf.python.framework, "ops"), (tf.compat.v1, "layers")):
            try:
                getattr(module, name)
            except AttributeError as error:
                print(error)
    """
    lines = _run(script).splitlines()
    places = ["tf.nn", "tf.train.Example", "tf.errors.zz", "tf.python.framework.ops"]
    for line, place in zip(lines, [*places, "tf.layers"], strict=True):
        assert line.startswith(f"{place} is out of reach"), line


def test_tensorflows_own_listing_tool_runs_unchanged(prefix):
    tool = importlib.util.find_spec("tensorflow")
    if tool is None:
        pytest.skip("TensorFlow is not installed")
    file = Path(tool.origin).parent / "python" / "tools" / "inspect_checkpoint.py"
    script = """
        import runpy, sys
        sys.argv = ["inspect_checkpoint", f"--file_name={sys.argv[1]}", "--all_tensors"]
        runpy.run_path(FILE, run_name="__main__")
    """
    printed = _run(script.replace("FILE", repr(str(file))), prefix)
    assert printed == (
        "tensor: b (float32) []\n1.5\n"
        "tensor: w (float64) [2, 3]\n[[0. 1. 2.]\n [3. 4. 5.]]\n"
        "# Total number of params: 7\n"
    )


def test_what_is_logged_is_shown_as_tensorflow_shows_it():
    script = """
        import sys
        sys.stderr = sys.stdout
        import tensorflow as tf
        tf.logging.info("not yet")
        tf.logging.set_verbosity(tf.logging.INFO)
        tf.logging.info("step %d", 3)
        tf.get_logger().warning("done")
    """
    assert _run(script) == "INFO:tensorflow:step 3\nWARNING:tensorflow:done\n"


def test_a_program_that_logs_elsewhere_is_not_told_twice():
    script = """
        import logging, sys
        logging.basicConfig(stream=sys.stdout, format="%(message)s")
        import tensorflow as tf
        tf.logging.warning("once")
    """
    assert _run(script) == "once\n"


def test_the_first_calls_of_a_line_are_logged(caplog):
    for number in range(5):
        tf.logging.log_first_n(tf.logging.ERROR, "first %d", 2, number)
        tf.logging.log_first_n(tf.logging.ERROR, "alone %d", 1, number)
    told = [record.getMessage() for record in caplog.records]
    assert told == ["first 0", "alone 0", "first 1"]


def test_flags_are_absls():
    pytest.importorskip("absl")
    script = """
        import absl.flags
        import tensorflow as tf
        assert tf.flags.DEFINE_enum is absl.flags.DEFINE_enum
        assert tf.app.flags is tf.flags
        tf.flags.DEFINE_string("model_dir", "", "where it is")
        assert "model_dir" in absl.flags.FLAGS
        # A script that is asked for help tells of the flags that it defines itself.
        defined = absl.flags.FLAGS.flags_by_module_dict()
        print([name for name in defined if "fastckpt" in name])
    """
    assert _run(script) == "[]\n"


def test_flags_without_absl_say_what_to_install():
    script = """
        import sys
        sys.modules["absl"] = None
        import tensorflow as tf
        assert not hasattr(tf.flags, "FLAGS")
        try:
            tf.flags.FLAGS
        except AttributeError as error:
            print(error)
    """
    assert _run(script) == "tf.flags.FLAGS is absl.flags.FLAGS: pip install absl-py\n"


def test_install_hides_from_nobody_whether_tensorflow_is_installed():
    script = """
        import importlib.metadata
        def version():
            try:
                return importlib.metadata.version("tensorflow")
            except importlib.metadata.PackageNotFoundError:
                return None
        before = version()
        import fastckpt.compat.tensorflow as ours
        ours.install()
        assert version() == before
    """
    _run(script, install=False)
