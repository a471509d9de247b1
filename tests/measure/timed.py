"""How long a command takes and how much memory: the median of some runs after a first one.

    timed.py RUNS [--anew DIRECTORY] COMMAND…

prints milliseconds and MiB, such as `19.3 18`. With 0 runs it is the first one that counts; with `--anew`,
the directory is removed before each run.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time


def run(command, anew):
    """Runs it once; returns seconds and the most KiB that it had in memory."""
    if anew:
        shutil.rmtree(anew, ignore_errors=True)
    begun = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begun
    if status:
        sys.exit(f"timed.py: `{' '.join(command)}` failed")
    return seconds, usage.ru_maxrss


runs, command = int(sys.argv[1]), sys.argv[2:]
anew = None
if command[0] == "--anew":
    anew, command = command[1], command[2:]
measured = [run(command, anew) for _ in range(runs + 1)]
seconds = statistics.median(seconds for seconds, _ in measured[1:] or measured)
print(f"{1000 * seconds:.1f} {max(kib for _, kib in measured) / 1024:.0f}")
