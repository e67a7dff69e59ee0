#!/usr/bin/env python3
"""Prints the rows that the measurements wrote as one Markdown table."""

import json
import os
import platform
import sys
from pathlib import Path

print(f"\n{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}; load {os.getloadavg()[2]:.1f} over 15 minutes\n")
print("| what | asked | measured: median [least … most] | |\n|---|---|---|---|")
for path in sys.argv[1:]:
    for row in json.loads(Path(path).read_text()):
        print(f"| {row['what']} | {row['asked']} | {row['measured']} | {row['note']} |")
