"""Says whether two tables name the same people, and in how many rows they differ otherwise.

    alike.py TABLE TABLE
"""

import csv
import sys


def rows(path):
    """Each person's other cells, by name."""
    with open(path, newline="") as file:
        return {row[0]: row[1:] for row in list(csv.reader(file))[1:]}


one, other = map(rows, sys.argv[1:])
differ = [name for name in one.keys() & other.keys() if one[name] != other[name]]
print(f"{len(one)} and {len(other)} people; {len(differ)} rows differ")
for name in sorted(one.keys() ^ other.keys())[:5] + sorted(differ)[:3]:
    print(" ", name, one.get(name), other.get(name))
sys.exit(set(one) != set(other))
