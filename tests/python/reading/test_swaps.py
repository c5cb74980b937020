"""A save that falls between two calls of a reader: old values, new, or an error."""

from __future__ import annotations

import pytest

import preloaded

CASES = [
    "swap_before_the_shard",
    "swap_before_the_shard_of_an_unpickled_one",
    "half_swap_before_the_shard",
    "swap_and_back_before_the_shard_is_checked",
    "set_aside_behind_its_index",
    "swept_while_the_shard_is_checked",
    "data_swept_before_their_index",
    "put_back_before_the_shard",
    "set_aside_before_the_index",
    "put_back_before_the_index",
    "shard_that_moves_each_time",
    "index_that_moves_each_time",
    "v1_shards",
]


@pytest.mark.parametrize("io", ["mmap", "read"])
@pytest.mark.parametrize("case", CASES)
def test_a_save_between_two_calls_makes_no_mixture(shim, tmp_path, case, io):
    preloaded.run(shim, "swap_child.py", case, tmp_path, io)
