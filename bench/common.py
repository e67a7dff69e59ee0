"""What the three measurements share: servers under test, processor time of processes, ratios that survive a noisy machine."""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("MILLRACE_BINARY", ROOT / "target/release/millrace"))
TICKS = os.sysconf("SC_CLK_TCK")


def run(*args, **kw):
    return subprocess.run([str(a) for a in args], check=True, stdin=subprocess.DEVNULL, **kw)


def get(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def times(pid):
    """(user, kernel) seconds of a process and of the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    user, kernel, child_user, child_kernel = map(int, fields[11:15])
    return (user + child_user) / TICKS, (kernel + child_kernel) / TICKS


class Millrace:
    """A server on ports that the system chose, with its data in a directory."""

    def __init__(self, directory, *arguments):
        self.data = Path(directory) / "data"
        zero = "127.0.0.1:0"
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data-dir", self.data, "--http", zero, "--https", zero, "--blob", zero, "--log", "warn",
             *map(str, arguments)], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("millrace ready"):
            sys.exit(f"the server did not start: {line}")
        self.credentials = json.loads((self.data / "credentials.json").read_text())
        self.http = self.credentials["endpoints"]["http"]

    def cpu(self):
        return times(self.process.pid)

    def upload(self, path, *arguments):
        """The output of `millrace upload`: one `protocol url` a line."""
        return run(BINARY, "upload", path, *arguments, "--data-dir", self.data, stdout=subprocess.PIPE, text=True).stdout

    def publish(self, path, transform):
        """Uploads, transforms and publishes a file: its URLs."""
        lines = self.upload(path, "--transform", transform, "--publish").splitlines()
        return [line.split(None, 1)[1] for line in lines if line.strip()]

    def api(self, method, path, body=None):
        """Calls the management API on the plain loopback port: (status, JSON)."""
        c = self.credentials
        url = (f"{self.http}/subscriptions/{c['subscriptionId']}/resourceGroups/{c['resourceGroup']}/providers/Microsoft.Media"
               f"/mediaServices/{c['accountName']}/{path}?api-version=2022-08-01")
        request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode(), headers={
            "authorization": f"Bearer {c['apiKey']}", "content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Nginx:
    """nginx serving a directory as it would be set up to be fast: sendfile, open files cached, two workers, no log."""

    def __init__(self, directory):
        self.root = Path(directory) / "www"
        self.root.mkdir()
        port = free_port()
        conf = Path(directory) / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        conf.write_text(f"""
daemon off; worker_processes 2; pid {directory}/nginx.pid; error_log {directory}/nginx.log; {user}
events {{ worker_connections 512; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=10000 inactive=1h;
  server {{ listen 127.0.0.1:{port}; root {self.root}; }} }}
""")
        self.process = subprocess.Popen(["nginx", "-c", str(conf), "-p", str(directory)])
        self.http = f"http://127.0.0.1:{port}"
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        while len(children.read_text().split()) < 2 and self.process.poll() is None:
            time.sleep(0.01)  # the workers are there once the port is open
        self.pids = [self.process.pid, *map(int, children.read_text().split())]

    def cpu(self):
        pairs = [times(pid) for pid in self.pids]
        return sum(user for user, _ in pairs), sum(kernel for _, kernel in pairs)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def script(directory, name, paths):
    """A wrk script that asks for the paths one after the other and prints exact sums at the end."""
    path = Path(directory) / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.lua"
    quoted = ",".join(json.dumps(p) for p in paths)
    path.write_text(
        f"local p={{{quoted}}}\nlocal i=0\nrequest=function() i=i%#p+1 return wrk.format('GET',p[i]) end\n"
        "done=function(s) local e=s.errors\n"
        "io.write(string.format('SUM %.0f %.0f %.0f\\n',s.requests,s.bytes,e.connect+e.read+e.write+e.status+e.timeout)) end\n")
    return path


def load(server, lua, seconds, connections=8):
    """One round of one thread of wrk, whose own processor time does not count: (user s, kernel s, bytes, requests)."""
    before = server.cpu()
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(lua), server.http], capture_output=True,
                         text=True, check=True).stdout
    after = server.cpu()
    requests, size, errors = map(int, re.search(r"^SUM (\d+) (\d+) (\d+)$", out, re.M).groups())
    if errors or not requests:
        sys.exit(f"errors under load:\n{out}")
    return after[0] - before[0], after[1] - before[1], size, requests


def in_turn(sides, rounds):
    """Runs every side once a round, in an order that turns round: {name: [result of each round]}."""
    results = {name: [] for name in sides}
    names = list(sides)
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            results[name].append(sides[name]())
    return results


def spread(values, form="{:.2f}"):
    """Median, least and most, as text."""
    return f"{form.format(statistics.median(values))}  [{form.format(min(values))} … {form.format(max(values))}]"


class Table:
    """Rows of what was asked and what was measured; also written as JSON for `scripts/bench`."""

    def __init__(self):
        self.rows = []

    def add(self, what, asked, measured, note=""):
        self.rows.append({"what": what, "asked": asked, "measured": measured, "note": note})
        print(f"{what:<44} {asked:>9}   {measured:<26} {note}", flush=True)

    def save(self, path):
        if path:
            Path(path).write_text(json.dumps(self.rows))
