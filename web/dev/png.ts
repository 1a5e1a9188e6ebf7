// Writes PNG files (RFC 2083): 8-bit RGB, for each line the filter whose result is smallest.
import { crc32, deflateSync } from 'node:zlib'

export function encodePng(rgb: Uint8Array, width: number, height: number): Buffer {
  const stride = width * 3
  const lines: Buffer[] = []
  let above: Uint8Array = new Uint8Array(stride)
  for (let y = 0; y < height; y++) {
    const line = rgb.subarray(y * stride, (y + 1) * stride)
    const filtered = [0, 1, 2, 3, 4].map((filter) => filterLine(filter, line, above))
    lines.push(filtered.reduce((best, one) => (weight(one) < weight(best) ? one : best)))
    above = line
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(lines), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function filterLine(filter: number, line: Uint8Array, above: Uint8Array): Buffer {
  const filtered = Buffer.alloc(line.length + 1)
  filtered[0] = filter
  for (let at = 0; at < line.length; at++) {
    const left = at < 3 ? 0 : line[at - 3]!
    const up = above[at]!
    const corner = at < 3 ? 0 : above[at - 3]!
    const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]!
    filtered[at + 1] = (line[at]! - guess) & 255
  }
  return filtered
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}

// The sum of what is left, as signed bytes: the usual guess at what packs best.
function weight(filtered: Buffer): number {
  let sum = 0
  for (let at = 1; at < filtered.length; at++) sum += filtered[at]! < 128 ? filtered[at]! : 256 - filtered[at]!
  return sum
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const size = Buffer.alloc(4)
  size.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([size, body, check])
}
