#!/usr/bin/env python3
"""What a first answer costs: the whole `wrt derive` process, and `import wrt`, beside `python -c "import numpy"`.

usage: startup.py [rounds]

The least of rounds taken in turns, so that the ratio means something on a busy machine. The project holds the whole process under 3 times.
"""

from __future__ import annotations

import subprocess
import sys
import time

BAR = 3.0
NUMPY = "import numpy"
COMMANDS = {
    NUMPY: ["-c", NUMPY],
    "import wrt": ["-c", "import wrt"],
    "wrt derive, a gradient": ["-m", "wrt", "derive", "norm(A @ x - b)**2", "--wrt", "x"],
    "wrt derive, a Hessian": ["-m", "wrt", "derive", "norm(A @ x - b)**2", "--wrt", "x", "--wrt", "x"],
}


def seconds(words: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    best = dict.fromkeys(COMMANDS, float("inf"))
    for _ in range(rounds):
        for name, words in COMMANDS.items():
            best[name] = min(best[name], seconds(words))
    for name, time_taken in best.items():
        print(f"{name:24} {1e3 * time_taken:6.0f} ms   {time_taken / best[NUMPY]:.2f} times")
    return int(max(best.values()) > BAR * best[NUMPY])


if __name__ == "__main__":
    sys.exit(main())
