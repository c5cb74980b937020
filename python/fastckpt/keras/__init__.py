"""TensorFlow's weights in Keras 3 models of any backend: ``load_weights``.

Behind the extra ``keras``. Importing this imports no Keras and picks no backend.
"""

from fastckpt.keras.loading import load_weights
from fastckpt.keras.report import LoadReport

__all__ = ["LoadReport", "load_weights"]
