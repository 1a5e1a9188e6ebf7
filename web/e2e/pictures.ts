// JPEG photos for the tests, painted by the browser that runs them.
import type { Page } from '@playwright/test'
import { mkdtemp, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { withExif } from './exif'

export interface Wanted {
  name: string // may name a folder: "Engadin/1.jpg"
  taken: string // "2024-08-01T14:03:00", by the clock of the place
  ratio: number
  seed: number
}

const EDGE = 1600

// Writes the pictures below a new folder and returns their paths.
export async function paintPhotos(page: Page, wanted: Wanted[]): Promise<{ folder: string; paths: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'swissphoto-pictures-'))
  const paths: string[] = []
  for (const { name, taken, ratio, seed } of wanted) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    const jpeg = Buffer.from(await paint(page, ratio, seed), 'base64')
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

// Ridges before a sky, as in dev/scene.ts; base64 of a JPEG.
function paint(page: Page, ratio: number, seed: number): Promise<string> {
  return page.evaluate(
    async ({ ratio, seed, edge }) => {
      const width = ratio >= 1 ? edge : Math.round(edge * ratio)
      const height = ratio >= 1 ? Math.round(edge / ratio) : edge
      const canvas = new OffscreenCanvas(width, height)
      const context = canvas.getContext('2d')!
      const hue = (seed * 67) % 360
      const sky = context.createLinearGradient(0, 0, 0, height * 0.7)
      sky.addColorStop(0, `hsl(${hue} 52% 58%)`)
      sky.addColorStop(1, `hsl(${(hue + 40) % 360} 70% 88%)`)
      context.fillStyle = sky
      context.fillRect(0, 0, width, height)
      for (let ridge = 0; ridge < 4; ridge++) {
        const base = 0.42 + ridge * 0.15
        context.fillStyle = `hsl(${(hue + 190 + ridge * 8) % 360} ${30 + ridge * 4}% ${62 - ridge * 15}%)`
        context.beginPath()
        context.moveTo(0, height)
        for (let x = 0; x <= width; x += 4) {
          const u = (x / height) * 2.2 + seed * 1.7 + ridge * 5
          const y = base + 0.09 * Math.sin(u) + 0.045 * Math.sin(u * 2.6) + 0.015 * Math.sin(u * 6.1)
          context.lineTo(x, y * height)
        }
        context.lineTo(width, height)
        context.fill()
      }
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 })
      const bytes = new Uint8Array(await blob.arrayBuffer())
      let binary = ''
      for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192))
      return btoa(binary)
    },
    { ratio, seed, edge: EDGE },
  )
}
