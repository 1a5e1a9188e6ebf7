"""CONTRIBUTING.md shows real examples: every line that its diffs add stands in the file that they name, in that order."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def hunks(text):
    """(path, added lines) of every diff in the document."""
    for block in re.findall(r'```diff\n(.*?)```', text, re.DOTALL):
        for part in re.split(r'^--- a/.*\n', block, flags=re.MULTILINE)[1:]:
            header, *lines = part.splitlines()
            yield header.removeprefix('+++ b/'), [line[1:] for line in lines]


def missing(lines, content):
    """The first line that does not follow the ones before it; None when all are there."""
    rest = iter(content)
    return next((line for line in lines if line not in rest), None)


def test_every_example_is_real():
    found = list(hunks((ROOT / 'CONTRIBUTING.md').read_text()))
    assert len(found) >= 8
    for path, lines in found:
        assert lines and missing(lines, (ROOT / path).read_text().splitlines()) is None, path


def test_an_example_that_went_stale_is_found():
    assert missing(['b', 'a'], ['a', 'b']) == 'a'
    assert missing(['a', 'c'], ['a', 'b', 'c']) is None
