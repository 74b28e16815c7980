"""What a failure of the model calls for, told by its text: CTranslate2 raises ``RuntimeError``.

Memory that is short is a matter of the batch; a CUDA context that has failed once fails for ever,
whatever it is given, so only a new process helps; all else is a matter of the window.
"""

from __future__ import annotations

from enum import Enum, auto

__all__ = ["Failure", "failure_of"]


class Failure(Enum):
    """What to do about it."""

    MEMORY = auto()
    """The batch did not fit: a smaller one may."""
    DEVICE = auto()
    """The device is lost to this process."""
    WINDOW = auto()
    """Something in the batch."""


_MEMORY = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED", "bad_alloc")
_HARMLESS = ("CUBLAS_STATUS_NOT_SUPPORTED", "CUDNN_STATUS_NOT_SUPPORTED")
"""They refuse a computation and leave the device as it was."""
_DEVICE = (
    "CUDA failed with error",
    "cuBLAS failed with status",
    "cuDNN failed with status",
    "CUBLAS_STATUS_",
    "CUDNN_STATUS_",
    "illegal memory access",
    "device-side assert",
    "unspecified launch failure",
)


def failure_of(error: BaseException) -> Failure:
    """Judge a failure by its type and text."""
    text = str(error)
    if isinstance(error, MemoryError) or any(mark in text for mark in _MEMORY):
        return Failure.MEMORY
    if any(mark in text for mark in _HARMLESS):
        return Failure.WINDOW
    return Failure.DEVICE if any(mark in text for mark in _DEVICE) else Failure.WINDOW
