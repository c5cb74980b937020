"""MetaGraph: a graph with its saver, collections and signatures, without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastckpt.base.cached import cached_property
from fastckpt.base.late_text import LateText
from fastckpt.errors import CorruptionError, MissingKeyError
from fastckpt.files.find import PathName
from fastckpt.graph.averages import map_averages
from fastckpt.graph.files import GraphOfFile, Tags, find_graph_file, parse, read_graph
from fastckpt.graph.names import find_close, parse_input, parse_tensor_name
from fastckpt.graph.operations import GraphFunction, GraphTensor, Operation
from fastckpt.graph.saver_nodes import find_filename_nodes
from fastckpt.graph.schema import get_message, get_pool, import_protobuf
from fastckpt.graph.unmatched import Unmatched, compare
from fastckpt.graph.values import (
    MetaInfo,
    SaverInfo,
    Signature,
    decode_asset_files,
    decode_collection,
    decode_info,
    decode_saver,
    decode_signature,
)
from fastckpt.graph.variables import GraphVariable, find_variables

__all__ = ["MetaGraph"]

_PLACEHOLDER_OPS = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})


class MetaGraph:
    """A graph as a file holds it; nothing of it can be run or changed.

    Made by ``MetaGraph.read`` or ``MetaGraph.from_bytes``. Safe to use from many
    threads.
    """

    def __init__(self, found: GraphOfFile, path: str | None = None) -> None:
        self._message = found.message
        self._path = path
        self._is_bare = found.message.DESCRIPTOR.name == "GraphDef"
        self._kind, self._graph_tags = found.kind, found.tags

    @classmethod
    def read(cls, path: PathName, tags: Tags = None) -> MetaGraph:
        """Reads the graph of a file or of a checkpoint.

        Args:
            path: A ``.meta`` file, a ``saved_model.pb`` or its folder, a bare ``.pb``,
                the text form of these (``.pbtxt``), or a checkpoint beside which a
                ``.meta`` file lies.
            tags: Which of a SavedModel's graphs: exactly these tags. None takes the
                only one, or the one with the tag ``serve``.

        Raises:
            CorruptionError: the file holds no such message, is damaged, or has more
                than 2 GiB.
            FileNotFoundError: there is no such file, or no graph belongs to it.
            UnsupportedError: the SavedModel is stored in chunks.
            ValueError: no graph has these tags.
        """
        file = find_graph_file(path)
        return cls(read_graph(file, tags), file)

    @classmethod
    def from_bytes(cls, content: bytes) -> MetaGraph:
        """Gives the graph of a serialized MetaGraphDef.

        Raises:
            CorruptionError: the bytes are no such message.
        """
        message = parse("MetaGraphDef", content, "a graph")
        return cls(GraphOfFile(message, "MetaGraphDef", []))

    def __repr__(self) -> str:
        count = len(self.graph_def.node)
        return f"<MetaGraph of {count} operations from {self._path!r}>"

    @property
    def path(self) -> str | None:
        """The file that was read, None if it came from bytes."""
        return self._path

    @property
    def kind(self) -> str:
        """What the file is: ``SavedModel``, ``MetaGraphDef`` or ``GraphDef`` (bare)."""
        return self._kind

    @property
    def graph_tags(self) -> list[list[str]]:
        """The tags of each graph of a SavedModel, of those that were not taken, too."""
        return [list(tags) for tags in self._graph_tags]

    @property
    def graph_def(self) -> Any:
        """The GraphDef message; of fastckpt's own pool, and not to be changed."""
        return self._message if self._is_bare else self._message.graph_def

    def to_bytes(self) -> bytes:
        """Gives the serialized MetaGraphDef, unknown fields included: a ``.meta`` file.

        A bare graph comes wrapped into one. Equal graphs give equal bytes.
        """
        return bytes(self._get_meta().SerializeToString(deterministic=True))

    def to_text(self) -> str:
        """Gives the text form of the message as TensorFlow's ``text_format`` prints it.

        A bare graph gives a GraphDef, everything else a MetaGraphDef.
        """
        text_format = import_protobuf("text_format")
        text = text_format.MessageToString(self._message, descriptor_pool=get_pool())
        return str(text)

    @cached_property
    def meta_info(self) -> MetaInfo:
        """Where the graph comes from: TensorFlow's version, tags, the ops used."""
        return decode_info(self._get_meta().meta_info_def)

    @cached_property
    def operations(self) -> list[Operation]:
        """All nodes, in the file's order."""
        return list(self._operations.values())

    @cached_property
    def placeholders(self) -> list[Operation]:
        """The nodes that want to be fed, but for those that name a saver's files."""
        found = [each for each in self.operations if each.op in _PLACEHOLDER_OPS]
        names = find_filename_nodes(self.graph_def, self.saver) if found else ()
        return [each for each in found if each.name not in names]

    @cached_property
    def outputs(self) -> list[Operation]:
        """The nodes that nobody reads or waits for."""
        return [op for op in self.operations if op.name not in self._highest_reads]

    @cached_property
    def functions(self) -> dict[str, GraphFunction]:
        """The functions of the graph's library."""
        return {
            each.signature.name: GraphFunction(each, self.definitions.get)
            for each in self.graph_def.library.function
        }

    @cached_property
    def collections(self) -> dict[str, list[Any]]:
        """The collections: names, numbers or bytes; of variables ``"w1:0"``."""
        collections = self._get_meta().collection_def
        return {
            name: decode_collection(name, collections[name])
            for name in sorted(collections)
        }

    @property
    def saver(self) -> SaverInfo | None:
        """What the saver was told, None if the file does not say."""
        meta = self._get_meta()
        return decode_saver(meta.saver_def) if meta.HasField("saver_def") else None

    @cached_property
    def signatures(self) -> dict[str, Signature]:
        """The ways to call the graph, by name."""
        signatures = self._get_meta().signature_def
        return {name: decode_signature(signatures[name]) for name in sorted(signatures)}

    @property
    def asset_files(self) -> dict[str, str]:
        """The files that belong to the graph, by the tensors that hold their names."""
        return decode_asset_files(self._get_meta())

    @cached_property
    def variables(self) -> dict[str, GraphVariable]:
        """The variables by name, each with its tensor in the checkpoint.

        Raises:
            CorruptionError: the Save and Restore nodes contradict themselves.
        """
        return find_variables(self._get_meta())

    def variables_to_restore(
        self,
        moving_avg_variables: Iterable[str] | None = None,
        *,
        name: str | None = None,
    ) -> dict[str, str]:
        """Gives what ``ExponentialMovingAverage.variables_to_restore`` gives.

        Which average is a variable's is told by the operations that update it; only
        where there are none, by the names.

        Args:
            moving_avg_variables: Names of the variables that have averages; None takes
                the trainable ones, those in the collection of averaged ones and those
                whose averages the graph updates.
            name: The name that the averages were made with, which is the last part of
                their own; None: ``ExponentialMovingAverage``.

        Returns:
            The names in the checkpoint by the variables' names, ready for
            ``ckpt.load()``. A variable without an average keeps its own value.

        Raises:
            ValueError: the graph has no such variable, or no average of one that is
                named; it does not tell which variables have averages, or which of
                several averages is meant. The message says what to do.
        """
        marked = self.collections.get("moving_average_variables", [])
        return map_averages(
            self._get_meta(), self.variables, marked, moving_avg_variables, name
        )

    def find_unmatched(self, checkpoint: Iterable[str]) -> Unmatched:
        """Compares the variables with a checkpoint.

        Args:
            checkpoint: An open checkpoint, or the names of its tensors.
        """
        return compare(self.variables, checkpoint)

    def get_operation_by_name(self, name: str) -> Operation:
        """Gives a node.

        Raises:
            KeyError: no node has this name; the message gives the closest ones.
        """
        operation = self._operations.get(name)
        if operation is None:
            there = self._operations
            text = f"the graph has no operation {name!r}"
            raise MissingKeyError(LateText(lambda: text + find_close(name, there)))
        return operation

    def get_tensor_by_name(self, name: str) -> GraphTensor:
        """Gives an output of a node.

        Args:
            name: ``"w1:0"``.

        Raises:
            KeyError: there is no such node, or it has no such output.
            ValueError: the name has no index.
        """
        node, index = parse_tensor_name(name)
        outputs = self.get_operation_by_name(node).outputs
        if index >= len(outputs):
            raise MissingKeyError(
                f"operation {node!r} has {len(outputs)} outputs; not {name!r}"
            )
        return outputs[index]

    @cached_property
    def _operations(self) -> dict[str, Operation]:
        reads = self._highest_reads
        find = self.definitions.get
        operations = {
            node.name: Operation(node, find, reads.get(node.name, -1))
            for node in self.graph_def.node
        }
        if len(operations) < len(self.graph_def.node):
            raise CorruptionError(
                f"{self._path}: several nodes of the graph have one name",
                path=self._path,
            )
        return operations

    @cached_property
    def _highest_reads(self) -> dict[str, int]:
        """The highest output that anybody reads of each node; -1 for control alone."""
        highest: dict[str, int] = {}
        for node in self.graph_def.node:
            for source in map(parse_input, node.input):
                index = -1 if source.is_control else source.number
                highest[source.node] = max(highest.get(source.node, -1), index)
        return highest

    @cached_property
    def definitions(self) -> dict[str, Any]:
        """The definitions (OpDef) that the graph brings, by op; functions, too."""
        ops = self._get_meta().meta_info_def.stripped_op_list.op
        functions = self.graph_def.library.function
        definitions = {each.signature.name: each.signature for each in functions}
        return definitions | {op.name: op for op in ops}

    def _get_meta(self) -> Any:
        return self._meta if self._is_bare else self._message

    @cached_property
    def _meta(self) -> Any:
        meta = get_message("MetaGraphDef")()
        meta.graph_def.CopyFrom(self._message)
        return meta
