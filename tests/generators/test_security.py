"""SECURITY.md names the test of each protection: it must be there."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def named_tests(text):
    """The last column of every row."""
    for row in re.findall(r'^\|.*\|$', text, re.MULTILINE)[2:]:
        cells = row.strip('|').split('|')
        yield cells[0].strip(), re.findall(r'`(\w+)`', cells[2])


def defined_tests():
    python = '\n'.join(path.read_text() for path in (ROOT / 'tests').rglob('test_*.py'))
    c = '\n'.join(path.read_text() for path in (ROOT / 'tests').rglob('test_*.c'))
    return set(re.findall(r'^def (test_\w+)', python, re.MULTILINE)) | set(re.findall(r'void (\w+)\(void \*\*state\)', c))


def test_every_threat_names_a_test_that_is_there():
    rows, defined = list(named_tests((ROOT / 'SECURITY.md').read_text())), defined_tests()
    assert len(rows) > 20
    assert [(threat, name) for threat, names in rows for name in names or ['none'] if name not in defined] == []
