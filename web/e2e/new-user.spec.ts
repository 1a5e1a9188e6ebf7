// The way of a new person on a new instance: sign up, bring photos in, look through them, leave.
import { expect, type Page } from '@playwright/test'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expectAccessible, expectCalm, expectPictures, person, screenshot, signIn, test } from './app'
import { CHOSEN, HOSTILE, paintPhotos } from './pictures'

test.describe.configure({ mode: 'serial' })

const DROPPED = Array.from({ length: 12 }, (_, index) => ({
  name: `Engadin/Tag ${1 + (index % 3)}/DSCF${2000 + index}.jpg`,
  taken: `2023-0${2 + (index % 6)}-1${index % 3}T1${index % 10}:00:00`,
  ratio: [1.5, 0.67, 1.78, 1.5][index % 4]!,
  seed: 20 + index,
}))

const folders: string[] = []

test.afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

// Files and folders from the desktop, as the browser itself gets them.
async function dropPaths(page: Page, files: string[]): Promise<void> {
  const browser = await page.context().newCDPSession(page)
  const data = { items: [], files, dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await browser.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data })
    if (type === 'dragOver') {
      await expect(page.getByText('Drop to upload')).toBeVisible()
      await screenshot(page, 'new-user-drop')
    }
  }
}

// A line on which an upload takes its time, until end().
async function throttleUploads(page: Page): Promise<{ end(): Promise<void> }> {
  const browser = await page.context().newCDPSession(page)
  const limit = (uploadThroughput: number) =>
    browser.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput })
  await limit(60_000)
  return { end: async () => void (await limit(-1)) }
}

test('signs up, chooses photos, sees them', async ({ app }) => {
  await app.goto('/')
  await expect(app).toHaveURL(/\/sign-up$/)
  await app.getByRole('button', { name: 'Create account' }).click()
  await expect(app.getByLabel('Name', { exact: true })).toBeFocused()
  await expect(app.getByText('Enter an e-mail address')).toBeVisible()
  await expectAccessible(app)
  await app.getByLabel('Name', { exact: true }).fill(person.name)
  await app.getByLabel('E-mail').fill(person.email)
  await app.getByLabel('Password', { exact: true }).fill(person.password)
  await screenshot(app, 'new-user-sign-up')
  await app.getByRole('button', { name: 'Create account' }).click()

  await expect(app.getByRole('heading', { name: 'Your photos go here' })).toBeVisible()
  await expectAccessible(app)
  await screenshot(app, 'new-user-empty')

  const { folder, paths } = await paintPhotos(app, CHOSEN)
  folders.push(folder)
  const chooser = app.waitForEvent('filechooser')
  await app.getByRole('button', { name: 'Choose photos' }).click()
  const slow = await throttleUploads(app)
  await (await chooser).setFiles(paths)
  const panel = app.getByRole('region', { name: 'Upload' })
  await expect(panel.getByRole('heading')).toHaveText(/^[1-5] files? left$/)
  const progress = panel.getByRole('progressbar')
  await expect.poll(async () => Number(await progress.getAttribute('aria-valuenow'))).toBeGreaterThan(20)
  expect(Number(await progress.getAttribute('aria-valuenow'))).toBeLessThan(100)
  await expect(panel.getByText(/^Uploading, \d+%$/).first()).toBeVisible()
  await screenshot(app, 'new-user-uploading')
  await slow.end()
  await expect(panel.getByText('5 new').first()).toBeVisible()
  await expect(panel.locator('[data-state=created]')).toHaveCount(5)
  await expect(panel.getByText(HOSTILE)).toBeVisible()
  await expectPictures(app, 5)
  await expect(panel.getByRole('heading')).toHaveText('All done')
  await expect(app.getByRole('heading', { name: 'August 2024' })).toBeVisible()
  await expect(app.getByRole('link', { name: /^Photo, 1 August 2024/ })).toHaveCount(3)
  await expectAccessible(app)
  await screenshot(app, 'new-user-uploaded')
})

test('drops a folder; what is there already costs nothing', async ({ app }) => {
  await signIn(app)
  const { folder } = await paintPhotos(app, DROPPED)
  const { folder: again, paths } = await paintPhotos(app, CHOSEN.slice(0, 2))
  folders.push(folder, again)
  await writeFile(join(folder, 'Engadin', 'notes.txt'), 'no picture')
  await writeFile(join(folder, 'Engadin', 'broken.jpg'), '')
  await dropPaths(app, [join(folder, 'Engadin'), ...paths])
  const panel = app.getByRole('region', { name: 'Upload' })
  await expect(panel.getByText('12 new, 2 already there, 2 not supported').first()).toBeVisible({ timeout: 60_000 })
  await panel.getByRole('group', { name: 'Files' }).evaluate((list) => (list.scrollTop = list.scrollHeight))
  await expect(panel.getByText('Already in your photos')).toHaveCount(2)
  await expectPictures(app, 8)
  await screenshot(app, 'new-user-dropped')
  await panel.getByRole('button', { name: 'Close upload list' }).click()
  await expect(panel).toBeHidden()
})

test('looks through them and comes back to the same place', async ({ app }) => {
  await signIn(app)
  await app.mouse.move(600, 500)
  await app.mouse.wheel(0, 700)
  await expect.poll(() => app.evaluate(() => scrollY)).toBeGreaterThan(300)
  await expectPictures(app, 3)
  const place = await app.evaluate(() => scrollY)
  const ids = await app.locator('.tile').evaluateAll((tiles) =>
    tiles
      .filter((tile) => {
        const { top, bottom } = tile.getBoundingClientRect()
        return top > 80 && bottom < innerHeight
      })
      .map((tile) => (tile as HTMLElement).dataset.photo!),
  )
  await app.locator(`[data-photo="${ids[0]}"]`).click()
  const viewer = app.getByRole('dialog', { name: 'Photo' })
  const shown = viewer.locator('.slide:not([aria-hidden=true]) img.preview.ready')
  await expect(shown).toBeVisible()
  expect(await shown.evaluate((image: HTMLImageElement) => Math.max(image.naturalWidth, image.naturalHeight))).toBeGreaterThan(900)
  await expectAccessible(app)
  await screenshot(app, 'new-user-viewer')

  await app.keyboard.press('ArrowRight')
  await expect(app).toHaveURL(new RegExp(ids[1]! + '$'))
  await app.keyboard.press('ArrowLeft')
  await expect(app).toHaveURL(new RegExp(ids[0]! + '$'))

  await app.keyboard.press('i')
  const details = viewer.getByRole('complementary', { name: 'Details' })
  await expect(details.getByText('FUJIFILM X-T5')).toBeVisible()
  await expect(details.getByText('ƒ/5.6 · 1/420 s · 23 mm · ISO 125')).toBeVisible()
  await expect(details.getByText('XF23mmF1.4 R LM WR')).toBeVisible()
  await expect(details.getByText('46.60242° N, 8.00731° E')).toBeVisible()
  await expect(details.getByText(/\.jpg$/)).toBeVisible()
  await expect(details.getByText(/20(23|24)/)).toBeVisible()
  await expectAccessible(app)
  await screenshot(app, 'new-user-details')
  await app.keyboard.press('i')

  const download = app.waitForEvent('download')
  await viewer.getByRole('link', { name: 'Download original' }).click()
  expect((await download).suggestedFilename()).toMatch(/\.jpg$/)

  await app.keyboard.press('Escape')
  await expect(viewer).toBeHidden()
  await expect(app).toHaveURL(/\/photos$/)
  expect(await app.evaluate(() => scrollY)).toBe(place)
  await expect(app.locator(`[data-photo="${ids[0]}"]`)).toBeFocused()
})

test('shows a placeholder in the place of each picture, and moves nothing when it comes', async ({ app }) => {
  let release = () => {}
  const released = new Promise<void>((done) => (release = done))
  await app.route('**/thumbnail?size=thumbnail', async (route) => {
    await released
    await route.continue()
  })
  await signIn(app)
  const boxes = () => app.locator('.tile').evaluateAll((tiles) => tiles.map((tile) => JSON.stringify(tile.getBoundingClientRect())))
  await expect(app.locator('.tile')).not.toHaveCount(0)
  await expect
    .poll(() =>
      app.locator('.tile').evaluateAll((tiles) =>
        tiles.filter((tile) => {
          const canvas = tile.querySelector('canvas')
          const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data
          return !pixels || new Set(pixels).size < 8
        }).length,
      ),
    )
    .toBe(0)
  expect(await app.locator('.tile img.ready').count()).toBe(0)
  await screenshot(app, 'new-user-placeholders')
  const before = await boxes()
  release()
  await expectPictures(app, 5)
  expect(await boxes()).toEqual(before)
})

test('says where a picture has no preview', async ({ app }) => {
  await signIn(app)
  const answer = await app.request.post('/api/assets', {
    multipart: {
      assetData: { name: 'damaged.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') },
      fileCreatedAt: '2020-02-02T12:00:00.000Z',
      fileModifiedAt: '2020-02-02T12:00:00.000Z',
    },
  })
  const { id } = await answer.json()
  await app.reload()
  const tile = app.locator(`[data-photo="${id}"]`)
  await expect(async () => {
    await app.evaluate(() => scrollTo(0, document.documentElement.scrollHeight))
    await expect(tile).toBeVisible({ timeout: 500 })
  }).toPass()
  await expect(tile).toHaveAccessibleName('Photo, 2 February 2020 at 13:00, Being prepared')
  await expectAccessible(app)
  await screenshot(app, 'new-user-no-preview')
  await tile.click()
  await expect(app.getByText('This photo is being prepared.')).toBeVisible()
  await expectAccessible(app)
  await app.request.delete('/api/assets', { data: { ids: [id], force: true } })
})

test('shows a hostile name as text', async ({ app }) => {
  await signIn(app)
  await app.getByRole('link', { name: /^Photo, 19 July 2024/ }).click()
  await app.keyboard.press('i')
  await expect(app.getByRole('complementary').getByText(HOSTILE)).toBeVisible()
})

test('opens a photo by its address, and walks on from there', async ({ app }) => {
  await signIn(app)
  const id = await app.locator('.tile').nth(2).getAttribute('data-photo')
  await app.goto('/photos/' + id)
  const shown = app.locator('.slide:not([aria-hidden=true]) img.preview.ready')
  await expect(shown).toBeVisible()
  await app.keyboard.press('ArrowRight')
  await expect(app).not.toHaveURL(new RegExp(id + '$'))
  await expect(shown).toBeVisible()
  await app.keyboard.press('Escape')
  await expect(app).toHaveURL(/\/photos$/)
  await app.goto('/photos/00000000-0000-4000-8000-000000000000')
  await expect(app.getByText('This photo does not exist')).toBeVisible()
})

test('goes through the grid by keyboard', async ({ app }) => {
  await signIn(app)
  await expectPictures(app, 5)
  await app.locator('.tile').first().focus()
  const focused = () => app.evaluate(() => (document.activeElement as HTMLElement).dataset.photo)
  const first = await focused()
  await app.keyboard.press('ArrowRight')
  expect(await focused()).not.toBe(first)
  await app.keyboard.press('ArrowLeft')
  await app.keyboard.press('ArrowDown')
  const below = await focused()
  expect(below).not.toBe(first)
  for (let step = 0; step < 6; step++) await app.keyboard.press('ArrowDown')
  await expect.poll(() => app.evaluate(() => scrollY)).toBeGreaterThan(0)
  await expect(app.locator(`[data-photo="${await focused()}"]`)).toBeInViewport()
  await app.keyboard.press('Enter')
  await expect(app.getByRole('dialog', { name: 'Photo' })).toBeVisible()
})

test('is asked to sign in again when the session ended, and goes on where it was', async ({ app, context }) => {
  await signIn(app)
  const id = await app.locator('.tile').first().getAttribute('data-photo')
  await context.clearCookies({ name: 'immich_access_token' })
  await app.locator('.tile').first().click()
  await expect(app).toHaveURL(/\/login\?to=/)
  await expect(app.getByText('Your session has ended')).toBeVisible()
  await app.getByLabel('E-mail').fill(person.email)
  await app.getByLabel('Password', { exact: true }).fill('not the password')
  await app.getByRole('button', { name: 'Sign in' }).click()
  await expect(app.getByText('E-mail or password is wrong.')).toBeVisible()
  await app.getByLabel('Password', { exact: true }).fill(person.password)
  await app.getByRole('button', { name: 'Sign in' }).click()
  await expect(app).toHaveURL(new RegExp(`/photos/${id}$`))
  await expect(app.getByRole('dialog', { name: 'Photo' })).toBeVisible()
})

test('is told when the server is lost, and when it is back', async ({ app, context }) => {
  await signIn(app)
  await context.setOffline(true)
  await expect(app.getByText('You are offline.')).toBeVisible()
  await expectAccessible(app)
  await context.setOffline(false)
  await expect(app.getByText('You are offline.')).toBeHidden()

  // The line is there, the server is not: what cannot be loaded says so, and comes when the server is back.
  await context.route('**/api/**', (route) => route.abort('connectionrefused'))
  await app.locator('.tile').first().click()
  const viewer = app.getByRole('dialog', { name: 'Photo' })
  await expect(app.getByText('The server cannot be reached.', { exact: true })).toBeVisible()
  await expectAccessible(app)
  await screenshot(app, 'new-user-lost')
  await context.unroute('**/api/**')
  await expect(app.getByText('The server cannot be reached.', { exact: true })).toBeHidden()
  await expect(viewer.locator('.slide:not([aria-hidden=true]) img.preview.ready')).toBeVisible()
  await app.keyboard.press('Escape')

  // An upload waits for it.
  const { folder, paths } = await paintPhotos(app, CHOSEN.slice(0, 2))
  folders.push(folder)
  await context.route('**/api/**', (route) => route.abort('connectionrefused'))
  await app.locator('input[type=file]').setInputFiles(paths)
  const panel = app.getByRole('region', { name: 'Upload' })
  await expect(panel.getByRole('heading')).toHaveText('Waiting for the server')
  await expect(panel.locator('[data-state=waiting]')).toHaveCount(2)
  await context.unroute('**/api/**')
  await expect(panel.getByText('2 already there').first()).toBeVisible()
})

test('chooses language and theme, which stay, and logs out', async ({ app }) => {
  await app.goto('/')
  await app.getByRole('button', { name: 'Italiano' }).click()
  await expect(app.getByRole('heading', { name: 'Accesso' })).toBeVisible()
  await app.getByRole('button', { name: 'English' }).click()
  await expect(app.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await signIn(app)
  await app.getByRole('button', { name: 'Account of ' + person.name }).click()
  await app.getByLabel('Language').selectOption('de')
  await expect(app.getByText('Darstellung')).toBeVisible()
  await app.getByText('Dunkel').click()
  await expect(app.locator('html')).toHaveAttribute('data-theme', 'dark')
  await expectCalm(app)
  await app.reload()
  await expect(app.locator('html')).toHaveAttribute('lang', 'de-CH')
  await expect(app.locator('html')).toHaveAttribute('data-theme', 'dark')
  await app.getByRole('button', { name: 'Konto von ' + person.name }).click()
  await app.getByRole('button', { name: 'Abmelden' }).click()
  await expect(app.getByRole('heading', { name: 'Anmelden' })).toBeVisible()
  await app.goto('/photos')
  await expect(app).toHaveURL(/\/login$/)
})
