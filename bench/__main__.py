"""``python -m bench NAME [options]``: measure one thing, print a table, write JSON and plots.

``livecaption bench`` measures a server as its users feel it; what stands here needs the source
tree: parts of the program alone, simulated time, other servers, a GPU.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from bench.machine import describe
from bench.scores import write_result
from livecaption.engine.allocator import tuned_environment

COMMANDS = {
    "rivals": "rivals",
    "tradeoff": "tradeoff",
    "flicker": "flicker",
    "seams": "seams",
    "policies": "policies",
    "accuracy": "accuracy",
    "noise": "noise",
    "sessions": "sessions",
    "micro": "micro",
    "ingest": "ingest",
    "overload": "overload",
    "gpu": "gpu",
    "overlay": "overlay_hour",
    "audience": "audience",
    "files": "files",
    "upload": "upload",
    "hostile": "hostile",
    "beside_files": "beside_files",
    "crashes": "job_crashes",
    "cuts": "cuts",
    "kills": "kills",
    "catch_up": "catch_up",
    "engine_faults": "engine_faults",
    "abuse": "abuse",
    "fuzz": "fuzz",
    "conformance": "conformance",
    "sigterm": "sigterm",
    "quiet_socket": "quiet_socket",
    "engine_process": "engine_process",
}
"""By name, the module that measures it: ``TITLE``, ``add_options(parser)``, ``run(options)``."""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    modules = {}
    for name, module_name in COMMANDS.items():
        modules[name] = module = importlib.import_module(f"bench.{module_name}")
        module.add_options(names.add_parser(name, help=module.TITLE, description=module.__doc__))
    options = parser.parse_args()
    environment = tuned_environment(os.environ)
    if environment is not None:
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)
    module = modules[options.name]
    print(f"{options.name}: {module.TITLE}\nmachine: {describe()}", flush=True)
    result = module.run(options)
    print(
        f"-> {write_result(options.name, {'machine_line': describe(), **result})}", file=sys.stderr
    )


if __name__ == "__main__":
    main()
