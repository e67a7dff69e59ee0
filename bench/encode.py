#!/usr/bin/env python3
"""Encoding: a ladder in chunks against one ffmpeg command with the same settings, and how soon a title plays.

    bench/encode.py [--source FILE] [--seconds 120] [--rounds 3] [--json FILE]

The source is repeated to the length asked for; without --source it is a moving test picture with noise. CPU is that of the
server and of all its children, from the job's start to its end, against that of the one command; the two take turns.
Natural footage says more than the test picture: SSIM of synthetic noise is low on both sides.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
from pathlib import Path
from urllib.parse import urljoin

from common import BINARY, Millrace, Table, get, in_turn, run, spread

PRESET = "AdaptiveStreaming"
# The example beside the binary: it prints what the encoder would run for the whole file.
WHOLE = BINARY.parent / "examples/whole_command"


def synthetic(directory):
    path = directory / "half-minute.mp4"
    run("ffmpeg", "-loglevel", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=30,noise=alls=6:allf=t",
        "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=30", "-c:v", "libx264", "-preset", "veryfast",
        "-crf", "18", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", path)
    return path


def repeated(directory, source, seconds):
    path = directory / f"source-{seconds}.mp4"
    run("ffmpeg", "-loglevel", "error", "-y", "-stream_loop", "-1", "-i", source, "-t", seconds, "-c", "copy", path)
    return path


class Jobs:
    """Jobs of one server, an asset for each."""

    def __init__(self, millrace):
        self.millrace, self.count = millrace, 0
        preset = {"@odata.type": "#Microsoft.Media.BuiltInStandardEncoderPreset", "presetName": PRESET}
        millrace.api("PUT", f"transforms/{PRESET}", {"properties": {"outputs": [{"preset": preset}]}})

    def uploaded(self, path):
        self.count += 1
        name = f"{path.stem}-{self.count}"
        self.millrace.upload(path, "--name", name)
        return name

    def start(self, asset):
        """Starts a job whose output asset is published already: (job, HLS URL)."""
        out = f"{asset}-out"
        api = self.millrace.api
        api("PUT", f"assets/{out}", {"properties": {}})
        api("PUT", f"streamingLocators/{out}", {"properties": {"assetName": out, "streamingPolicyName": "Predefined_ClearStreamingOnly"}})
        api("PUT", f"transforms/{PRESET}/jobs/{asset}", {"properties": {
            "input": {"@odata.type": "#Microsoft.Media.JobInputAsset", "assetName": asset},
            "outputs": [{"@odata.type": "#Microsoft.Media.JobOutputAsset", "assetName": out}]}})
        return f"transforms/{PRESET}/jobs/{asset}", out

    def hls(self, locator):
        """The CMAF playlist's URL, once there is one."""
        _, paths = self.millrace.api("POST", f"streamingLocators/{locator}/listPaths")
        all_paths = [p for s in paths["streamingPaths"] for p in s["paths"]]
        found = [p for p in all_paths if "m3u8-cmaf" in p]
        return self.millrace.http + found[0] if found else None

    def finish(self, job):
        while True:
            properties = self.millrace.api("GET", job)[1]["properties"]
            if properties["state"] == "Finished":
                return
            if properties["state"] in ("Error", "Canceled"):
                sys.exit(f"the job failed: {json.dumps(properties['outputs'])}")
            time.sleep(0.2)

    def cancel(self, job):
        self.millrace.api("POST", f"{job}/cancelJob")
        while self.millrace.api("GET", job)[1]["properties"]["state"] not in ("Finished", "Error", "Canceled"):
            time.sleep(0.1)


def one_command(source, directory):
    """The arguments of one ffmpeg that makes all renditions and the sound of the whole source."""
    told = json.loads(run(WHOLE, source, directory, stdout=subprocess.PIPE).stdout)
    video = [a for a in told["video"] if a != "-an"]
    audio = told["audio"]
    if audio:
        video += ["-map", "0:a:0", "-c:a", "aac", "-b:a", audio[audio.index("-b:a") + 1], "-ac", "2", "-f", "mp4",
                  str(directory / "audio.mp4")]
    # As nice as the encoder's own children are.
    return ["nice", "-n", "10", "ffmpeg", *video]


def children_cpu(command):
    """(user, kernel) seconds of a command."""
    import resource
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(*command, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime


def top_rendition(master):
    """The bytes of the rendition with the highest bandwidth, as one fragmented file."""
    lines = get(master).decode().splitlines()
    best = max((int(re.search(r"[:,]BANDWIDTH=(\d+)", line).group(1)), urljoin(master, lines[i + 1]))
               for i, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF"))[1]
    playlist = get(best).decode()
    parts = [re.search(r'#EXT-X-MAP:URI="([^"]+)"', playlist).group(1)]
    parts += [line for line in playlist.splitlines() if line and not line.startswith("#")]
    return b"".join(get(urljoin(best, part)) for part in parts)


def ssim(encoded, source):
    """Mean SSIM of all frames against the source scaled to the same size, and the number of frames."""
    probe = run("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0", encoded,
                stdout=subprocess.PIPE, text=True).stdout
    width, height = probe.strip().rstrip(",").split(",")[:2]
    graph = (f"[0:v]setpts=N/25/TB,settb=1/25[a];[1:v]scale={width}:{height}:flags=bicubic,setpts=N/25/TB,settb=1/25[b];"
             "[a][b]ssim=shortest=1")
    out = subprocess.run(["ffmpeg", "-hide_banner", "-i", encoded, "-i", source, "-lavfi", graph, "-f", "null", "-"],
                         capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stderr
    frames = re.findall(r"frame=\s*(\d+)", out)[-1]
    return float(re.search(r"SSIM .*All:([\d.]+)", out).group(1)), int(frames)


def ladder(directory, args, source, table):
    path = repeated(directory, source, args.seconds)
    millrace = Millrace(directory)
    whole = directory / "whole"
    whole.mkdir()
    try:
        jobs = Jobs(millrace)
        masters = []

        def chunked():
            asset = jobs.uploaded(path)
            before = millrace.cpu()
            job, locator = jobs.start(asset)
            jobs.finish(job)
            after = millrace.cpu()
            masters.append(jobs.hls(locator))
            return after[0] - before[0], after[1] - before[1]

        command = one_command(path, whole)
        results = in_turn({"chunks": chunked, "whole": lambda: children_cpu(command)}, args.rounds)
        total = lambda rows: statistics.median(map(sum, rows))
        ratios = [sum(a) / sum(b) for a, b in zip(results["chunks"], results["whole"])]
        users = [a[0] / b[0] for a, b in zip(results["chunks"], results["whole"])]
        table.add("Ladder, CPU-s against one command", "≤ 1.08", spread(ratios),
                  f"{total(results['chunks']):.1f} against {total(results['whole']):.1f} CPU-s for {args.seconds} s; "
                  f"user alone {statistics.median(users):.2f}")
        ours = directory / "top.mp4"
        ours.write_bytes(top_rendition(masters[0]))
        (a, frames), (b, expected) = ssim(ours, path), ssim(whole / "0.mp4", path)
        if frames != expected:
            sys.exit(f"{frames} frames instead of {expected}")
        table.add("Ladder, SSIM of the top rung, difference", "≥ -0.001", f"{a - b:+.5f}",
                  f"{a:.5f} against {b:.5f}; {ours.stat().st_size} and {(whole / '0.mp4').stat().st_size} bytes")
    finally:
        millrace.stop()


def first_segments(master):
    """First segment of every rendition with its initialization, once all of them are there; else nothing."""
    try:
        text = get(master).decode()
        lines = text.splitlines()
        renditions = [lines[i + 1] for i, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF")]
        renditions += re.findall(r'#EXT-X-MEDIA:[^\n]*URI="([^"]+)"', text)
        found = []
        for rendition in dict.fromkeys(renditions):
            url = urljoin(master, rendition)
            playlist = get(url).decode()
            segment = next((line for line in playlist.splitlines() if line and not line.startswith("#")), None)
            if segment is None:
                return []
            start = re.search(r'#EXT-X-MAP:URI="([^"]+)"', playlist).group(1)
            found.append(get(urljoin(url, start)) + get(urljoin(url, segment)))
        return found
    except urllib.error.HTTPError:
        return []


def time_to_play(jobs, path, directory):
    """Seconds from the job's start until the first segments of all renditions are there, which must then decode."""
    asset = jobs.uploaded(path)
    begin = time.perf_counter()
    job, locator = jobs.start(asset)
    segments, master = [], None
    while not segments:
        time.sleep(0.02)
        master = master or jobs.hls(locator)
        segments = first_segments(master) if master else []
        if jobs.millrace.api("GET", job)[1]["properties"]["state"] in ("Error", "Canceled"):
            sys.exit("the job failed")
    seconds = time.perf_counter() - begin
    jobs.cancel(job)
    for number, segment in enumerate(segments):
        file = directory / f"first-{number}.mp4"
        file.write_bytes(segment)
        run("ffmpeg", "-v", "error", "-xerror", "-i", file, "-f", "null", "-")
    return seconds, len(segments)


def soon(directory, args, source, table):
    short, long = (repeated(directory, source, seconds) for seconds in (60, 600))
    millrace = Millrace(directory)
    try:
        jobs = Jobs(millrace)
        time_to_play(jobs, short, directory)
        results = in_turn({"1 min": lambda: time_to_play(jobs, short, directory),
                           "10 min": lambda: time_to_play(jobs, long, directory)}, args.rounds + 2)
        counts = {count for rows in results.values() for _, count in rows}
        if len(counts) != 1:
            sys.exit(f"renditions that played first: {counts}")
        ratios = [b[0] / a[0] for a, b in zip(results["1 min"], results["10 min"])]
        median = lambda side: statistics.median(seconds for seconds, _ in results[side])
        table.add("First segment of all renditions, 10 min / 1 min", "≤ 1.2", spread(ratios),
                  f"{median('10 min'):.1f} and {median('1 min'):.1f} s, {counts.pop()} renditions")
    finally:
        millrace.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["ladder", "soon"])
    parser.add_argument("--json")
    args = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="millrace-bench-"))
    table = Table()
    try:
        source = args.source or synthetic(directory)
        for name, part in (("ladder", ladder), ("soon", soon)):
            if args.only in (None, name):
                place = directory / name
                place.mkdir()
                part(place, args, source, table)
    finally:
        shutil.rmtree(directory)
    table.save(args.json)


if __name__ == "__main__":
    main()
