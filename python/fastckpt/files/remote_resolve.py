"""What a URL leads to: the files of one checkpoint, as for a name on this machine.

Objects are asked for by their exact names, the likeliest first; a folder is listed
where only that can tell, and what stores refuse to list is not there.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastckpt.errors import CorruptionError, UnsupportedError
from fastckpt.files.fetcher import Fetcher
from fastckpt.files.find import Resolved
from fastckpt.files.foreign import WORDS, ForeignObject, kind_of_bytes
from fastckpt.files.identities import Seen
from fastckpt.files.remote import Store
from fastckpt.files.remote_errors import UNSUPPORTED, error_of
from fastckpt.files.remote_looks import ABSENT, Looks
from fastckpt.files.shard_names import ShardName, split_shard, v1_pattern, v1_shards
from fastckpt.files.state_text import (
    MAX_STATE_BYTES,
    STATE_NAME,
    CheckpointState,
    parse_state,
)
from fastckpt.files.urls import wholes_of

__all__ = ["Elsewhere", "Finder", "resolve_url"]

_V1_PATTERN = re.compile(r"(?s:(.*)-\?{5,}-of-([0-9]{5,}))")
_ROOT = re.compile(r"[^/]+://[^/]*")
_BEGIN_BYTES = 1024
_MAX_SHARDS = 100_000
_MAX_LISTED = 5
_COPY = "copy it here: named as a local file it is told what can be made of it"
_CONVERT = "'fastckpt convert URL NAME' makes a checkpoint of it here"
_GRAPH = "copy it here: 'fastckpt graph' and 'freeze' read local files alone"
_ADVICE = {
    **dict.fromkeys(("npz", "safetensors"), _CONVERT),
    **dict.fromkeys(("text graph", "graph", "meta graph", "saved model"), _GRAPH),
}


def resolve_url(url: str, options: Mapping[str, Any] | None = None) -> Resolved:
    """Finds the checkpoint that a URL names.

    Args:
        url: As ``open`` takes it.
        options: What its file system is made with.

    Raises:
        FileNotFoundError: No checkpoint is there.
        CorruptionError: What is there is none, or a damaged state file.
        OSError: It cannot be read: ``PermissionError``, ``TimeoutError`` and others.
        UnsupportedError: The server does not say how large objects are.
        ImportError: fsspec, or what it needs for this URL, is not installed.
    """
    finder = Finder(Store(url, options))
    return finder.resolve(finder.store.name)


class Elsewhere(Resolved):
    """A checkpoint that is there, in a store."""

    _fetcher: Fetcher

    @classmethod
    def found_by(cls, fetcher: Fetcher, found: Resolved) -> Elsewhere:
        """Gives what was found, with what fetches it."""
        made = cls(*found)
        made._fetcher = fetcher
        return made

    @property
    def remote(self) -> Fetcher:
        """What fetches its objects."""
        return self._fetcher


class Finder:
    """Looks for checkpoints in one store.

    Attributes:
        store: That one.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._looks = Looks(store)

    def resolve(self, url: str) -> Resolved:
        """Finds what a name of the store leads to; raises as ``resolve_url``."""
        if _ROOT.fullmatch(url):  # nothing lies beside it
            url += "/"
        name = url.rstrip("/")
        if name == url:
            self._looks.foresee((wholes_of(name) or [name])[0])
            for prefix in (name, *wholes_of(name)):
                if self._looks.is_file(f"{prefix}.index"):
                    return self._found("v2", prefix, [f"{prefix}.index"])
            if found := self._by_file(name):
                return found
        for look in (self._in_folder, self._by_shards):
            if found := look(name):
                return found
        if self._looks.refused is not None:
            raise error_of(self._looks.refused)
        raise self._not_found(name)

    def find(self, prefix: str) -> Resolved | None:
        """Finds the checkpoint of exactly this name; None where none is.

        Raises:
            OSError: That cannot be told.
            UnsupportedError: The same.
        """
        before, self._looks.refused = self._looks.refused, None
        found = self._find(prefix)
        if found is None and self._looks.refused is not None:
            raise error_of(self._looks.refused)
        self._looks.refused = before
        return found

    def _find(self, prefix: str) -> Resolved | None:
        if self._looks.is_file(f"{prefix}.index"):
            return self._found("v2", prefix, [f"{prefix}.index"])
        if self._looks.is_plain_file(prefix) and self._looks.is_table(prefix):
            return self._found("v1", prefix, [prefix])
        return self._by_shards(prefix)

    def exists(self, prefix: str) -> bool:
        """Tells whether anything of a checkpoint's name is there: any object, too.

        Raises:
            OSError: That cannot be told.
        """
        plain = self._looks.look([f"{prefix}.index", prefix])[1]
        if self._looks.is_file(f"{prefix}.index") or isinstance(plain, Seen):
            return True
        if plain[0] == UNSUPPORTED:  # an object, however large
            return True
        if self._looks.is_file(prefix) or self._by_shards(prefix) is not None:
            return True
        if self._looks.refused is not None:
            raise error_of(self._looks.refused)
        return False

    def _found(self, format: str, prefix: str, files: list[str]) -> Resolved:
        """Gives what was found, its identities as they were seen."""
        fetcher = Fetcher(self.store)
        fetcher.traffic = self._looks.traffic
        self._looks.hand_over(fetcher, files)
        return Elsewhere.found_by(fetcher, Resolved(format, prefix, files))

    def _by_file(self, name: str) -> Resolved | None:
        """Finds a V1 file, or what a state file of any name tells."""
        if not self._looks.is_plain_file(name):
            return None
        if self._looks.is_table(name):
            shard = split_shard(name)
            if shard is not None and shard.num_shards > 1:
                return self._whole_set(shard.stem, shard.num_shards)
            return self._found("v1", name, [name])
        is_named = name.rsplit("/", 1)[-1] == STATE_NAME
        state = self._read_state(name, is_named)
        if state is not None:
            return self._follow(state, name)
        return None

    def _whole_set(self, stem: str, count: int) -> Resolved:
        if count > _MAX_SHARDS:
            raise CorruptionError(f"{stem}: {count} shards are none that were saved")
        files = [ShardName(stem, shard, count).name for shard in range(count)]
        self._found(
            "v1", "", files[-1:]
        )  # before many are looked for that are not there
        return self._found("v1", v1_pattern(stem, count), files)

    # State files and folders.

    def state_of(self, folder: str, name: str = STATE_NAME) -> CheckpointState | None:
        """Gives what a folder's state file says, each name as one of this store."""
        path = f"{folder.rstrip('/')}/{name}"
        if not self._looks.is_file(path):
            if self._looks.refused is not None:
                raise error_of(self._looks.refused)
            return None
        state = self._read_state(path, True)
        if state is None:
            return None
        places = [self._locate(it, path) for it in state.all_model_checkpoint_paths]
        first = self._locate(state.model_checkpoint_path, path)
        return state._replace(
            model_checkpoint_path=first, all_model_checkpoint_paths=places
        )

    def _read_state(self, name: str, is_named: bool) -> CheckpointState | None:
        """Gives what a state file says; None where it is none, and not named so."""
        size = self._looks.size(name)
        if size > MAX_STATE_BYTES:
            reason = f"it is larger than {MAX_STATE_BYTES} bytes"
        else:
            text = self._looks.read(name, 0, size).decode("utf-8", "surrogateescape")
            try:
                return parse_state(text)
            except CorruptionError as error:
                reason = str(error)
        if not is_named:
            return None
        raise CorruptionError(f"{name}: damaged state file: {reason}", path=name)

    def _follow(self, state: CheckpointState, path: str) -> Resolved:
        prefix = self._locate(state.model_checkpoint_path, path)
        self._looks.foresee(prefix)
        found = self.find(prefix)
        if found is None:
            raise FileNotFoundError(
                errno.ENOENT,
                f"the state file {path!r} names a checkpoint that is not there",
                prefix,
            )
        return found

    def _locate(self, written: str, path: str) -> str:
        """Gives the name in this store for what a state file has written.

        What is relative is so to its folder. A URL counts where it is one of the same
        place; of everything else, local paths too, the base name beside it does.
        """
        folder = path.rsplit("/", 1)[0]
        root = "/".join(path.split("/", 3)[:3]) + "/"
        if written.startswith(root) and self._exists(written):
            return written
        is_relative = not re.match(r"/|\\\\|[A-Za-z]:[\\/]|[A-Za-z0-9+.-]+://", written)
        if is_relative and ".." not in written.split("/"):
            return f"{folder}/{written.removeprefix('./')}"
        base = written.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
        return f"{folder}/{base}"

    def _exists(self, prefix: str) -> bool:
        """Tells whether a name leads to an object.

        What cannot be told is an error, a refusal too: else a moment's failure would
        open another checkpoint, the one of the same base name.
        """
        looks = self._looks.look([f"{prefix}.index", prefix])
        if any(isinstance(seen, Seen) and seen.is_file for seen in looks):
            return True
        for seen in looks:
            if not isinstance(seen, Seen) and seen[0] not in ABSENT:
                raise error_of(seen)
        return False

    def _in_folder(self, name: str) -> Resolved | None:
        state_file = f"{name}/{STATE_NAME}"
        variables = f"{name}/variables/variables"
        inner = f"{name}/variables" if name.endswith("/variables") else variables
        candidates = [state_file, f"{variables}.index", f"{inner}.index"]
        self._looks.look(candidates)  # at once
        if self._looks.is_file(state_file):
            state = self._read_state(state_file, True)
            assert state is not None
            return self._follow(state, state_file)
        for prefix in (variables, inner):
            if self._looks.is_file(f"{prefix}.index"):
                return self._found("v2", prefix, [f"{prefix}.index"])
        return self._only_one(name)

    def _only_one(self, folder: str) -> Resolved | None:
        names = self._looks.listing(folder) or []
        prefixes = list(_prefixes(names))
        if len(prefixes) > 1:
            more = len(prefixes) - _MAX_LISTED
            listed = ", ".join(map(repr, prefixes[:_MAX_LISTED]))
            raise FileNotFoundError(
                errno.ENOENT,
                f"the folder has no state file {STATE_NAME!r} and holds several "
                f"checkpoints: {listed}{f' and {more} more' if more > 0 else ''}; name "
                "one of them",
                folder,
            )
        if prefixes:
            return self.find(f"{folder}/{prefixes[0]}")
        # V1 files tell only by what is in them.
        others = [it for it in names if it != STATE_NAME and not it.endswith(".meta")]
        if len(others) == 1 and self._looks.is_file(f"{folder}/{others[0]}"):
            return self._by_file(f"{folder}/{others[0]}")
        return None

    def _by_shards(self, prefix: str) -> Resolved | None:
        """Finds the set of V1 shards that a prefix or a pattern names."""
        match = _V1_PATTERN.fullmatch(prefix)
        if match is not None:
            first = ShardName(match[1], 0, int(match[2])).name
            if self._looks.is_file(first):
                return self._whole_set(match[1], int(match[2]))
            return None
        folder, _, base = prefix.rpartition("/")
        names = self._looks.listing(folder, f"{base}-0") or []
        counts = {it.num_shards for it in v1_shards(names) if it.stem == base}
        if len(counts) > 1:
            named = ", ".join(repr(v1_pattern(base, count)) for count in sorted(counts))
            raise FileNotFoundError(
                errno.ENOENT, f"several sets of V1 shards: {named}; name one", prefix
            )
        return self._whole_set(prefix, counts.pop()) if counts else None

    def _not_found(self, name: str) -> Exception:
        """Makes the error for a name that leads to nothing, or to nothing of ours."""
        seen = self._looks.look([name])[0]
        if isinstance(seen, Seen) and seen.is_file:
            begin = self._looks.read(name, 0, min(seen.identity[1], _BEGIN_BYTES))
            kind = kind_of_bytes(begin)
            if kind not in WORDS:
                return CorruptionError(
                    f"{name}: the object is no checkpoint", path=name
                )
            advice = _ADVICE.get(kind, _COPY)
            words = f"the object is no checkpoint; it is {WORDS[kind]}; {advice}"
            error = ForeignObject(f"{name}: {words}", path=name)
            error.advice = advice
            return error
        base = name.rsplit("/", 1)[-1]
        reason = (
            f"no checkpoint: looked for {base + '.index'!r}, a V1 file {base!r}, V1 "
            f"shards {base + '-?????-of-?????'!r}, and for {STATE_NAME!r} and "
            f"'variables/variables.index' in it"
        )
        folder = name.rpartition("/")[0]
        try:
            beside = self._looks.listing(folder) or []
        except UnsupportedError:  # they are too many; it is not there all the same
            beside = []
        if names := list(_prefixes(beside)):
            listed = ", ".join(map(repr, names[:_MAX_LISTED]))
            reason += f"; beside it are the checkpoints {listed}"
        return FileNotFoundError(errno.ENOENT, reason, name)


def _prefixes(names: Iterable[str]) -> Iterator[str]:
    """Gives the checkpoints that names tell of, V2 ones and sets of V1 shards."""
    found = {it.removesuffix(".index") for it in names if it.endswith(".index")}
    found.update(v1_pattern(it.stem, it.num_shards) for it in v1_shards(names))
    yield from sorted(found - {""})
