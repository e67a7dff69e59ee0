#!/usr/bin/env python3
"""Serving: CPU-seconds per gigabyte against nginx serving the same bytes as files, and manifests per CPU-second.

    bench/serve.py [--rounds 9] [--seconds 2] [--long 7200] [--json FILE]

Both servers run at the same time; wrk asks them in turn, many short rounds, and CPU is read from /proc before and
after each round, user and kernel apart. wrk's own CPU does not count. Ratios are medians of the ratios within rounds,
because the speed of a shared machine drifts within minutes. Needs about 9 GB of disk for the title of two hours.

What the server has to do is measured in both conditions where it keeps results: TS segments out of its cache and, from a
set larger than the cache, made anew each time. CMAF is never kept, and a kept Smooth fragment is its head alone.
"""

import argparse
import random
import re
import shutil
import statistics
import tempfile
from pathlib import Path
from urllib.parse import urljoin

from common import Millrace, Nginx, Table, get, in_turn, load, run, script, spread

# Media of 6 s at 4.5 Mbit/s is 3.4 MB, and the server keeps 64 MB of what it made.
FEW = 10
MANY = 100


def source(directory, seconds):
    """A minute of picture at 4.5 Mbit/s and sound, repeated to the length asked for."""
    minute = directory / "minute.mp4"
    if not minute.exists():
        run("ffmpeg", "-loglevel", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30:duration=60",
            "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=60", "-c:v", "libx264", "-preset", "veryfast",
            "-b:v", "4500k", "-minrate", "4500k", "-maxrate", "4500k", "-bufsize", "9000k", "-g", "60", "-keyint_min", "60",
            "-sc_threshold", "0", "-x264-params", "nal-hrd=cbr", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", minute)
    path = directory / f"title-{seconds}.mp4"
    run("ffmpeg", "-loglevel", "error", "-y", "-stream_loop", seconds // 60 - 1, "-i", minute, "-c", "copy", path)
    return path


def entries(playlist):
    return [line for line in playlist.splitlines() if line and not line.startswith("#")]


def hls(master):
    """The video rendition's media playlist and its segments, as URLs."""
    media = urljoin(master, entries(get(master).decode())[0])
    return media, [urljoin(media, line) for line in entries(get(media).decode())]


def smooth(url):
    """The video fragments that a Smooth manifest lists, as URLs."""
    text = get(url).decode("utf-8-sig")
    stream = re.search(r'<StreamIndex[^>]*Type="video".*?</StreamIndex>', text, re.S).group(0)
    template = re.search(r'Url="([^"]+)"', stream).group(1).replace("&amp;", "&")
    bitrate = re.search(r'Bitrate="(\d+)"', stream).group(1)
    time, urls = 0, []
    for c in re.findall(r"<c ([^/]*)/>", stream):
        fields = dict(re.findall(r'(\w)="(\d+)"', c))
        time = int(fields.get("t", time))
        for _ in range(int(fields.get("r", 1))):
            urls.append(urljoin(url, template.replace("{bitrate}", bitrate).replace("{start time}", str(time))))
            time += int(fields["d"])
    return urls


class Title:
    """A published title and the URLs of its parts."""

    def __init__(self, millrace, directory, seconds):
        path = source(directory, seconds)
        urls = millrace.publish(path, "CopyAllBitrateNonInterleaved")
        path.unlink()
        find = lambda part: next(u for u in urls if part in u)
        self.playlist, self.cmaf = hls(find("m3u8-cmaf"))
        _, self.ts = hls(find("m3u8-aapl"))
        self.mpd = find("mpd-time-cmaf")
        self.smooth = smooth(next(u for u in urls if u.endswith("/manifest")))


def path_of(url):
    return "/" + url.split("/", 3)[3]


class Bench:
    def __init__(self, directory, millrace, nginx, args):
        self.directory, self.millrace, self.nginx, self.args = directory, millrace, nginx, args

    def sides(self, name, urls, count):
        """The same bytes from both servers."""
        urls = random.Random(1).sample(urls, min(count, len(urls)))
        folder = re.sub(r"\W+", "-", name)
        (self.nginx.root / folder).mkdir()
        for number, url in enumerate(urls):
            (self.nginx.root / folder / str(number)).write_bytes(get(url))
        ours = script(self.directory, f"{name} ours", map(path_of, urls))
        theirs = script(self.directory, f"{name} nginx", (f"/{folder}/{n}" for n in range(len(urls))))
        sides = {f"{name} ours": (self.millrace, ours), f"{name} nginx": (self.nginx, theirs)}
        for server, lua in sides.values():
            load(server, lua, 1)
        return {key: lambda side=side: per_gb(load(*side, self.args.seconds)) for key, side in sides.items()}

    def media(self, table, asked, cases):
        """`cases`: name -> (URLs, how many of them). All are measured in the same rounds."""
        sides = {}
        for name, (urls, count) in cases.items():
            sides.update(self.sides(name, urls, count))
        results = in_turn(sides, self.args.rounds)
        for name in cases:
            ours, theirs = results[f"{name} ours"], results[f"{name} nginx"]
            ratios = [sum(a) / sum(b) for a, b in zip(ours, theirs)]
            median = lambda rows: f"{statistics.median(map(sum, rows)):.3f} ({statistics.median(r[0] for r in rows):.3f} user)"
            table.add(f"{name}, CPU-s/GB against nginx", asked, spread(ratios), f"{median(ours)}   nginx {median(theirs)}")
        return results

    def texts(self, table, name, short, long):
        """Requests per CPU-second of two URLs of our server."""
        sides = {}
        for side, url in (("60 s", short), ("long", long)):
            lua = script(self.directory, f"{name} {side}", [path_of(url)])
            load(self.millrace, lua, 1)
            sides[side] = lambda lua=lua: per_second(load(self.millrace, lua, self.args.seconds))
        results = in_turn(sides, self.args.rounds)
        ratios = [b / a for a, b in zip(results["60 s"], results["long"])]
        rates = [statistics.median(results[side]) for side in sides]
        table.add(f"{name}, long title against 60 s", "≥ 0.25", spread(ratios),
                  f"{rates[0]:.0f} and {rates[1]:.0f} requests per CPU-s; {size(short)} and {size(long)} bytes")


def per_gb(result):
    user, kernel, amount, _ = result
    return user * 1e9 / amount, kernel * 1e9 / amount


def per_second(result):
    return result[3] / (result[0] + result[1])


def size(url):
    return len(get(url))


def measure(directory, args, table):
    millrace = nginx = None
    try:
        millrace, nginx = Millrace(directory), Nginx(directory)
        short, long = (Title(millrace, directory, seconds) for seconds in (60, args.long))
        bench = Bench(directory, millrace, nginx, args)
        cases = {"CMAF, 60 s": (short.cmaf, FEW), "CMAF, long": (long.cmaf, FEW)}
        results = bench.media(table, "≤ 1.3", cases)
        ratios = [sum(b) / sum(a) for a, b in zip(results["CMAF, 60 s ours"], results["CMAF, long ours"])]
        table.add("CMAF, long title against 60 s", "≤ 1.1", spread(ratios))
        bench.media(table, "≤ 1.5", {"Smooth": (long.smooth, FEW)})
        bench.media(table, "≤ 2.5", {"TS, kept": (long.ts, FEW)})
        bench.media(table, "", {"TS, made each time": (long.ts, MANY)})
        bench.texts(table, "Media playlist", short.playlist, long.playlist)
        bench.texts(table, "MPD", short.mpd, long.mpd)
    finally:
        for server in (millrace, nginx):
            if server:
                server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--long", type=int, default=7200)
    parser.add_argument("--json")
    args = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="millrace-bench-"))
    table = Table()
    try:
        measure(directory, args, table)
    finally:
        shutil.rmtree(directory)
    table.save(args.json)


if __name__ == "__main__":
    main()
