"""Other people's converters, run unchanged on TensorFlow and on the stand-in.

``python -m converters write FOLDER`` makes small checkpoints with TensorFlow, named as
the models' authors name their variables. ``python -m converters load
tensorflow|fastckpt FOLDER`` loads them through the functions of transformers and prints
a digest of every parameter as JSON.
"""
