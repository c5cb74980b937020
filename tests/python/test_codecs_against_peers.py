"""CRC32C and Snappy against other people's implementations."""

import cramjam
import google_crc32c
import pytest
import snappy
from hypothesis import given
from hypothesis import strategies as st

from fastckpt import CorruptionError, _native

LARGE = bytes(range(256)) * 8192 + b"the end"


def compressors():
    return {"cramjam": lambda data: bytes(cramjam.snappy.compress_raw(data))} | {
        "python-snappy": snappy.compress
    }


@st.composite
def structured(draw):
    """Bytes with repeats near and far, as compressors find them."""
    words = draw(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6))
    order = draw(st.lists(st.sampled_from(words), max_size=200))
    return b"".join(order) * draw(st.integers(1, 8))


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


# --- CRC32C ---------------------------------------------------------------


@given(st.binary(max_size=5000))
def test_crc32c_is_googles(data):
    assert _native.crc32c(data) == google_crc32c.value(data)


def test_crc32c_is_googles_for_every_size_and_alignment():
    for size in [*range(300), 511, 512, 513, 4095, 4096, 4097, 65537, 1 << 20]:
        for start in range(0, 17, 1 if size < 300 else 8):
            view = memoryview(LARGE)[start : start + size]
            assert _native.crc32c(view) == google_crc32c.value(bytes(view))


@given(data=st.binary(max_size=3000), cut=st.integers(0, 3000))
def test_crc32c_goes_on_where_the_first_part_ended(data, cut):
    first, rest = data[:cut], data[cut:]
    assert _native.crc32c(rest, _native.crc32c(first)) == google_crc32c.value(data)
    assert _native.crc32c(rest, google_crc32c.value(first)) == google_crc32c.extend(
        google_crc32c.value(first), rest
    )


# --- Snappy ---------------------------------------------------------------


@pytest.mark.parametrize("peer", compressors())
@given(data=st.binary(max_size=3000) | structured())
def test_snappy_gives_back_what_a_peer_compressed(peer, data):
    assert _native.decode_snappy(compressors()[peer](data)) == data


@pytest.mark.parametrize("peer", compressors())
def test_snappy_gives_back_large_data(peer):
    for data in (LARGE, b"\0" * (1 << 20), LARGE[::-1] + LARGE):
        assert _native.decode_snappy(compressors()[peer](data)) == data


@given(data=structured(), cut=st.integers(1, 5000))
def test_cut_stream_is_corrupt(data, cut):
    stored = snappy.compress(data)
    with pytest.raises(CorruptionError):
        _native.decode_snappy(stored[: max(0, len(stored) - cut)])


@given(data=structured(), more=st.binary(min_size=1, max_size=10))
def test_bytes_behind_the_stream_are_corrupt(data, more):
    with pytest.raises(CorruptionError):
        _native.decode_snappy(snappy.compress(data) + more)


@given(data=structured(), delta=st.sampled_from([-1, 1, 1000, 1 << 20]))
def test_wrong_length_in_front_is_corrupt(data, delta):
    stored = snappy.compress(data)
    elements = stored[len(varint(len(data))) :]
    claimed = len(data) + delta
    if claimed >= 0:
        with pytest.raises(CorruptionError):
            _native.decode_snappy(varint(claimed) + elements)


@given(data=structured(), place=st.integers(0), mask=st.integers(1, 255))
def test_damaged_stream_is_corrupt_or_what_the_peer_makes_of_it(data, place, mask):
    stored = bytearray(snappy.compress(data))
    stored[place % len(stored)] ^= mask
    try:
        found = _native.decode_snappy(bytes(stored))
    except CorruptionError:
        with pytest.raises(cramjam.DecompressionError):
            cramjam.snappy.decompress_raw(bytes(stored))
    else:
        assert found == bytes(cramjam.snappy.decompress_raw(bytes(stored)))


@given(st.binary(max_size=60))
def test_any_bytes_are_corrupt_or_what_the_peer_makes_of_them(stored):
    try:
        found = _native.decode_snappy(stored)
    except CorruptionError:
        return
    assert found == bytes(cramjam.snappy.decompress_raw(stored))
