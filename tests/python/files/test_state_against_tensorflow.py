"""The state file's text, against what TensorFlow writes and reads."""

import random

import pytest

import tensorflow_management
from fastckpt.files.state_file import get_checkpoint_state
from fastckpt.files.state_update import update_checkpoint_state

pytestmark = pytest.mark.tensorflow

SIGNS = "abc019 -_.'\"\\\n\t\r\x01\x7fé重\U0001f600[*?/"


def random_states(generator, count):
    """Gives arguments of update_checkpoint_state, folder and paths relative or not."""
    states = []
    for number in range(count):
        folder = f"{'' if generator.randrange(2) else '/ROOT/'}out{number}"
        names = [random_name(generator) for _ in range(generator.randrange(1, 5))]
        paths = [f"{folder}/{name}" for name in names]
        all_paths = paths[: len(paths) - generator.randrange(2)]
        relative = bool(generator.randrange(2))
        times = [generator.uniform(0, 2e9) for _ in paths]
        times = times if generator.randrange(2) else None
        preserved = generator.choice([None, 0, 1e20, 1e-7, generator.uniform(0, 2e9)])
        latest = generator.choice([None, "checkpoint", "latest"])
        states.append(
            [folder, paths[-1], all_paths, latest, relative, times, preserved]
        )
    return states


def random_name(generator):
    name = "".join(generator.choices(SIGNS, k=generator.randrange(1, 12)))
    return "m" + name.strip("/") + "n"


def test_the_text_is_tensorflows_for_any_names_folders_and_times(tmp_path, monkeypatch):
    states = random_states(random.Random(1), 300)
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.mkdir()
    ours.mkdir()
    rooted = [under_root(state, str(theirs)) for state in states]
    texts = tensorflow_management.call_all(
        [["write_state", state] for state in rooted], theirs
    )
    monkeypatch.chdir(ours)
    for state, text in zip(states, texts, strict=True):
        folder, model, paths, latest, relative, times, preserved = under_root(
            state, str(ours)
        )
        (ours / folder).mkdir()
        update_checkpoint_state(
            folder,
            model,
            paths,
            latest,
            times,
            preserved,
            save_relative_paths=relative,
            fsync=False,
        )
        written = (ours / folder / (latest or "checkpoint")).read_bytes().decode()
        assert written.replace(str(ours), "ROOT") == text.replace(str(theirs), "ROOT")


def under_root(value, root):
    """Gives a value with each path below /ROOT put below another folder."""
    if isinstance(value, list):
        return [under_root(item, root) for item in value]
    return value.replace("/ROOT", root) if isinstance(value, str) else value


def test_what_is_read_is_what_tensorflow_reads(tmp_path, monkeypatch):
    texts = [
        'model_checkpoint_path: "m"',
        '# comment\nmodel_checkpoint_path: "a" "b", all_model_checkpoint_paths: ["c"];',
        r"model_checkpoint_path: '\303\251\x41\n' all_model_checkpoint_paths: 'é'",
        'model_checkpoint_path: "/abs/m" all_model_checkpoint_paths: "/abs/m"',
        'model_checkpoint_path: "m" last_preserved_timestamp: 5 '
        "all_model_checkpoint_timestamps: 1e3 all_model_checkpoint_timestamps: .5",
        'model_checkpoint_path: "x" model_checkpoint_path: "y"',
    ]
    results = tensorflow_management.call_all(
        [["read_state", [text]] for text in texts], tmp_path
    )
    monkeypatch.chdir(tmp_path)
    for text, result in zip(texts, results, strict=True):
        (tmp_path / "read" / "checkpoint").write_text(text)
        state = get_checkpoint_state("read")
        assert list(state) == result
