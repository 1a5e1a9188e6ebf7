// JPEG photos for the tests, painted by the browser that runs them.
import type { Page } from '@playwright/test'
import { mkdtemp, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { withExif } from './exif'
import { paintLandscape } from './landscape'

export interface Wanted {
  name: string // may name a folder: "Engadin/1.jpg"
  taken: string // "2024-08-01T14:03:00", by the clock of the place
  ratio: number
  seed: number
}

const EDGE = 1600

// A name is shown as text, whatever it holds.
export const HOSTILE = '<img src=x onerror=alert(1)> &amp; 😀.jpg'

// The first photos of every run.
export const CHOSEN: readonly Wanted[] = [
  { name: 'IMG_0001.jpg', taken: '2024-08-01T14:03:00', ratio: 1.5, seed: 1 },
  { name: 'IMG_0002.jpg', taken: '2024-08-01T14:05:00', ratio: 0.75, seed: 2 },
  { name: 'IMG_0003.jpg', taken: '2024-08-01T15:30:00', ratio: 1.5, seed: 3 },
  { name: 'IMG_0004.jpg', taken: '2024-07-20T09:12:00', ratio: 1.33, seed: 4 },
  { name: HOSTILE, taken: '2024-07-19T20:48:00', ratio: 1, seed: 5 },
]

// Writes the pictures below a new folder and returns their paths.
export async function paintPhotos(page: Page, wanted: readonly Wanted[]): Promise<{ folder: string; paths: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'swissphoto-pictures-'))
  const paths: string[] = []
  for (const { name, taken, ratio, seed } of wanted) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    const width = Math.round(ratio >= 1 ? EDGE : EDGE * ratio)
    const height = Math.round(ratio >= 1 ? EDGE / ratio : EDGE)
    const jpeg = Buffer.from(await page.evaluate(paintLandscape, { seed, width, height }), 'base64')
    await writeFile(
      path,
      withExif(jpeg, {
        taken: taken.replaceAll('-', ':').replace('T', ' '),
        offset: '+02:00',
        make: 'FUJIFILM',
        model: 'X-T5',
        lens: 'XF23mmF1.4 R LM WR',
        fNumber: 5.6,
        exposure: [1, 420],
        focalLength: 23,
        iso: 125,
        latitude: 46.60242,
        longitude: 8.00731,
      }),
    )
    paths.push(path)
  }
  return { folder, paths }
}
