"""One file replaced: what is flushed when, and what each step leaves that fails."""

import pytest

import preloaded

both = pytest.mark.parametrize("way", ["whole", "beside"])


@both
@pytest.mark.parametrize(
    "case",
    [
        "flushes",
        "failures",
        "failure_after_the_name",
        "litter_that_stays",
        "folder_takes_the_name",
        "forked",
    ],
)
def test_a_file_is_the_old_one_or_the_new(shim, tmp_path, case, way):
    preloaded.run(shim, "atomic_child.py", case, tmp_path, way)


@pytest.mark.parametrize("case", ["folders_are_flushed", "forked_and_ended"])
def test_a_file_that_is_written_beside_its_place(shim, tmp_path, case):
    preloaded.run(shim, "atomic_child.py", case, tmp_path, "beside")
