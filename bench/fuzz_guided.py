"""atheris gives bytes to the readers of messages, guided by what they reach.

Run by ``bench.fuzz`` with libFuzzer's options; it never returns.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["livecaption.protocol", "json"]):
    from tests.faults.fuzz_codec import try_bytes


def main() -> None:
    atheris.Setup(sys.argv, try_bytes)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
