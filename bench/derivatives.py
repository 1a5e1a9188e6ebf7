#!/usr/bin/python3
"""Derivatives (1440 px JPEG, 250 px WebP, thumbhash) a second: swissphoto-decode against sharp, in the same run.

  bench/derivatives.py [BUILD] [--rounds N] [--work DIR] [--json FILE]

Makes 12 and 24 megapixel JPEGs with the structure of photos, installs sharp (npm) into the work folder, and lets both
work on the same files in turns, two at a time. Ours counts everything from the client's start on: the zygote's start, and
for each picture a fork, the sandbox, the answer. sharp counts from its first picture on, in one warm process.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

from PIL import Image, ImageChops, ImageFilter

ROOT = pathlib.Path(__file__).resolve().parents[1]
SIZES = {"12 MP": (4000, 3000), "24 MP": (6000, 4000)}
FILES, PARALLEL = 4, 2


def layer(size, grain, seed):
    """Noise of one scale: light and shadow, branches, grain."""
    random.seed(seed)
    small = Image.frombytes("L", grain, random.randbytes(grain[0] * grain[1]))
    return small.resize(size, Image.BICUBIC)


def photo(size, seed):
    """Detail that falls with its frequency, as in photos, and colours that vary slowly."""
    channels = []
    for channel in range(3):
        base = layer(size, (8, 6), seed * 10 + channel)
        for power, weight in ((4, 0.45), (6, 0.3), (8, 0.2), (10, 0.12), (11, 0.06)):
            grain = (min(2**power, size[0]), min(2**power * size[1] // size[0], size[1]))
            base = Image.blend(base, layer(size, grain, seed * 100 + power), weight)
        channels.append(base)
    return ImageChops.offset(Image.merge("RGB", channels), seed * 97, seed * 31).filter(ImageFilter.SHARPEN)


def make_files(folder, size):
    paths = []
    for seed in range(1, FILES + 1):
        path = folder / f"photo-{size[0]}x{size[1]}-{seed}.jpg"
        if not path.exists():
            photo(size, seed).save(path, quality=92, subsampling=2)
        paths.append(str(path))
    return paths


def ours(build, files, repeat, out):
    out.mkdir(exist_ok=True)
    started = time.monotonic()
    done = subprocess.run([build / "tests/tools/decode_client", build / "apps/swissphoto-decode", "--threads", str(PARALLEL),
                           "--repeat", str(repeat), "--out", out, *files], check=True, capture_output=True, text=True)
    seconds = time.monotonic() - started
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == len(files) * repeat and all(result["error"] is None for result in results), results[0]
    return len(results) / seconds


def sharps(node, work, mode, files, repeat, out):
    done = subprocess.run([node, "sharp.mjs", mode, str(repeat), out, *files], cwd=work / "peer", check=True,
                          capture_output=True, text=True)
    result = json.loads(done.stdout)
    return result["files"] / result["seconds"], result["versions"]


def install_peer(work):
    peer = work / "peer"
    peer.mkdir(exist_ok=True)
    for name in ("package.json", "sharp.mjs"):
        shutil.copy(ROOT / "bench/derivatives" / name, peer / name)
    if not (peer / "node_modules/sharp").exists():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], cwd=peer, check=True)


def idle_memory(build, file):
    """Proportional and private memory of a zygote that has worked once and now waits."""
    client = subprocess.Popen([build / "tests/tools/decode_client", build / "apps/swissphoto-decode", "--hold", file],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        client.stdout.readline()
        children = pathlib.Path(f"/proc/{client.pid}/task/{client.pid}/children").read_text().split()
        memory = {}
        for line in pathlib.Path(f"/proc/{children[0]}/smaps_rollup").read_text().splitlines()[1:]:
            name, value = line.split(":")
            memory[name] = int(value.split()[0])
        return memory["Pss"], memory["Private_Dirty"]
    finally:
        client.communicate()


def row(name, figures):
    return name, statistics.median(figures), min(figures), max(figures)


def measure(build, node, work, rounds):
    result = {"rows": {}, "files": {}}
    for label, size in SIZES.items():
        files = make_files(work, size)
        result["files"][label] = round(statistics.mean(os.path.getsize(file) for file in files) / 1e6, 1)
        repeat = 6 if label == "12 MP" else 3
        figures = {"swissphoto-decode": [], "sharp, small from big": [], "sharp, both from the original": []}
        for _ in range(rounds):
            figures["swissphoto-decode"].append(ours(build, files, repeat, work / "out"))
            for mode, name in (("chain", "sharp, small from big"), ("plain", "sharp, both from the original")):
                rate, result["versions"] = sharps(node, work, mode, files, repeat, work / "out-sharp")
                figures[name].append(rate)
        result["rows"][label] = [row(name, values) for name, values in figures.items()]
    result["pss_kib"], result["private_kib"] = idle_memory(build, make_files(work, SIZES["12 MP"])[0])
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", default=ROOT / "build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    build = options.build.resolve()
    work = (options.work or build / "bench-derivatives").resolve()
    work.mkdir(parents=True, exist_ok=True)
    node = shutil.which("node") or sys.exit("node is missing")
    install_peer(work)
    result = measure(build, node, work, options.rounds)
    for label, rows in result["rows"].items():
        print(f"{label} ({result['files'][label]} MB a file), files a second: median (lowest to highest)")
        for name, median, low, high in rows:
            print(f"  {name:32} {median:6.1f} ({low:.1f} to {high:.1f})   ours is {rows[0][1] / median:.2f} of it")
    print(f"idle zygote: {result['pss_kib']} KiB proportional, {result['private_kib']} KiB private dirty")
    print(f"sharp {result['versions']['sharp']} with libvips {result['versions']['vips']}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
