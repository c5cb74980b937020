"""The text form of a flat message, against protobuf's own."""

import string
import warnings
from typing import NamedTuple

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf import text_format as protobuf_text
from hypothesis import example, given
from hypothesis import strategies as st

from fastckpt import CorruptionError, _native
from fastckpt.files.text_format import format_fields


class Field(NamedTuple):
    kind: type
    repeated: bool = False


FIELDS = {
    "model_checkpoint_path": Field(str),
    "all_model_checkpoint_paths": Field(str, repeated=True),
    "all_model_checkpoint_timestamps": Field(float, repeated=True),
    "last_preserved_timestamp": Field(float),
}


def parse(text):
    """What the core reads: every field, those that are not set empty or zero."""
    encoded = text.encode("utf-8", "surrogateescape")
    path, paths, times, preserved = _native.parse_checkpoint_state(encoded)
    decoded = [it.decode("utf-8", "surrogateescape") for it in (path, *paths)]
    return dict(zip(FIELDS, (decoded[0], decoded[1:], times, preserved), strict=True))


def only(**fields):
    """What `parse` gives where only these are set."""
    return {**parse(""), **fields}


def make_state_class():
    """Builds TensorFlow's CheckpointState in a descriptor pool of its own.

    In proto2, unlike TensorFlow's, so that a field that is zero or empty shows too.
    """
    file = descriptor_pb2.FileDescriptorProto(name="state.proto", package="private")
    message = file.message_type.add(name="CheckpointState")
    for number, (name, field) in enumerate(FIELDS.items(), start=1):
        kind = descriptor_pb2.FieldDescriptorProto
        message.field.add(
            name=name,
            number=number,
            type=kind.TYPE_STRING if field.kind is str else kind.TYPE_DOUBLE,
            label=kind.LABEL_REPEATED if field.repeated else kind.LABEL_OPTIONAL,
        )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    described = pool.FindMessageTypeByName("private.CheckpointState")
    return message_factory.GetMessageClass(described)


CheckpointState = make_state_class()


def parse_with_protobuf(text):
    """Gives what protobuf reads, as `parse` would."""
    message = CheckpointState()
    with warnings.catch_warnings():
        # protobuf has Python decode the escapes, which warns of "\\400".
        warnings.simplefilter("ignore", DeprecationWarning)
        # As TensorFlow reads the file, but that unknown fields are skipped.
        protobuf_text.Merge(text, message, allow_unknown_field=True)
    if any("\0" in path for path in message.all_model_checkpoint_paths):
        raise protobuf_text.ParseError("a path holds a zero byte")
    if "\0" in message.model_checkpoint_path:
        raise protobuf_text.ParseError("a path holds a zero byte")
    return {
        name: list(value) if field.repeated else value
        for name, field in FIELDS.items()
        for value in [getattr(message, name)]
    }


def assert_parsed_alike(text):
    try:
        theirs = parse_with_protobuf(text)
    except (protobuf_text.ParseError, AttributeError) as error:
        if "'utf-8' codec can't decode" in str(error):
            return  # We alone hand out bytes that are no UTF-8.
        with pytest.raises(CorruptionError):
            parse(text)
    else:
        # By repr, so that nan equals nan and -0.0 is not 0.0.
        assert repr(parse(text)) == repr(theirs)


# What may stand in quotes: raw characters, and every escape that has a meaning.
octal = st.integers(0, 255).map(lambda byte: f"\\{byte:o}")
full_octal = st.integers(0, 255).map(lambda byte: f"\\{byte:03o}")
hexadecimal = st.integers(0, 127).map(lambda byte: f"\\x{byte:x}")
short_points = st.integers(0, 0xFFFF).filter(lambda point: point != 0x5C)
points = st.integers(0, 0x110000).filter(lambda point: point != 0x5C)
escapes = st.one_of(
    st.sampled_from([rf"\{sign}" for sign in "abfnrtv'\"\\"]),
    octal,
    full_octal,
    hexadecimal,
    short_points.map(lambda point: f"\\u{point:04x}"),
    points.map(lambda point: f"\\U{point:08X}"),
    st.sampled_from(["\\400", "\\777", "\\x", "\\xg", "\\u12", "\\U0011"]),
)
raw = st.characters(exclude_characters="\\", exclude_categories=["Cs"])
insides = st.lists(raw | escapes, max_size=6).map("".join)
literals = st.one_of(
    insides.map(lambda inside: f'"{inside}"'),
    insides.map(lambda inside: f"'{inside}'"),
)
blanks = st.sampled_from([" ", "", "\n", "\t", " # a 'comment'\n", "\r\n", "\u00a0"])
separators = st.sampled_from(["", " ", ",", ";", "\n", ",,", " , "])
numbers = st.one_of(
    st.floats().map(repr),
    st.integers().map(str),
    st.text("0123456789.eE+-_fFxXinfa", min_size=1, max_size=6),
    st.sampled_from(["1.5f", "-inf", "Infinity", "-INFF", "nanf", "010", "0x1F", "-"]),
)
strings = st.lists(literals, min_size=1, max_size=3).map(" ".join)
names = st.sampled_from(
    [*FIELDS, "unknown", "Model_Checkpoint_Path", "a-b", "7", "_x", "all"]
)
scalars = strings | numbers | st.sampled_from(["true", "ENUM_NAME", "a+b"])
lists = st.lists(scalars, max_size=3).map(lambda items: f"[{', '.join(items)}]")
messages = st.recursive(
    st.just("{}"),
    lambda inner: st.builds(
        lambda name, value, ends: f"{ends[0]} {name}{value} {ends[1]}",
        names | st.just("[ext.name]"),
        inner | inner.map(lambda text: f": {text}") | scalars.map(lambda it: f": {it}"),
        st.sampled_from(["{}", "<>"]),
    ),
    max_leaves=3,
)
values = st.one_of(
    scalars.map(lambda text: f":{text}"),
    lists.map(lambda text: f": {text}"),
    messages,
    messages.map(lambda text: f":[{text}, 1]"),
)
fields = st.builds(
    lambda *parts: "".join(parts), blanks, names, blanks, values, blanks, separators
)
texts = st.lists(fields, max_size=5).map("".join)


@given(texts)
@example('model_checkpoint_path: "a" "b" \'c\'  # all one\n"d"')
@example("all_model_checkpoint_paths: [] all_model_checkpoint_paths: ['x', \"y\"]")
@example("last_preserved_timestamp: 1; last_preserved_timestamp: 2")
@example("model_checkpoint_path: ['a']")
@example("unknown { a: 1 b < c: 'x' > [d.e]: 2 } last_preserved_timestamp: .5")
@example("unknown { a: 1 > ")
@example("unknown: 18446744073709551616 unknown: 0755 unknown: 089")
def test_a_text_is_read_as_protobuf_reads_it(text):
    assert_parsed_alike(text)


@given(texts, st.data())
def test_a_text_with_one_sign_changed_is_read_as_protobuf_reads_it(text, data):
    at = data.draw(st.integers(0, len(text)))
    sign = data.draw(st.sampled_from(list(" \n\"',;:[]{}<>#.-+0a_\\")))
    changed = text[:at] + sign + text[at + data.draw(st.integers(0, 1)) :]
    if not has_escape_read_otherwise(changed):
        assert_parsed_alike(changed)


@given(st.text("abc \n\"'#:,;[]{}<>0123.-+eéx_", max_size=40))
def test_any_text_is_read_as_protobuf_reads_it(text):
    assert_parsed_alike(text)


def has_escape_read_otherwise(text):
    """Whether a text may hold an escape that has no meaning, or ``\\?``.

    protobuf's Python parser hands them to Python's own, which keeps the backslash;
    the text format's definition and its C++ parser do not.
    """
    after = {text[at + 1 : at + 2] for at, sign in enumerate(text) if sign == "\\"}
    return not after <= set("abfnrtv'\"\\01234567xuU")


paths = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.none() | paths,
    st.lists(paths, max_size=3),
    st.lists(st.floats(), max_size=3),
    st.none() | st.floats(),
)
def test_a_message_is_printed_as_protobuf_prints_it(path, all_paths, times, preserved):
    message = CheckpointState(
        model_checkpoint_path=path,
        all_model_checkpoint_paths=all_paths,
        all_model_checkpoint_timestamps=times,
        last_preserved_timestamp=preserved,
    )
    printed = [("model_checkpoint_path", path)] if path is not None else []
    printed += [("all_model_checkpoint_paths", each) for each in all_paths]
    printed += [("all_model_checkpoint_timestamps", each) for each in times]
    printed += (
        [("last_preserved_timestamp", preserved)] if preserved is not None else []
    )
    assert format_fields(printed) == protobuf_text.MessageToString(message)


@given(st.binary())
def test_any_bytes_go_both_ways_and_the_text_is_utf8(raw_path):
    path = raw_path.decode("utf-8", "surrogateescape")
    text = format_fields([("model_checkpoint_path", path)])
    assert text.encode() is not None
    if "\0" not in path:
        assert parse(text) == only(model_checkpoint_path=path)


def test_bytes_that_are_no_utf8_are_read_raw_and_as_octal_as_old_releases_wrote_them():
    raw_text = b'model_checkpoint_path: "caf\xe9 \\303\\251"'
    values = parse(raw_text.decode("utf-8", "surrogateescape"))
    assert values["model_checkpoint_path"] == "caf\udce9 é"


def test_an_escaped_question_mark_is_a_question_mark():
    values = parse(r'model_checkpoint_path: "c-\?\?-of"')
    assert values == only(model_checkpoint_path="c-??-of")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nlast_preserved_timestamp 5", r"line 2, column 26: expected ':'.*'5'"),
        ("last_preserved_timestamp: 'x'", r"column 27: expected a number, found"),
        ("model_checkpoint_path: 5", r"column 24: expected a string, found '5'"),
        ("model_checkpoint_path: 'x\n'", r"line 1.*expected the string's end on its"),
        (r"model_checkpoint_path: 'C:\q'", r"a string \(\\q is no escape\)"),
        (r"model_checkpoint_path: '\400'", r"expected a string \("),
        ("model_checkpoint_path:", r"found the end"),
        ("= 5", r"expected a field name, found '='"),
        ("unknown { a: 1", r"expected a field name, found the end"),
        ("unknown: [1 2]", r"expected ','"),
        ("a { [ext/name]: 5 }", r"expected the name of an extension"),
        ("a { [ext.name", r"expected ']', found the end"),
    ],
)
def test_a_broken_text_is_refused_with_the_place_and_what_was_expected(text, message):
    with pytest.raises(CorruptionError, match=message):
        parse(text)


def test_a_message_may_hold_extensions_and_the_state_itself_has_none():
    assert parse("unknown { [a.b]: 1 [c.d.e/f.g] {} }") == only()
    with pytest.raises(CorruptionError, match=r"expected a field name, found '\['"):
        parse("[a.b]: 1")


def test_messages_nested_without_end_are_refused_and_do_not_recurse():
    with pytest.raises(CorruptionError, match="no message inside 100 others"):
        parse("a " + "{ a " * 100_000)


def test_a_hundred_thousand_paths_are_read_in_a_second():
    text = 'all_model_checkpoint_paths: "model.ckpt-1000"\n' * 100_000
    assert len(parse(text)["all_model_checkpoint_paths"]) == 100_000


def test_every_printable_sign_stays_itself_but_the_quotes_and_the_backslash():
    signs = "".join(set(string.printable) - set(string.whitespace) - set("'\"\\"))
    assert format_fields([("name", signs)]) == f'name: "{signs}"\n'
