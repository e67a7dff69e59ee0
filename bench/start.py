#!/usr/bin/env python3
"""Starting: time from exec to the ready line with many assets, and memory once idle.

    bench/start.py [--assets 10000] [--runs 9] [--json FILE]
"""

import argparse
import ssl
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPSConnection
from pathlib import Path
from threading import local
from urllib.parse import urlsplit

from common import Millrace, Table, spread


def start(directory):
    begin = time.perf_counter()
    millrace = Millrace(directory)
    return millrace, time.perf_counter() - begin


def resident_mib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024


def create(millrace, count):
    """Makes assets with 16 clients; how many a second."""
    credentials = millrace.credentials
    url = urlsplit(credentials["endpoints"]["https"])
    context = ssl.create_default_context(cafile=credentials["caFile"])
    base = (f"/subscriptions/{credentials['subscriptionId']}/resourceGroups/{credentials['resourceGroup']}"
            f"/providers/Microsoft.Media/mediaServices/{credentials['accountName']}")
    threads = local()

    def one(number):
        if not hasattr(threads, "connection"):
            threads.connection = HTTPSConnection(url.hostname, url.port, context=context)
        threads.connection.request("PUT", f"{base}/assets/asset-{number:06}?api-version=2022-08-01", b'{"properties":{}}',
                                   {"authorization": f"Bearer {credentials['apiKey']}", "content-type": "application/json"})
        answer = threads.connection.getresponse()
        body = answer.read()
        assert answer.status == 201, (answer.status, body)

    with ThreadPoolExecutor(16) as pool:
        begin = time.perf_counter()
        list(pool.map(one, range(count)))
        return count / (time.perf_counter() - begin)


def measure(directory, args, table):
    millrace, first = start(directory)
    try:
        rate = create(millrace, args.assets)
    finally:
        millrace.stop()
    seconds, memory = [], []
    for _ in range(args.runs):
        millrace, taken = start(directory)
        seconds.append(taken * 1000)
        time.sleep(2)  # what is measured is the idle server, two seconds after it became ready
        memory.append(resident_mib(millrace.process.pid))
        millrace.stop()
    table.add(f"Start to ready with {args.assets} assets, ms", "≤ 200", spread(seconds, "{:.0f}"),
              f"the very first start, which makes keys: {first * 1000:.0f} ms")
    table.add("Idle memory (resident), MiB", "≤ 40", spread(memory, "{:.1f}"),
              f"assets were made at {rate:.0f} a second by 16 clients")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--json")
    args = parser.parse_args()
    table = Table()
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as directory:
        measure(directory, args, table)
    table.save(args.json)


if __name__ == "__main__":
    main()
