"""Runs one case, again and again.

`python -m benchmarks.timing.child MODULE FUNCTION FOLDER ARGUMENTS` makes it.
Each line "run" on standard input is answered by {"seconds": s}; "prove" runs as well
and says whether what was loaded is right. Of a cold case, "resident" tells how many
bytes of the file were in the page cache when the run began. Who cannot take part says
{"missing": why} and ends.
"""

from __future__ import annotations

import gc
import json
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.contenders.case import Case
from benchmarks.data.folder import Data
from benchmarks.machine.needs import NotHere
from benchmarks.machine.residency import drop_all


def _measure(case: Case, proves: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    gc.collect()
    if case.cold:
        answer["resident"] = drop_all(case.cold)
    loops = 1 if proves else case.loops
    begin = perf_counter()
    for _ in range(loops):
        result = case.run()
    answer["seconds"] = (perf_counter() - begin) / loops
    if proves:
        found = case.prove(result)
        answer["right"] = found == case.expected
    return answer


def main() -> None:
    module, function, folder, arguments = sys.argv[1:]
    make = getattr(import_module(f"benchmarks.contenders.{module}"), function)
    try:
        case = make(Data(Path(folder)), **json.loads(arguments))
    except NotHere as reason:
        print(json.dumps({"missing": str(reason)}), flush=True)
        return
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(_measure(case, line.split()[0] == "prove")), flush=True)


if __name__ == "__main__":
    main()
