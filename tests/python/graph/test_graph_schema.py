"""The schema of graph messages: TensorFlow's own, in a pool of its own."""

import json
import os
import sys
from importlib import metadata

import pytest

import children
from fastckpt.graph.schema import get_enum, get_message, get_pool, import_protobuf
from fastckpt.graph.schema_table import ENUMS, MESSAGES
from graph_models import (
    PACKAGE,
    PROGRAMS,
    get_models,
    get_prefix,
    get_saved,
    run_program,
)


def _describe_field(field):
    kind = field.message_type or field.enum_type
    return {
        "name": field.name,
        "number": field.number,
        "type": field.type,
        "of": kind.full_name if kind else None,
        "repeated": field.is_repeated,
        "packed": field.is_packed if field.is_repeated else None,
        "oneof": field.containing_oneof.name if field.containing_oneof else None,
    }


@pytest.fixture(scope="module")
def theirs():
    return json.loads(run_program("dump_schema.py"))


@pytest.mark.tensorflow
def test_each_message_has_the_fields_that_tensorflow_has(theirs):
    for name, described in theirs.items():
        if "fields" not in described:
            continue
        message = get_pool().FindMessageTypeByName(name)
        fields = sorted(message.fields, key=lambda field: field.number)
        assert list(map(_describe_field, fields)) == described["fields"], name
        assert message.GetOptions().map_entry == described["map_entry"], name


@pytest.mark.tensorflow
def test_each_enum_has_the_values_that_tensorflow_has(theirs):
    for name, described in theirs.items():
        if "values" not in described:
            continue
        values = get_enum(name.removeprefix("tensorflow."))
        ours = sorted([value, number] for number, value in values.items())
        assert ours == described["values"], name


@pytest.mark.tensorflow
def test_the_table_holds_nothing_that_tensorflow_lacks(theirs):
    lines = [*MESSAGES.splitlines(), *ENUMS.splitlines()]
    names = {line.split(":")[0] for line in lines if line and line[0] not in " #"}
    assert {f"tensorflow.{name}" for name in names} <= set(theirs)


def test_the_default_pool_learns_nothing():
    get_message("GraphDef")
    default = import_protobuf("descriptor_pool").Default()
    with pytest.raises(KeyError):
        default.FindFileByName("fastckpt/graph.proto")


@pytest.mark.tensorflow
@pytest.mark.parametrize("first", ["fastckpt", "tensorflow"])
def test_tensorflow_lives_in_the_same_process(first):
    prefix = get_prefix("sum_of_two")
    ours = f"import fastckpt; m = fastckpt.MetaGraph.read({prefix + '.meta'!r})\n"
    theirs = (
        "import tensorflow as tf\n"
        f"data = open({prefix + '.meta'!r}, 'rb').read()\n"
        "t = tf.compat.v1.MetaGraphDef.FromString(data)\n"
    )
    parts = [ours, theirs] if first == "fastckpt" else [theirs, ours]
    check = (
        "from google.protobuf import text_format\n"
        "assert text_format.MessageToString(t) == m.to_text()\n"
        "assert t.SerializeToString(deterministic=True) == m.to_bytes()\n"
        "print(type(t) is type(m.graph_def), len(m.operations))\n"
    )
    done = children.run(
        [sys.executable, "-c", "".join([*parts, check])],
        env={"PYTHONPATH": str(PACKAGE), "TF_CPP_MIN_LOG_LEVEL": "3", "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "False"


def test_without_protobuf_one_line_says_what_to_install():
    program = (
        "import sys; sys.modules['google'] = None\n"
        "import fastckpt\n"
        "try: fastckpt.MetaGraph.from_bytes(b'')\n"
        "except ImportError as error: print(error)\n"
    )
    done = children.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == (
        "graphs need protobuf, which is not installed: pip install protobuf\n"
    )


def test_importing_fastckpt_brings_no_protobuf():
    program = "import fastckpt, sys; print('google.protobuf' in sys.modules)"
    done = children.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "False\n"


@pytest.mark.tensorflow
@pytest.mark.parametrize("implementation", ["upb", "python"])
def test_graphs_are_the_same_with_either_implementation_of_protobuf(implementation):
    _check({"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": implementation})


# Folders that hold other versions of protobuf (pip install --target FOLDER), apart by
# colons: at least the oldest that the extra allows.
OTHERS = [each for each in os.environ.get("FASTCKPT_PROTOBUFS", "").split(":") if each]


@pytest.mark.tensorflow
@pytest.mark.parametrize("folder", OTHERS)
def test_graphs_are_the_same_with_other_versions_of_protobuf(folder):
    printed = _check({"PYTHONPATH": f"{folder}{os.pathsep}{PACKAGE}"})
    assert printed.strip() != metadata.version("protobuf")


def _check(environment):
    done = children.run(
        [sys.executable, PROGRAMS / "check.py", get_models(), get_saved()],
        env={"PYTHONPATH": str(PACKAGE)} | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
