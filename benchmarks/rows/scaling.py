"""The rows that want a larger machine: up to 16 threads, and a GPU."""

from __future__ import annotations

from benchmarks.rows.row import Child, Goal, Row

__all__ = ["ROWS", "THREADS", "label_of"]

THREADS = (1, 2, 4, 8, 16)


def label_of(threads: int) -> str:
    """Gives the label of so many threads."""
    return "1 thread" if threads == 1 else f"{threads} threads"


def _row(name: str, title: str, function: str, gives: str) -> Row:
    return Row(
        name,
        title,
        {
            label_of(count): Child(
                "ours", function, {"threads": count}, gives, f"cpus={count}"
            )
            for count in THREADS
        },
    )


def _gpu(who: str) -> Child:
    return Child("with_torch_files", "load_on_gpu", {"who": who}, "", "torch gpu")


ROWS: tuple[Row, ...] = (
    _row("scale-load", "{bert}: `load()`, checked, by threads", "load", "views"),
    _row(
        "scale-copy",
        "{bert}: `load(copy=True)`, checked, by threads",
        "load_copy",
        "copies",
    ),
    _row("scale-verify", "{bert}: `verify()`, by threads", "verify", ""),
    _row(
        "scale-rows",
        "65,536 random rows by number, of {table}, by threads",
        "many_rows",
        "copies",
    ),
    Row(
        "torch-cuda",
        '{bert}: `torch.load_file(device="cuda")`, checked',
        {
            "fastckpt": _gpu("load_file"),
            "safetensors.torch": Child(
                "with_torch_files",
                "load_on_gpu",
                {"who": "safetensors"},
                "",
                "torch safetensors gpu",
            ),
            "torch.load(mmap=True) + to": _gpu("torch mmap"),
        },
        (Goal("safetensors.torch", 1.0, "fastckpt", ("safetensors.torch",)),),
    ),
)
