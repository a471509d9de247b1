"""Checks that two tables have the same columns and, but for a few whose names were cleaned otherwise,
the same people.

    alike.py TABLE TABLE
"""

import csv
import html
import sys
import unicodedata


def read(path):
    """The header, and everybody's name, as a browser shows it."""
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    return header, {" ".join(unicodedata.normalize("NFC", html.unescape(row[0])).split()) for row in rows}


(header, one), (other_header, other) = map(read, sys.argv[1:])
if header != other_header:
    sys.exit(f"alike.py: {header} and {other_header} are not alike")
if len(one & other) < 0.95 * max(len(one), len(other)):
    sys.exit(f"alike.py: of {len(one)} and {len(other)} people only {len(one & other)} are the same")
