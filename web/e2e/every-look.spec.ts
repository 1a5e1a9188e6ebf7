// Every room in one size, theme and language: nothing moves, axe finds nothing, and a picture to look at.
import { expect, type Page } from '@playwright/test'
import { createHash } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expectAccessible, expectPictures, person, screenshot, signIn, test } from './app'
import { CHOSEN, paintPhotos } from './pictures'

const folders: string[] = []

test.afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

test('the rooms', async ({ app }, { project }) => {
  const phone = project.name.startsWith('phone')
  await app.goto('/')
  await expect(app.locator('form')).toBeVisible()
  await expectAccessible(app)
  if (phone) await expectTargets(app)
  await screenshot(app, `${project.name}-login`)
  await app.locator('input[autocomplete=username]').fill(person.email)
  await app.locator('input[autocomplete=current-password]').fill('not the password')
  await app.locator('button[type=submit]').click()
  await expect(app.locator('input[aria-invalid=true]')).toBeFocused()
  await expectAccessible(app)
  await screenshot(app, `${project.name}-wrong`)

  await signIn(app)
  await expectPictures(app, 5)
  await expectAccessible(app)
  if (phone) await expectTargets(app)
  await screenshot(app, `${project.name}-timeline`)
  expect(await app.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)

  await app.locator('header button[popovertarget]').click()
  await expect(app.locator('[popover]')).toBeVisible()
  await expectAccessible(app)
  if (phone) await expectTargets(app)
  await screenshot(app, `${project.name}-menu`)
  await app.keyboard.press('Escape')
  await expect(app.locator('[popover]')).toBeHidden()

  // A duplicate, what is no picture, and what the server refuses: no new photo.
  const { folder, paths } = await paintPhotos(app, CHOSEN.slice(0, 1))
  folders.push(folder)
  await writeFile(join(folder, 'notes.txt'), 'no picture')
  const damaged = ['IMG_0009.jpg', 'IMG_0010.jpg'].map((name) => join(folder, name))
  for (const path of damaged) await writeFile(path, 'refused')
  const checksum = createHash('sha1').update('refused').digest('hex')
  await app.route('**/api/assets', (route) =>
    route.request().headers()['x-immich-checksum'] === checksum
      ? route.fulfill({ status: 400, json: { message: 'File is damaged', statusCode: 400 } })
      : route.continue(),
  )
  await app.locator('input[type=file]').setInputFiles([...paths, join(folder, 'notes.txt'), ...damaged])
  for (const [state, count] of [['duplicate', 1], ['unsupported', 1], ['failed', 2]] as const)
    await expect(app.locator(`[data-state=${state}]`)).toHaveCount(count)
  await expectAccessible(app)
  if (phone) await expectTargets(app)
  await screenshot(app, `${project.name}-upload`)
  await app.locator('.panel header button').last().click()
  await expect(app.locator('.panel')).toBeHidden()

  await app.locator('.tile').first().click()
  await expect(app.locator('.slide:not([aria-hidden=true]) img.preview.ready')).toBeVisible()
  await expectAccessible(app)
  if (phone) await expectTargets(app)
  await screenshot(app, `${project.name}-viewer`)
  await app.keyboard.press('i')
  await expect(app.locator('aside dl')).toBeVisible()
  await expectAccessible(app)
  if (phone) await expectTargets(app)
  await screenshot(app, `${project.name}-details`)
  await app.keyboard.press('i')

  if (phone) {
    const before = app.url()
    await swipe(app, -220)
    await expect(app).not.toHaveURL(before)
    await swipe(app, 220)
    await expect(app).toHaveURL(before)
  }
  await app.goBack()
  await expect(app.locator('.tile').first()).toBeFocused()
})

// Whoever hits with a finger needs 44 pixels each way.
async function expectTargets(page: Page): Promise<void> {
  const small = await page.locator('button, a, select, input').evaluateAll((targets) =>
    targets
      .filter((target) => target.checkVisibility({ opacityProperty: true }) && !target.closest('[inert]'))
      .filter((target) => !target.classList.contains('tile'))
      .filter((target) => {
        const { width, height } = (target.closest('label') ?? target).getBoundingClientRect()
        return width < 44 || height < 44
      })
      .map((target) => target.outerHTML.slice(0, 120)),
  )
  expect(small).toEqual([])
}

// A finger from the middle of the screen, `by` pixels to the side.
async function swipe(page: Page, by: number): Promise<void> {
  const browser = await page.context().newCDPSession(page)
  const { width, height } = page.viewportSize()!
  const point = (part: number) => [{ x: width / 2 + by * (part - 0.5), y: height / 2 }]
  await browser.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: point(0) })
  for (let part = 0.1; part <= 1; part += 0.1)
    await browser.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: point(part) })
  await browser.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
}
