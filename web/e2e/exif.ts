// Puts an EXIF block into a JPEG (EXIF 2.3: a TIFF of big-endian entries in an APP1 segment), for pictures that a camera
// could have made.

export interface Exif {
  taken: string // "2024:08:01 14:03:00"
  offset: string // "+02:00"
  make: string
  model: string
  lens: string
  fNumber: number
  exposure: [number, number]
  focalLength: number
  iso: number
  latitude: number
  longitude: number
}

type Entry = { tag: number; type: number; count: number; value: Buffer }

export function withExif(jpeg: Buffer, exif: Exif): Buffer {
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff(exif)])
  const head = Buffer.from([0xff, 0xe1, 0, 0])
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)])
}

function tiff(exif: Exif): Buffer {
  const photo = [
    rational(0x829a, [exif.exposure]),
    rational(0x829d, [[Math.round(exif.fNumber * 10), 10]]),
    short(0x8827, exif.iso),
    text(0x9003, exif.taken),
    text(0x9011, exif.offset),
    rational(0x920a, [[Math.round(exif.focalLength * 10), 10]]),
    text(0xa434, exif.lens),
  ]
  const gps = [
    text(1, exif.latitude < 0 ? 'S' : 'N'),
    rational(2, degrees(exif.latitude)),
    text(3, exif.longitude < 0 ? 'W' : 'E'),
    rational(4, degrees(exif.longitude)),
  ]
  const main = (photoAt: number, gpsAt: number) => [
    text(0x010f, exif.make),
    text(0x0110, exif.model),
    text(0x0132, exif.taken),
    long(0x8769, photoAt),
    long(0x8825, gpsAt),
  ]
  const photoAt = 8 + folder(main(0, 0), 8).length
  const gpsAt = photoAt + folder(photo, photoAt).length
  const header = Buffer.from([0x4d, 0x4d, 0, 42, 0, 0, 0, 8])
  return Buffer.concat([header, folder(main(photoAt, gpsAt), 8), folder(photo, photoAt), folder(gps, gpsAt)])
}

// An image file directory that stands at `at`: its entries, then the values that do not fit into them.
function folder(entries: Entry[], at: number): Buffer {
  const table = Buffer.alloc(2 + entries.length * 12 + 4)
  table.writeUInt16BE(entries.length)
  const values: Buffer[] = []
  let next = at + table.length
  entries.forEach(({ tag, type, count, value }, index) => {
    const position = 2 + index * 12
    table.writeUInt16BE(tag, position)
    table.writeUInt16BE(type, position + 2)
    table.writeUInt32BE(count, position + 4)
    if (value.length <= 4) value.copy(table, position + 8)
    else {
      table.writeUInt32BE(next, position + 8)
      values.push(value)
      next += value.length
    }
  })
  return Buffer.concat([table, ...values])
}

function text(tag: number, value: string): Entry {
  const bytes = Buffer.from(value + '\0', 'latin1')
  return { tag, type: 2, count: bytes.length, value: bytes }
}

function short(tag: number, value: number): Entry {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return { tag, type: 3, count: 1, value: bytes }
}

function long(tag: number, value: number): Entry {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return { tag, type: 4, count: 1, value: bytes }
}

function rational(tag: number, values: [number, number][]): Entry {
  const bytes = Buffer.alloc(values.length * 8)
  values.forEach(([top, bottom], index) => {
    bytes.writeUInt32BE(top, index * 8)
    bytes.writeUInt32BE(bottom, index * 8 + 4)
  })
  return { tag, type: 5, count: values.length, value: bytes }
}

function degrees(value: number): [number, number][] {
  const whole = Math.floor(Math.abs(value))
  const minutes = Math.floor((Math.abs(value) - whole) * 60)
  const seconds = (Math.abs(value) - whole - minutes / 60) * 3600
  return [
    [whole, 1],
    [minutes, 1],
    [Math.round(seconds * 10_000), 10_000],
  ]
}
