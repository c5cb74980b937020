"""The README's blocks do what they say."""

import json
import re
import shlex
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import children
import fastckpt
from library_child import run_with

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def block_with(text: str, language: str = "python") -> str:
    (found,) = [block for block in blocks(language) if text in block]
    return found


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A working folder with the checkpoint that the README names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    tensors = {
        "dense/bias": np.arange(3, dtype=np.float32),
        "dense/kernel": np.arange(12, dtype=np.float32).reshape(4, 3),
        "global_step": np.int64(200),
        "vocabulary": np.array([b"a", b"b"], object),
    }
    fastckpt.save("models/model.ckpt-200", tensors)
    (tmp_path / "out").mkdir()
    return tensors


def run(block: str, **names) -> dict:
    exec(compile(block, "README.md", "exec"), names)
    return names


def test_ten_lines_read_and_write(models, capsys):
    after = run(block_with("weights = ckpt.load"))
    np.testing.assert_array_equal(after["kernel"], models["dense/kernel"])
    assert not after["kernel"].flags.writeable
    assert after["rows"].shape == (2, 3)
    assert after["rows"].flags.writeable
    assert list(after["weights"]) == ["dense/bias", "dense/kernel"]
    assert capsys.readouterr().out.splitlines()[-1] == "True"
    assert fastckpt.open("out/model.ckpt").load().keys() == models.keys()


def test_existing_code_keeps_working(models):
    after = run(block_with("fastckpt.compat.tensorflow as tf"))
    assert after["name"] == "vocabulary"
    assert after["shape"] == [2]
    assert list(after["array"]) == [b"a", b"b"]


def test_interrupted_training_is_saved(models):
    block = "import numpy as np\n" + block_with("signal.SIGTERM")
    script = block.replace(
        "# one step of training", "\n        if step == 3: signal.raise_signal(15)"
    )
    assert script != block
    child = children.run([sys.executable, "-c", script], timeout=60)
    assert child.returncode == 143
    last = fastckpt.latest_checkpoint("out")
    assert last == "out/model.ckpt-3"
    np.testing.assert_array_equal(fastckpt.open(last)["w"], np.full(4, 3, np.float32))


def test_training_that_ends_is_saved(models):
    block = "import numpy as np\n" + block_with("signal.SIGTERM")
    children.run([sys.executable, "-c", block], timeout=60, check=True)
    assert fastckpt.latest_checkpoint("out") == "out/model.ckpt-3"
    assert Path("out/model.ckpt-2.index").exists()


OPEN = "import fastckpt\nckpt = fastckpt.open('models/model.ckpt-200')\n"


@pytest.mark.frameworks
def test_torch_recipe_keeps_bfloat16(models):
    kernel = models["dense/kernel"].astype(ml_dtypes.bfloat16)
    fastckpt.save("models/model.ckpt-200", models | {"dense/kernel": kernel})
    block = f"{block_with('fastckpt.torch')}t = state['dense/kernel']\n"
    printed = run_with("torch", f"{block}print(len(state), t.dtype, t.tolist())")
    assert printed == f"{len(models) - 1} torch.bfloat16 {kernel.tolist()}\n"


@pytest.mark.frameworks
def test_data_loader_recipe_gives_every_row(models):
    block = f"import torch\n{block_with('DataLoader')}"
    printed = run_with("torch", f"{OPEN}{block}print(torch.cat(list(loader)).tolist())")
    assert json.loads(printed) == models["dense/kernel"].tolist()


@pytest.mark.frameworks
def test_jax_recipe_loads_all_but_strings(models):
    block = block_with("fastckpt.jax")
    printed = run_with("jax", f"{block}print(sorted(params), params['global_step'])")
    assert printed == f"{sorted(models.keys() - {'vocabulary'})} 200\n"


def first_shell_block() -> list[list[str]]:
    """The commands of the first block, of which one spans several lines."""
    text = block_with("fastckpt ls", "sh")
    commands, rest = [], ""
    for line in text.splitlines():
        rest += line + "\n"
        try:
            commands.append(shlex.split(rest))
        except ValueError:  # a quotation that goes on
            continue
        rest = ""
    assert not rest
    return commands


def test_first_shell_block_installs_an_extra_that_is_declared():
    (install,) = [c for c in first_shell_block() if c[:2] == ["pip", "install"]]
    extra = re.fullmatch(r"\.\[(\w+)\]", install[2])[1]
    project = (ROOT / "pyproject.toml").read_text()
    assert re.search(rf"^{extra} = \[", project, re.MULTILINE)
    assert re.search(r"^fastckpt = \"fastckpt\.cli:main\"$", project, re.MULTILINE)


@pytest.mark.parametrize(
    ("number", "words"), [(0, "bfloat16/matrix"), (1, "120 tensors"), (2, "tensors")]
)
def test_first_shell_block_shows_a_checkpoint_of_the_repository(number, words):
    commands = [c for c in first_shell_block() if c[0] in {"fastckpt", "python"}]
    assert len(commands) == 3
    program, *arguments = commands[number]
    module = ["-m", "fastckpt"] if program == "fastckpt" else []
    child = children.run(
        [sys.executable, *module, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert words in child.stdout


@pytest.mark.parametrize("extra", sorted(set(re.findall(r"\.\[(\w+)\]", README))))
def test_every_extra_that_is_named_is_declared(extra):
    text = (ROOT / "pyproject.toml").read_text()
    assert re.search(rf"^{extra} = \[", text, re.MULTILINE)


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README))
def test_every_link_leads_somewhere(target):
    assert (ROOT / target).exists()


def test_every_command_that_is_named_is_there():
    names = re.search(r"^\| Command line.*?\| `(.*?)` \|$", README, re.MULTILINE)[1]
    child = children.run(
        [sys.executable, "-m", "fastckpt", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not [name for name in names.split() if name not in child.stdout]
