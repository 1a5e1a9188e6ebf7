"""What swissphoto-decode makes of pictures, and what it says to broken ones, by the real binary and its real client.

Every file is made here. ../shared/samples is looked at as well where it lies beside the repository.
"""
import io
import random
import struct
import zlib

import pytest
from PIL import Image, ImageOps, TiffImagePlugin
from PIL.TiffImagePlugin import IFDRational

from decoding import (AVIF, BLUE, GREEN, HEIC, QUADRANTS, RED, SAMPLES, WHITE, assert_quadrants, assert_refused, client,
                      decode, near, quadrants)  # noqa: F401 (a fixture)


# What pictures become

@pytest.mark.parametrize('name, save', [
    ('jpeg', {'format': 'JPEG', 'quality': 95}),
    ('jpeg', {'format': 'JPEG', 'quality': 95, 'progressive': True}),
    ('png', {'format': 'PNG'}),
    ('webp', {'format': 'WEBP', 'quality': 95}),
    ('webp', {'format': 'WEBP', 'lossless': True}),
    ('tiff', {'format': 'TIFF'}),
    ('tiff', {'format': 'TIFF', 'compression': 'tiff_lzw'}),
])
def test_formats(decode, name, save):
    result = decode(quadrants(2000, 1000), **save)
    assert (result['error'], result['format'], result['width'], result['height']) == (None, name, 2000, 1000)
    assert result.preview.size == (result['previewWidth'], result['previewHeight']) == (1440, 720)
    assert result.thumbnail.size == (result['thumbnailWidth'], result['thumbnailHeight']) == (500, 250)
    assert (result.preview.format, result.preview.mode) == ('JPEG', 'RGB')
    assert result.thumbnail.format == 'WEBP'
    assert_quadrants(result.preview)
    assert_quadrants(result.thumbnail, tolerance=40)
    assert 10 <= len(bytes.fromhex(result['thumbhash'])) <= 32


@pytest.mark.parametrize('content', [AVIF, HEIC], ids=['avif', 'heic'])
def test_heif(decode, content):
    result = decode(content)
    assert (result['error'], result['format'], result['width'], result['height']) == (None, 'heif', 64, 48)
    assert_quadrants(result.preview, tolerance=40)


def test_the_bytes_decide_and_not_the_name(decode):
    result = decode(quadrants(), 'photo.jpg', format='PNG')
    assert (result['error'], result['format']) == (None, 'png')


def test_never_enlarges(decode):
    result = decode(quadrants(30, 20), format='PNG')
    assert result.preview.size == result.thumbnail.size == (30, 20)
    result = decode(Image.new('RGB', (1, 1), RED), format='PNG')
    assert result.preview.size == result.thumbnail.size == (1, 1)
    assert near(result.preview, (0, 0), RED)[0]


def test_long_thin_pictures(decode):
    result = decode(Image.new('RGB', (9000, 3), GREEN), format='PNG')
    assert result.preview.size == (1440, 1)  # one row at the least
    assert result.thumbnail.size == (1440, 1)
    result = decode(Image.new('RGB', (100, 5000), GREEN), format='JPEG')
    assert result.preview.size == (29, 1440)


UPRIGHT_TO_STORED = {1: None, 2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE,
                     6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270}


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('size', [(64, 48), (2400, 1800)], ids=['small', 'large'])
def test_orientations(decode, orientation, size):
    image = quadrants(*size)
    stored = image.transpose(UPRIGHT_TO_STORED[orientation]) if orientation > 1 else image
    exif = Image.Exif()
    exif[0x0112] = orientation
    result = decode(stored, format='JPEG', quality=95, subsampling=0, exif=exif)
    assert (result['width'], result['height'], result['orientation']) == (*size, orientation)
    assert_quadrants(result.preview)
    assert_quadrants(result.thumbnail, tolerance=40)
    assert ImageOps.exif_transpose(result.preview).size == result.preview.size  # not turned twice
    # Pillow turns the original the same way
    assert result.preview.size == ImageOps.contain(ImageOps.exif_transpose(image), (min(1440, size[0]),) * 2).size


def test_metadata_stays_in_the_original(decode):
    exif = Image.Exif()
    exif[0x010f] = 'Leaky Camera'
    result = decode(quadrants(), format='JPEG', exif=exif)
    assert result['make'] == 'Leaky Camera'
    for image in (result.preview, result.thumbnail):
        assert 'icc_profile' not in image.info and 'xmp' not in image.info
    for file in result.folder.iterdir():
        assert b'Leaky' not in file.read_bytes()


# Colours

@pytest.mark.parametrize('mode, save', [('L', {'format': 'JPEG'}), ('L', {'format': 'PNG'}), ('1', {'format': 'PNG'}),
                                        ('I;16', {'format': 'PNG'})])
def test_grey(decode, mode, save):
    image = Image.new('L', (600, 400), 255)
    image.paste(0, (0, 0, 300, 400))
    image = image.convert('I').point(lambda value: value * 257).convert('I;16') if mode == 'I;16' else image.convert(mode)
    result = decode(image, **save)
    assert result['error'] is None
    assert near(result.preview, (0.25, 0.5), (0, 0, 0))[0]
    assert near(result.thumbnail, (0.75, 0.5), WHITE)[0]


def png(width, height, depth, colour, rows, extra=b''):
    def chunk(name, data):
        return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))
    head = struct.pack('>IIBBBBB', width, height, depth, colour, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + extra + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b'')


def test_sixteen_bits(decode):
    row = b'\0' + b''.join(struct.pack('>HHH', *(value * 257 for value in QUADRANTS[x * 2 // 600])) for x in range(600))
    result = decode(png(600, 400, 16, 2, row * 400))
    assert_quadrants(result.preview, [RED, GREEN, RED, GREEN])


def test_cmyk(decode):
    result = decode(quadrants(600, 400).convert('CMYK'), format='JPEG', quality=95)
    assert result['error'] is None
    # no profile: a press's colours, so duller, but each the brightest of its kind
    for i, strongest in enumerate([0, 1, 2]):
        pixel = result.preview.getpixel((150 + i % 2 * 300, 100 + i // 2 * 200))
        assert pixel.index(max(pixel)) == strongest, pixel
    assert near(result.preview, (0.75, 0.75), WHITE)[0]


def test_alpha(decode):
    image = Image.new('RGBA', (600, 400), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 300, 400))
    result = decode(image, format='PNG')
    assert near(result.preview, (0.25, 0.5), BLUE)[0]
    assert near(result.preview, (0.75, 0.5), WHITE)[0]  # a JPEG has no alpha: white
    assert result.thumbnail.mode == 'RGBA'
    assert result.thumbnail.getpixel((300, 100))[3] == 0
    assert result.thumbnail.getpixel((50, 100))[3] == 255
    assert bytes.fromhex(result['thumbhash'])[2] & 0x80  # knows of the alpha
    result = decode(Image.new('LA', (300, 300), (0, 128)), format='PNG')
    assert near(result.preview, (0.5, 0.5), (127, 127, 127))[0]


def test_palette_with_transparency(decode):
    result = decode(quadrants().quantize(8), format='PNG', transparency=0)
    assert result['error'] is None and result.thumbnail.mode == 'RGBA'


def matrix_profile(red, green, blue, gamma):
    """An ICC profile (version 2, ICC.1:2001-04) of three D50 colorants and a gamma."""
    def s15(value):
        return struct.pack('>i', round(value * 65536))
    def xyz(values):
        return b'XYZ \0\0\0\0' + b''.join(map(s15, values))
    curve = b'curv\0\0\0\0\0\0\0\1' + struct.pack('>H', round(gamma * 256)) + b'\0\0'
    text = b'desc\0\0\0\0' + struct.pack('>I', 5) + b'test\0' + bytes(78 + 5)
    copying = b'text\0\0\0\0none'
    tags = [(b'desc', text + bytes(-len(text) % 4)), (b'cprt', copying), (b'wtpt', xyz((0.9642, 1, 0.8249))),
            (b'rXYZ', xyz(red)), (b'gXYZ', xyz(green)), (b'bXYZ', xyz(blue)), (b'rTRC', curve), (b'gTRC', curve),
            (b'bTRC', curve)]
    offset, table, data = 128 + 4 + 12 * len(tags), b'', b''
    for name, content in tags:
        table += name + struct.pack('>II', offset + len(data), len(content))
        data += content
    size = offset + len(data)
    head = struct.pack('>I4sI4s4s4s', size, b'test', 0x02100000, b'mntr', b'RGB ', b'XYZ ')
    head += bytes(12) + b'acsp' + bytes(28) + s15(0.9642) + s15(1) + s15(0.8249) + bytes(48)
    return head + struct.pack('>I', len(tags)) + table + data


ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457), 2.19921875)
DISPLAY_P3 = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407), 2.2)
SRGB_OF_D50 = ((3.1338561, -1.6168667, -0.4906146), (-0.9787684, 1.9161415, 0.0334540), (0.0719453, -0.2289914, 1.4052427))


def to_srgb(colour, red, green, blue, gamma):
    """The independent oracle: by the matrices of both spaces (Bruce Lindbloom's for sRGB at D50) and sRGB's curve."""
    linear = [(value / 255)**gamma for value in colour]
    xyz = [sum(part[i] * value for part, value in zip((red, green, blue), linear)) for i in range(3)]
    rgb = [sum(weight * value for weight, value in zip(row, xyz)) for row in SRGB_OF_D50]
    return [round(255 * (12.92 * value if value <= 0.0031308 else 1.055 * value**(1 / 2.4) - 0.055)) for value in rgb]


@pytest.mark.parametrize('space', [ADOBE, DISPLAY_P3], ids=['adobe', 'p3'])
@pytest.mark.parametrize('colour', [(120, 180, 120), (200, 100, 100), (100, 100, 200), (128, 128, 128)])
@pytest.mark.parametrize('save', [{'format': 'JPEG', 'quality': 98, 'subsampling': 0}, {'format': 'PNG'}],
                         ids=['jpeg', 'png'])
def test_profiles_are_converted(decode, space, colour, save):
    expected = to_srgb(colour, *space)
    result = decode(Image.new('RGB', (800, 600), colour), icc_profile=matrix_profile(*space), **save)
    for image in (result.preview, result.thumbnail):
        right, found = near(image, (0.5, 0.5), expected, 5)
        assert right, f'{found} instead of {expected}'
    assert near(decode(Image.new('RGB', (800, 600), colour), **save).preview, (0.5, 0.5), colour, 4)[0]


def test_a_broken_profile_says_nothing(decode):
    result = decode(quadrants(), format='JPEG', quality=95, icc_profile=b'not a profile' * 20)
    assert result['error'] is None
    assert_quadrants(result.preview)


def test_of_an_animation_the_first_frame(decode):
    frames = [Image.new('RGB', (300, 300), colour) for colour in (RED, GREEN, BLUE)]
    for save in ({'format': 'GIF'}, {'format': 'WEBP', 'quality': 95}):
        result = decode(frames[0], save_all=True, append_images=frames[1:], **save)
        assert (result['error'], result['width'], result['height']) == (None, 300, 300)
        assert near(result.preview, (0.5, 0.5), RED)[0]


# Metadata

EXIF, GPS = 0x8769, 0x8825  # where these folders hang in the first


def test_exif(decode):
    exif = Image.Exif()
    exif[0x010f], exif[0x0110], exif[0x010e] = 'Acme', 'Camera\x07 1 ', 'Am Zürichsee'.encode('latin-1')
    exif[0x0132], exif[0x4746] = '2024:05:02 08:00:00', 4
    exif[EXIF] = {0x9003: '2024:05:01 12:34:56', 0x9291: '78', 0x9011: '+02:00',
                  0x829a: IFDRational(1, 250), 0x829d: IFDRational(28, 10),
                  0x8827: 400, 0x920a: IFDRational(50, 1), 0xa434: 'Lens 50'}
    exif[GPS] = {1: 'N', 2: (47.0, 22.0, 12.0), 3: 'E', 4: (8.0, 32.0, 24.0), 5: b'\0', 6: 408.5}
    result = decode(quadrants(), 'exif.jpg', '--metadata', format='JPEG', exif=exif)
    assert result['error'] is None
    assert (result['make'], result['model'], result['lens']) == ('Acme', 'Camera  1', 'Lens 50')
    assert result['description'] == 'Am Zürichsee'
    assert result['takenLocalMs'] == 1714566896780 and result['offsetMinutes'] == 120
    assert result['modifiedLocalMs'] == 1714636800000
    assert (result['exposureTime'], result['fNumber'], result['iso'], result['focalLength']) == ('1/250', 2.8, 400, 50)
    assert result['latitude'] == pytest.approx(47.37, abs=1e-4) and result['longitude'] == pytest.approx(8.54, abs=1e-4)
    assert result['altitude'] == pytest.approx(408.5) and result['rating'] == 4


def test_the_satellites_tell_the_offset(decode):
    exif = Image.Exif()
    exif[EXIF] = {0x9003: '2024:05:01 12:34:56'}
    exif[GPS] = {0x1d: '2024:05:01', 7: (10.0, 34.0, 50.0)}
    result = decode(quadrants(), 'gps.jpg', '--metadata', format='JPEG', exif=exif)
    assert result['offsetMinutes'] == 120 and result['gpsUtcMs'] == 1714559690000


def test_nothing_is_invented(decode):
    result = decode(quadrants(), 'bare.jpg', '--metadata', format='JPEG')
    for name in ('takenLocalMs', 'offsetMinutes', 'latitude', 'altitude', 'rating'):
        assert result[name] is None
    assert result['make'] == result['description'] == '' and result['iso'] == 0
    exif = Image.Exif()
    exif[EXIF] = {0x9003: '0000:00:00 00:00:00'}
    exif[GPS] = {1: 'N', 2: (0.0, 0.0, 0.0), 3: 'E', 4: (0.0, 0.0, 0.0)}
    result = decode(quadrants(), 'zeros.jpg', '--metadata', format='JPEG', exif=exif)
    assert result['takenLocalMs'] is None and result['latitude'] is None


def test_xmp(decode):
    xmp = b'''<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" aux:Lens="Lens 50"
        xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" xmp:Rating="5" GPano:ProjectionType="equirectangular">
       <dc:description><rdf:Alt><rdf:li xml:lang="x-default">Am See</rdf:li></rdf:Alt></dc:description>
      </rdf:Description></rdf:RDF></x:xmpmeta>'''
    plain = io.BytesIO()
    quadrants().save(plain, format='JPEG')
    segment = b'http://ns.adobe.com/xap/1.0/\0' + xmp
    content = plain.getvalue()[:2] + b'\xff\xe1' + struct.pack('>H', len(segment) + 2) + segment + plain.getvalue()[2:]
    result = decode(content, 'xmp.jpg', '--metadata')
    assert (result['rating'], result['projection'], result['description']) == (5, 'equirectangular', 'Am See')
    assert result['lens'] == 'Lens 50'


# Broken, cut off, lying, too large

def noise(width, height):
    random.seed(1)
    return Image.frombytes('RGB', (width, height), random.randbytes(width * height * 3))


def test_no_pictures(decode):
    assert_refused(decode(b''), 'empty')
    assert_refused(decode(b'Dear diary, this is text.\n' * 100, 'text.jpg'), 'not a picture')
    assert_refused(decode(bytes(100000), 'zeros.png'))
    assert_refused(decode(b'\xff\xd8\xff\xe0' + bytes(50)))
    assert_refused(decode(b'%PDF-1.4\n%test', 'document.jpg'), 'not a picture')
    assert_refused(decode(b'<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>', 'vector.png'), 'not a picture')
    assert_refused(decode(b'P6 2 2 255\n' + bytes(12), 'netpbm.jpg'), 'not a picture')


@pytest.mark.parametrize('save', [{'format': 'JPEG'}, {'format': 'PNG'}, {'format': 'WEBP'},
                                  {'format': 'JPEG', 'progressive': True}], ids=['jpeg', 'png', 'webp', 'progressive'])
def test_cut_off(decode, save):
    buffer = io.BytesIO()
    noise(800, 600).save(buffer, **save)
    whole = buffer.getvalue()
    for part in (0.02, 0.3, 0.9):
        result = decode(whole[:int(len(whole) * part)])
        assert_refused(result)
        assert 'cut off' in result['message'] or 'damaged' in result['message'] or 'not a picture' in result['message']
    assert decode(whole)['error'] is None


def test_cut_off_heif(decode):
    for content in (AVIF, HEIC):
        assert_refused(decode(content[:-40]))


def test_damage_never_crashes_the_client_or_the_zygote(tmp_path):
    """Hundreds of damaged files through one zygote: each has its answer, and a whole one after them its pictures."""
    random.seed(7)
    buffers = []
    for save in ({'format': 'JPEG'}, {'format': 'PNG'}, {'format': 'WEBP'}, {'format': 'TIFF'}, {'format': 'GIF'}):
        buffer = io.BytesIO()
        noise(97, 61).save(buffer, **save)
        buffers.append(buffer.getvalue())
    paths = []
    for i, content in enumerate((buffers + [AVIF, HEIC]) * 30):
        damaged = bytearray(content)
        for _ in range(random.choice((1, 5, 50))):
            damaged[random.randrange(len(damaged))] = random.randrange(256)
        paths.append(tmp_path / f'damaged-{i}')
        paths[-1].write_bytes(damaged)
    good = tmp_path / 'good.jpg'
    quadrants().save(good, format='JPEG')
    results = client('--threads', 4, *paths, good)
    assert len(results) == len(paths) + 1
    assert {result['error'] for result in results} <= {None, 'media'}, [r for r in results if r['error'] == 'unavailable']
    assert next(result for result in results if result['file'] == str(good))['error'] is None


def test_bombs(decode):
    assert_refused(decode(png(60000, 60000, 8, 2, b'\0')), '268 million')
    assert_refused(decode(png(70000, 10, 8, 2, b'\0')), '65,500')
    jpeg = io.BytesIO()
    Image.new('L', (8, 8)).save(jpeg, format='JPEG')
    content = bytearray(jpeg.getvalue())
    frame = content.index(b'\xff\xc0')
    content[frame + 5:frame + 9] = struct.pack('>HH', 65000, 65000)
    assert_refused(decode(bytes(content)), '268 million')
    size = struct.pack('<HH', 65535, 65535)
    gif = b'GIF89a' + size + b'\0\0\0' + b',\0\0\0\0' + size + b'\0\2\0;'
    assert_refused(decode(gif))


def test_the_largest_that_is_decoded(decode):
    """16,000 x 16,000 from some kilobytes: within the limit, so it is rendered, within the memory and time it may have."""
    row = b'\0' + bytes(16000 // 8)
    result = decode(png(16000, 16000, 1, 0, row * 16000))
    assert (result['error'], result['width']) == (None, 16000)
    assert result.preview.size == (1440, 1440)


def test_raw_in_tiff_is_not_taken_for_its_small_picture(decode):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[254] = 1
    result = decode(quadrants(), 'photo.nef', format='TIFF', tiffinfo=info)
    assert_refused(result, 'RAW')


def test_a_picture_without_a_codec_keeps_its_date(decode):
    """As that of a phone newer than the codec: no pixels, but the day and the place are there."""
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[254] = 1
    info[0x0132] = '2024:05:01 12:34:56'
    content = io.BytesIO()
    quadrants().save(content, 'TIFF', tiffinfo=info)
    result = decode(content.getvalue(), 'photo.nef', '--metadata')
    assert result['error'] is None and result['takenLocalMs'] == 1714566896000
    assert_refused(decode(content.getvalue(), 'photo.nef'), 'RAW')


# Real photos

@pytest.mark.skipif(not SAMPLES.is_dir(), reason='no ../shared/samples')
def test_a_new_phone_says_where_and_when(decode):
    """Whatever this system's codec makes of its pixels."""
    result = decode((SAMPLES / 'heic/iphone16_gps.heic').read_bytes(), 'photo.heic', '--metadata')
    assert result['error'] is None and result['takenLocalMs'] and result['latitude'], result


@pytest.mark.skipif(not SAMPLES.is_dir(), reason='no ../shared/samples')
def test_samples(tmp_path):
    paths = sorted(path for path in SAMPLES.rglob('*') if path.is_file() and path.suffix != '.md')
    out = tmp_path / 'out'
    out.mkdir()
    results = {result['file']: result for result in client('--threads', 2, '--out', out, *paths)}
    assert len(results) == len(paths)
    for path in paths:
        result = results[str(path)]
        if path.suffix.lower() in ('.mp4', '.mov', '.dng'):
            assert_refused(result)
            continue
        if result['error']:
            assert_refused(result)
            assert path.name in ('corrupted.jpg', 'iphone16_gps.heic'), (path, result)
            continue
        preview = Image.open(out / f'{path.name}.preview.jpg')
        assert preview.size == (result['previewWidth'], result['previewHeight']) and max(preview.size) <= 1440
        assert abs(preview.width / preview.height - result['width'] / result['height']) < 0.02
        if path.suffix.lower() != '.heic':
            with Image.open(path) as image:
                turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
                assert (result['width'], result['height']) == (image.size[::-1] if turned else image.size), path
