#!/usr/bin/python3
"""Proportional memory of an idle instance, by program: what `swissphoto up` costs while nobody asks.

A new instance gets some pictures through the API, waits for their jobs, then for the decoder to end (it does after a
minute without work), then the kernel's own count is read: Pss of /proc/PID/smaps_rollup, shared pages divided among
those who share them. Run as root or as the user of the instance. Usage: bench/memory.py [PICTURES]
"""
import collections
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests/integration'))
from client import Client, Journal  # noqa: E402
from instance import Instance, wait_until  # noqa: E402
from pictures import picture  # noqa: E402

DECODER_ENDS_SECONDS = 90


def processes(supervisor):
    """{pid: (name, parent)} of the supervisor and everything below it."""
    found = {}
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / 'stat').read_text().rsplit(')', 1)[1].split()[1])
                name = os.path.basename(re.split(rb'[\0 :]', (entry / 'cmdline').read_bytes())[0].decode())
            except OSError:
                continue
            found[int(entry.name)] = (name, parent)
    mine = {supervisor}
    while more := {pid for pid, (_, parent) in found.items() if parent in mine} - mine:
        mine |= more
    return {pid: found[pid] for pid in mine if pid in found}


def pss_kib(pid):
    return int(re.search(r'^Pss:\s+(\d+)', pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text(), re.MULTILINE)[1])


def measure(supervisor):
    totals = collections.Counter()
    for pid, (name, _) in processes(supervisor).items():
        try:
            totals[name] += pss_kib(pid)
        except OSError:
            continue  # it has just ended
    return totals


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    instance = Instance().start()
    try:
        nobody = Client(instance, Journal(os.devnull))
        nobody.post('/api/auth/admin-sign-up', {'email': 'a@example.ch', 'password': 'correct horse', 'name': 'A'})
        client = nobody.log_in('a@example.ch', 'correct horse')
        for _ in range(count):
            client.upload_new(picture(1600, 1200))
        instance.wait_for_jobs(timeout=300)
        for month in client.get('/api/timeline/buckets').json():
            client.get('/api/timeline/bucket?timeBucket=' + month['timeBucket'])
        supervisor = instance.process.pid
        print('just after the work:')
        report(measure(supervisor))
        wait_until(lambda: 'swissphoto-decode' not in measure(supervisor), 'the decoder to end', DECODER_ENDS_SECONDS)
        print('idle:')
        report(measure(supervisor))
    finally:
        instance.stop()
        instance.destroy()


def report(totals):
    for name, kib in sorted(totals.items()):
        print(f'  {name:20} {kib / 1024:8.1f} MB')
    print(f'  {"together":20} {sum(totals.values()) / 1024:8.1f} MB')


main()
