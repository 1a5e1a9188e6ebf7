// The pictures of the README, docs/images: the rooms with photos that nobody owns (npm run pictures).
import { expect, type Page } from '@playwright/test'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { expectPictures, expectStill, person, test } from './app'
import { encodePng } from '../dev/png'
import { paintPhotos, type Wanted } from './pictures'

const RATIOS = [1.5, 0.75, 1.5, 1.33, 1.78, 1.5, 0.67, 1.5, 1]

// Motifs and lights in a pleasant order.
const SEEDS = [20, 8, 17, 26, 6, 4, 3, 13, 15, 12, 16, 0, 10, 22, 27, 5, 11, 24, 1, 21, 18, 14, 9, 2, 19, 23, 7, 25, 29]

// Days of one summer, each with some pictures.
const DAYS: [day: string, count: number][] = [
  ['2026-08-09', 5],
  ['2026-08-08', 4],
  ['2026-08-01', 6],
  ['2026-07-26', 2],
  ['2026-07-25', 4],
  ['2026-07-11', 8],
]

const photos: Wanted[] = DAYS.flatMap(([day, count]) => Array.from({ length: count }, () => day)).map((day, index) => ({
  name: `DSCF${4000 + index}.jpg`,
  taken: `${day}T${String(19 - (index % 10)).padStart(2, '0')}:1${index % 6}:00`,
  ratio: RATIOS[index % RATIOS.length]!,
  seed: SEEDS[index]!,
}))

test('timeline and viewer', async ({ app }) => {
  await app.goto('/')
  await app.getByLabel('Name', { exact: true }).fill(person.name)
  await app.getByLabel('E-mail').fill(person.email)
  await app.getByLabel('Password', { exact: true }).fill(person.password)
  await app.getByRole('button', { name: 'Create account' }).click()
  await expect(app.getByRole('heading', { name: 'Your photos go here' })).toBeVisible()

  const { folder, paths } = await paintPhotos(app, photos)
  await app.locator('input[type=file]').setInputFiles(paths)
  await expect(app.getByRole('region', { name: 'Upload' }).getByRole('heading')).toHaveText('All done', { timeout: 60_000 })
  await rm(folder, { recursive: true })
  await app.reload()
  await expectPictures(app, 12)
  await expectStill(app)
  await keep(app, 'timeline')

  await app.locator('.tile').first().click()
  await expect(app.locator('.slide:not([aria-hidden=true]) img.preview.ready')).toBeVisible()
  await app.keyboard.press('i')
  await expect(app.locator('aside dl')).toBeVisible()
  await app.mouse.move(0, 790)
  await expectStill(app)
  await keep(app, 'viewer')
})

// As a PNG of 64 steps a channel: the eye sees no difference, the file is much smaller.
async function keep(page: Page, name: string): Promise<void> {
  const shot = await page.screenshot()
  const { width, height, rgb } = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
    const image = await createImageBitmap(new Blob([bytes]))
    const canvas = new OffscreenCanvas(image.width, image.height)
    const context = canvas.getContext('2d', { alpha: false })!
    context.drawImage(image, 0, 0)
    const pixels = context.getImageData(0, 0, image.width, image.height)
    const steps = pixels.data.filter((_, index) => index % 4 < 3).map((value) => Math.round((Math.round((value * 63) / 255) * 255) / 63))
    return { width: image.width, height: image.height, rgb: Array.from(steps, (value) => String.fromCharCode(value)).join('') }
  }, shot.toString('base64'))
  await mkdir('../docs/images', { recursive: true })
  await writeFile(`../docs/images/${name}.png`, encodePng(Buffer.from(rgb, 'latin1'), width, height))
}
