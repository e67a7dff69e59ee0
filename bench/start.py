#!/usr/bin/env python3
"""Starting: time from exec to the ready line with many assets, and memory once idle.

    bench/start.py [--assets 10000] [--runs 7]
"""

import argparse
import json
import ssl
import statistics
import subprocess
import tempfile
import time

from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPSConnection
from pathlib import Path
from threading import local
from urllib.parse import urlsplit

BINARY = Path(__file__).resolve().parent.parent / "target/release/millrace"

def start(data):
    zero = "127.0.0.1:0"
    begin = time.perf_counter()
    process = subprocess.Popen([BINARY, "serve", "--data-dir", data, "--http", zero, "--https", zero, "--blob", zero, "--log", "warn"],
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("millrace ready")
    return process, time.perf_counter() - begin

def stop(process):
    process.terminate()
    process.wait()

def resident_mib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024

def create(data, count):
    credentials = json.loads((data / "credentials.json").read_text())
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

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--assets", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as directory:
        data = Path(directory) / "data"
        process, first = start(data)
        print(f"first start, nothing there   {first * 1000:7.0f} ms")
        rate = create(data, args.assets)
        print(f"assets created, 16 clients   {rate:7.0f} /s")
        stop(process)
        times, memory = [], []
        for _ in range(args.runs):
            process, seconds = start(data)
            times.append(seconds)
            time.sleep(2)  # what is measured is the idle server, two seconds after it became ready
            memory.append(resident_mib(process.pid))
            stop(process)
        print(f"start with {args.assets} assets     {statistics.median(times) * 1000:7.0f} ms   [{min(times) * 1000:.0f} … {max(times) * 1000:.0f}]")
        print(f"idle memory                  {statistics.median(memory):7.1f} MiB   [{min(memory):.1f} … {max(memory):.1f}]")

if __name__ == "__main__":
    main()
