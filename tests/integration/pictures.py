"""Pictures for the tests, made with Pillow: no two alike, with EXIF where asked; and the folder of real samples."""
import io
import itertools
import pathlib

import pytest
from PIL import Image, TiffImagePlugin

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT.parent / 'shared/samples'
COUNTER = itertools.count(1)
DATE_TIME, MAKE, MODEL, ORIENTATION, EXIF_IFD, GPS_IFD = 0x0132, 0x010f, 0x0110, 0x0112, 0x8769, 0x8825
DATE_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL, F_NUMBER, ISO, EXPOSURE_TIME = 0x9003, 0x9011, 0x829d, 0x8827, 0x829a


def picture(width=64, height=48, kind='JPEG', exif=None):
    """The bytes of a picture whose content is new."""
    number = next(COUNTER)
    image = Image.new('RGB', (width, height), (number * 53 % 256, number * 97 % 256, number * 31 % 256))
    image.putpixel((0, 0), (number % 256, number // 256 % 256, 128))
    file = io.BytesIO()
    more = {'exif': exif} if exif else {}
    image.save(file, kind, **more)
    # a comment behind the end of the image keeps the bytes apart where the pixels are compressed to the same
    return file.getvalue() + b'\0%d' % number


def exif(taken=None, offset=None, orientation=None, camera=None, gps=None):
    """taken: 'YYYY:MM:DD hh:mm:ss'; gps: ((degrees, minutes, seconds), 'N', (…), 'E')"""
    tags = Image.Exif()
    details = {}
    if camera:
        tags[MAKE], tags[MODEL] = camera
        details.update({F_NUMBER: TiffImagePlugin.IFDRational(28, 10), ISO: 200,
                        EXPOSURE_TIME: TiffImagePlugin.IFDRational(1, 125)})
    if orientation:
        tags[ORIENTATION] = orientation
    if taken:
        tags[DATE_TIME] = taken
        details[DATE_TIME_ORIGINAL] = taken
    if offset:
        details[OFFSET_TIME_ORIGINAL] = offset
    if gps:
        latitude, north, longitude, east = gps
        tags[GPS_IFD] = {1: north, 2: latitude, 3: east, 4: longitude}
    if details:
        tags[EXIF_IFD] = details
    return tags


def samples(*patterns):
    """The real photos of these patterns; the test skips where the folder is missing."""
    if not SAMPLES.is_dir():
        pytest.skip(f'no real photos: {SAMPLES} is missing')
    return sorted(path for pattern in patterns for path in SAMPLES.glob(pattern) if path.is_file())
