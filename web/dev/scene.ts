// Pictures out of nothing, for development and tests: mountains before a sky, as PNG or as a thumbhash.
import { rgbaToThumbHash } from 'thumbhash'
import { encodePng } from './png.ts'

type Colour = [number, number, number]

// Sky above, sky below, the ridges from far to near.
const PALETTES: Colour[][] = [
  [[96, 150, 206], [222, 233, 240], [146, 174, 198], [84, 120, 134], [38, 66, 58]],
  [[58, 72, 120], [246, 180, 140], [150, 110, 138], [86, 66, 104], [34, 30, 54]],
  [[190, 206, 216], [236, 238, 236], [178, 190, 196], [134, 148, 152], [88, 100, 98]],
  [[70, 134, 188], [250, 226, 180], [206, 160, 104], [176, 108, 52], [92, 58, 34]],
  [[20, 32, 64], [92, 110, 150], [60, 76, 112], [34, 46, 76], [14, 20, 38]],
  [[120, 176, 210], [240, 246, 248], [226, 234, 240], [188, 204, 216], [150, 170, 184]],
  [[238, 150, 110], [252, 222, 170], [190, 96, 92], [126, 62, 80], [58, 34, 52]],
  [[104, 160, 150], [220, 234, 214], [120, 158, 120], [72, 118, 78], [36, 74, 48]],
]

export interface Scene {
  seed: number
  ratio: number
}

export function scenePng({ seed, ratio }: Scene, width: number): Buffer {
  const height = Math.round(width / ratio)
  const rgb = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rgb.set(pixel(seed, (x / width) * ratio, y / height), (y * width + x) * 3)
  return encodePng(rgb, width, height)
}

export function sceneThumbhash({ seed, ratio }: Scene): string {
  const width = Math.round(ratio >= 1 ? 60 : 60 * ratio)
  const height = Math.round(ratio >= 1 ? 60 / ratio : 60)
  const rgba: number[] = []
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rgba.push(...pixel(seed, (x / width) * ratio, y / height), 255)
  return Buffer.from(rgbaToThumbHash(width, height, rgba)).toString('base64')
}

function pixel(seed: number, u: number, v: number): Colour {
  const [top, low, ...ridges] = PALETTES[seed % PALETTES.length]! as [Colour, Colour, ...Colour[]]
  const near = ridges.findLastIndex((_, index) => v > ridge(seed + index * 17, u, index))
  if (near < 0) return mix(top, low, Math.min(1, v * 1.5))
  const depth = v - ridge(seed + near * 17, u, near)
  return mix(ridges[near]!, [16, 20, 24], Math.min(0.35, depth * 0.6))
}

// The height of a ridge at u: some waves, coarse to fine.
function ridge(seed: number, u: number, index: number): number {
  const wave = (scale: number, strength: number) => strength * Math.sin(u * scale + seed * 1.7 * scale)
  return 0.38 + index * 0.19 + wave(2.1, 0.09) + wave(5.3, 0.045) + wave(12.7, 0.016) + wave(41, 0.005)
}

function mix(a: Colour, b: Colour, part: number): Colour {
  return [0, 1, 2].map((c) => Math.round(a[c]! + (b[c]! - a[c]!) * part)) as Colour
}
