#!/usr/bin/env python3
"""Serving: CPU-seconds per gigabyte against nginx serving the same bytes as files, and manifests per CPU-second.

    bench/serve.py [--rounds 7] [--long 7200] [--seconds 4]

Both servers run at the same time; wrk asks them in turn, many short rounds, and CPU is read from /proc before and
after each round, user and kernel apart. Ratios are medians of the pairwise ratios of rounds that follow each other,
because the speed of a shared machine drifts within minutes.
"""

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = ROOT / "target/release/millrace"
TICKS = os.sysconf("SC_CLK_TCK")
SEGMENTS = 24


def run(*args, **kw):
    return subprocess.run([str(a) for a in args], check=True, **kw)


def get(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def cpu(pids):
    """(user, kernel) seconds of the processes so far."""
    user = kernel = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        user += int(fields[11])
        kernel += int(fields[12])
    return user / TICKS, kernel / TICKS


class Millrace:
    def __init__(self, directory):
        self.data = directory / "data"
        zero = "127.0.0.1:0"
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data-dir", self.data, "--http", zero, "--https", zero, "--blob", zero, "--log", "warn"],
            stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().startswith("millrace ready")
        self.http = json.loads((self.data / "credentials.json").read_text())["endpoints"]["http"]

    def publish(self, path):
        """Uploads, repackages without encoding, publishes: {protocol label: url}."""
        out = run(BINARY, "upload", path, "--transform", "CopyAllBitrateNonInterleaved", "--publish",
                  "--data-dir", self.data, stdout=subprocess.PIPE, text=True).stdout
        return [line.split(None, 1)[1] for line in out.splitlines() if line.strip()]

    def pids(self):
        return [self.process.pid]


class Nginx:
    def __init__(self, directory):
        self.root = directory / "www"
        self.root.mkdir()
        self.port = free_port()
        conf = directory / "nginx.conf"
        conf.write_text(f"""
daemon off; worker_processes 2; pid {directory}/nginx.pid; error_log {directory}/nginx.log; user root;
events {{ worker_connections 512; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=1000;
  server {{ listen 127.0.0.1:{self.port}; root {self.root}; }} }}
""")
        self.process = subprocess.Popen(["nginx", "-c", str(conf), "-p", str(directory)])
        self.http = f"http://127.0.0.1:{self.port}"

    def pids(self):
        return [self.process.pid, *map(int, Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split())]


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def source(directory, seconds):
    """A minute of picture at about 4.5 Mbit/s and sound, repeated to the length asked for."""
    minute = directory / "minute.mp4"
    if not minute.exists():
        run("ffmpeg", "-loglevel", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30:duration=60",
            "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=60", "-c:v", "libx264", "-preset", "veryfast",
            "-b:v", "4500k", "-minrate", "4500k", "-maxrate", "4500k", "-bufsize", "9000k", "-g", "60", "-keyint_min", "60",
            "-sc_threshold", "0", "-x264-params", "nal-hrd=cbr", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", minute)
    path = directory / f"title-{seconds}.mp4"
    run("ffmpeg", "-loglevel", "error", "-y", "-stream_loop", seconds // 60 - 1, "-i", minute, "-c", "copy", path)
    return path


def relative(url, reference):
    from urllib.parse import urljoin
    return urljoin(url, reference)


def entries(playlist):
    return [line for line in playlist.splitlines() if line and not line.startswith("#")]


def video_segments(master_url):
    """URLs of the video rendition's segments, from its HLS playlists."""
    media = relative(master_url, entries(get(master_url).decode())[0])
    return media, [relative(media, line) for line in entries(get(media).decode())]


def smooth_fragments(url):
    text = get(url).decode("utf-8-sig")
    stream = re.search(r'<StreamIndex[^>]*Type="video".*?</StreamIndex>', text, re.S).group(0)
    template = re.search(r'Url="([^"]+)"', stream).group(1).replace("&amp;", "&")
    bitrate = re.search(r'Bitrate="(\d+)"', stream).group(1)
    time, urls = 0, []
    for c in re.findall(r"<c ([^/]*)/>", stream):
        fields = dict(re.findall(r'(\w)="(\d+)"', c))
        time = int(fields.get("t", time))
        for _ in range(int(fields.get("r", 1))):
            urls.append(relative(url, template.replace("{bitrate}", bitrate).replace("{start time}", str(time))))
            time += int(fields["d"])
    return urls


def script(directory, name, paths):
    """A wrk script that asks for the paths one after the other."""
    path = directory / f"{name}.lua"
    quoted = ",".join(json.dumps(p) for p in paths)
    path.write_text(f"local p={{{quoted}}}\nlocal i=0\nrequest=function() i=i%#p+1 return wrk.format('GET',p[i]) end\n")
    return path


def load(server, lua, seconds):
    """One round: (user s, kernel s, bytes, requests)."""
    before = cpu(server.pids())
    out = subprocess.run(["wrk", "-t1", "-c8", f"-d{seconds}s", "-s", str(lua), server.http], capture_output=True, text=True,
                         check=True).stdout
    after = cpu(server.pids())
    if "Non-2xx" in out:
        sys.exit(f"errors under load:\n{out}")
    requests, amount, unit = re.search(r"(\d+) requests in [^,]+, ([\d.]+)([KMGT]?B) read", out).groups()
    size = float(amount) * {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}[unit]
    return after[0] - before[0], after[1] - before[1], size, int(requests)


def per_gb(round_):
    user, kernel, size, _ = round_
    return user * 1e9 / size, (user + kernel) * 1e9 / size


def path_of(url):
    return "/" + url.split("/", 3)[3]


def against_nginx(name, urls, millrace, nginx, directory, args):
    for index, url in enumerate(urls):
        (nginx.root / f"{name}-{index}").write_bytes(get(url))
    ours = script(directory, f"{name}-ours", [path_of(u) for u in urls])
    theirs = script(directory, f"{name}-nginx", [f"/{name}-{i}" for i in range(len(urls))])
    load(millrace, ours, 1), load(nginx, theirs, 1)
    totals, users, a, b = [], [], [], []
    for _ in range(args.rounds):
        one, two = per_gb(load(millrace, ours, args.seconds)), per_gb(load(nginx, theirs, args.seconds))
        a.append(one), b.append(two)
        totals.append(one[1] / two[1])
        users.append(one[0] - two[0])
    median = lambda rows, i: statistics.median(r[i] for r in rows)
    print(f"{name:<28} {median(a, 1):6.3f} CPU-s/GB (user {median(a, 0):.3f})   nginx {median(b, 1):6.3f} (user {median(b, 0):.3f})"
          f"   ratio {statistics.median(totals):5.2f}  [{min(totals):.2f} … {max(totals):.2f}]", flush=True)
    return median(a, 1)


def in_turn(name, millrace, one, two, directory, args):
    """Requests per CPU-second of two URLs of the same server, and their ratio."""
    scripts = [script(directory, f"{name}-{i}", [path_of(u)]) for i, u in enumerate((one, two))]
    rates = ([], [])
    for lua in scripts:
        load(millrace, lua, 1)
    for _ in range(args.rounds):
        for lua, rows in zip(scripts, rates):
            user, kernel, _, requests = load(millrace, lua, args.seconds)
            rows.append((requests / (user + kernel), requests / max(user, 0.01)))
    ratio = statistics.median(b[0] / a[0] for a, b in zip(*rates))
    users = statistics.median(b[1] / a[1] for a, b in zip(*rates))
    print(f"{name:<28} 60 s {statistics.median(r[0] for r in rates[0]):9.0f} req/CPU-s   long {statistics.median(r[0] for r in rates[1]):9.0f}"
          f"   ratio {ratio:5.2f} (user alone {users:.2f})", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--long", type=int, default=7200)
    args = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="millrace-bench-"))
    millrace = nginx = None
    try:
        millrace, nginx = Millrace(directory), Nginx(directory)
        titles = {}
        for seconds in (60, args.long):
            path = source(directory, seconds)
            urls = millrace.publish(path)
            path.unlink()
            find = lambda part: next(u for u in urls if part in u)
            titles[seconds] = {"cmaf": find("m3u8-cmaf"), "ts": find("m3u8-aapl"), "dash": find("mpd-time-cmaf"),
                               "smooth": next(u for u in urls if u.endswith("/manifest"))}
        random.seed(1)
        pick = lambda urls: random.sample(urls, min(SEGMENTS, len(urls)))
        cost = {}
        for seconds, title in titles.items():
            label = f"{seconds} s"
            title["media"], segments = video_segments(title["cmaf"])
            cost[seconds] = against_nginx(f"CMAF {label}".replace(" ", "-"), pick(segments), millrace, nginx, directory, args)
            against_nginx(f"TS {label}".replace(" ", "-"), pick(video_segments(title["ts"])[1]), millrace, nginx, directory, args)
            against_nginx(f"Smooth {label}".replace(" ", "-"), pick(smooth_fragments(title["smooth"])), millrace, nginx, directory, args)
        print(f"CMAF, long title against 60 s: {cost[args.long] / cost[60]:.2f}")
        in_turn("media-playlist", millrace, titles[60]["media"], titles[args.long]["media"], directory, args)
        in_turn("MPD", millrace, titles[60]["dash"], titles[args.long]["dash"], directory, args)
    finally:
        for server in (millrace, nginx):
            if server:
                server.process.terminate()
                server.process.wait()
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
