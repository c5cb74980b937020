"""What a type checker sees of writing; run by tests/python/test_typing.py."""

import numpy as np

import fastckpt

w = np.zeros((4, 3), np.float32)

fastckpt.save("out/model.ckpt", {"w": w, "names": [b"a", b"b"], "step": 3})
fastckpt.save("out/model.ckpt", {"w": w}, shards=4, align=64)

with fastckpt.Writer("out/model.ckpt") as writer:
    reveal_type(writer)  # fastckpt.writing.writer.Writer
    writer.add("w", w)
    writer.add("q", w.astype(np.int8), tf_dtype="qint8")
    writer.add_slice("emb", w, full_shape=(8, 3), begin=(4, 0))

fastckpt.merge(["part0", "part1"], "out/merged", delete_sources=True)
fastckpt.rewrite("old", "new", select=["dense/*"], rename={"a": "b"}, align=64)

saver = fastckpt.Saver(max_to_keep=4, keep_checkpoint_every_n_hours=2)
reveal_type(saver.save("out/model.ckpt", {"w": w}, global_step=1))  # builtins.str
saver.restore("out/model.ckpt-1", into={"w": w})
reveal_type(saver.last_checkpoints)  # builtins.list[builtins.str]

reveal_type(fastckpt.latest_checkpoint("out"))  # builtins.str | None
state = fastckpt.get_checkpoint_state("out")
reveal_type(state)  # fastckpt.files.state_text.CheckpointState
reveal_type(fastckpt.checkpoint_exists("out/model.ckpt"))  # builtins.bool

fastckpt.save(200, {"w": w})  # error: [arg-type]
fastckpt.Writer("out/model.ckpt", shards="two")  # error: [arg-type]
