"""For the tests of swissphoto-decode: the real binary through its real client (tests/tools/decode_client), and pictures."""
import base64
import io
import json
import os
import pathlib
import subprocess

import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT.parent / 'shared/samples'
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
QUADRANTS = [RED, GREEN, BLUE, WHITE]  # as reading goes

# 64x48, the quadrants; made with libvips' heifsave
AVIF = base64.b64decode(b'''
AAAAHGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZgAAAOptZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA
AA5waXRtAAAAAAABAAAAImlsb2MAAAAAREAAAQABAAAAAAEOAAEAAAAAAAAAMAAAACNpaW5mAAAAAAABAAAAFWluZmUCAAAAAAEA
AGF2MDEAAAAAamlwcnAAAABLaXBjbwAAABNjb2xybmNseAACAAIABoAAAAAMYXYxQ4EADAAAAAAUaXNwZQAAAAAAAABAAAAAMAAA
ABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgYIDhAAAADhtZGF0EgAKCRgVf72CBAQNCDIhRZAAABDVCCJnU7i53y7E
Wer5Zx0A8NrZt2/UaV6DweAL
''')
HEIC = base64.b64decode(b'''
AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAa1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA
AA5waXRtAAAAAAACAAAAEGlkYXQAAAAAAEAAMAAAADhpbG9jAQAAAERAAAIAAQAAAAAAAAHRAAEAAAAAAAAA1QACAAEAAAAAAAAA
AQAAAAAAAAAIAAAAOGlpbmYAAAAAAAIAAAAVaW5mZQIAAAEAAQAAaHZjMQAAAAAVaW5mZQIAAAAAAgAAZ3JpZAAAAADYaXBycAAA
ALZpcGNvAAAAdmh2Y0MBA3AAAAAAAAAAAAAe8AD8/fj4AAAPAyAAAQAYQAEMAf//A3AAAAMAkAAAAwAAAwAeugJAIQABACpCAQED
cAAAAwCQAAADAAADAB6gIIEFlurkprm4EBAwIAAAAwAgAAADACEiAAEABkQBwXPAiQAAABRpc3BlAAAAAAAAAEAAAABAAAAAFGlz
cGUAAAAAAAAAQAAAADAAAAAQcGl4aQAAAAADCAgIAAAAGmlwbWEAAAAAAAAAAgABAoECAAICA4QAAAAaaXJlZgAAAAAAAAAOZGlt
ZwACAAEAAQAAAN1tZGF0AAAA0SgBrwngIzUt/+7Z//79byHsJ6R07u/Uo/9iY7vgNv/6r219+jvTf/aqO/jib/pmCaqBJTdf/yWs
vMjFbj0AM6LrrvQJ6DIaz9O7f00pG7VEniHhpAgsdIWPqWkd4U2QMoaHl4yIHBUNGyZkvGGthsSdJG1JnP9zPycUoYm0AzAuZvKO
pauyig1ROXM0SVYzRKZEDr2nz1p2e+aUavV9arfEhuuKFsmI4zSrEIyL4HxXFXTY/P6gFn8/DP92a9a8SXX1r23xww4FnytGjT+4
bJu4
''')


def program(name):
    """Of SWISSPHOTO_BUILD, else of the first build folder that has both programs."""
    set_to = os.environ.get('SWISSPHOTO_BUILD')
    for folder in [ROOT / set_to] if set_to else [ROOT / 'build', *sorted(ROOT.glob('build-*'))]:
        if (folder / 'tests/tools/decode_client').exists() and (folder / 'apps/swissphoto-decode').exists():
            return str(folder / name)
    pytest.skip('swissphoto-decode and decode_client are not built')


def client(*arguments, **options):
    command = [program('tests/tools/decode_client'), program('apps/swissphoto-decode'), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, **options)
    assert done.returncode in (0, 1), (done.returncode, done.stderr)  # 1: it could not begin, and has said why
    return [json.loads(line) for line in done.stdout.splitlines()]


class Result(dict):
    """The reply, and the two files."""

    def __init__(self, reply, folder):
        super().__init__(reply)
        self.name = pathlib.Path(reply['file']).name
        self.folder = folder

    @property
    def preview(self):
        return Image.open(self.folder / f'{self.name}.preview.jpg')

    @property
    def thumbnail(self):
        return Image.open(self.folder / f'{self.name}.thumbnail.webp')


@pytest.fixture
def decode(tmp_path):
    """Decodes bytes (or a Pillow picture with save options) under a name."""
    def run(content, name='picture', *arguments, **save):
        if isinstance(content, Image.Image):
            buffer = io.BytesIO()
            content.save(buffer, **save)
            content = buffer.getvalue()
        path = tmp_path / name
        path.write_bytes(content)
        out = tmp_path / 'out'
        out.mkdir(exist_ok=True)
        reply, = client('--out', out, *arguments, path)
        return Result(reply, out)
    return run


def quadrants(width=64, height=48, mode='RGB'):
    image = Image.new('RGB', (width, height))
    for i, colour in enumerate(QUADRANTS):
        left, top = i % 2 * width // 2, i // 2 * height // 2
        image.paste(colour, (left, top, left + width // 2, top + height // 2))
    return image.convert(mode)


def near(image, place, colour, tolerance=24):
    """Whether the picture has this colour at a place given in parts of its sides."""
    found = image.convert('RGB').getpixel((int(place[0] * image.width), int(place[1] * image.height)))
    return all(abs(a - b) <= tolerance for a, b in zip(found, colour)), found


def assert_quadrants(image, colours=QUADRANTS, tolerance=24):
    for i, colour in enumerate(colours):
        right, found = near(image, (0.25 + i % 2 / 2, 0.25 + i // 2 / 2), colour, tolerance)
        assert right, f'quadrant {i} is {found}, not {colour}'


def assert_refused(result, *words):
    assert result['error'] == 'media', result
    for word in words:
        assert word in result['message'], result['message']
