// What the specs share: the person, the doors, and watching for what must never happen.
import { expect, test as base, type Page } from '@playwright/test'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

export const person = { name: 'Anna Keller', email: 'anna@example.ch', password: 'edelweiss-46' }

interface Watched {
  shift: number
  shifted: string[]
  violations: string[]
}

declare global {
  interface Window {
    watched: Watched
    axe: { run(context: Document, options: object): Promise<{ violations: AxeViolation[] }> }
  }
}

interface AxeViolation {
  id: string
  nodes: { html: string; failureSummary: string }[]
}

// A page that fails its test when something moved by itself, the content security policy was hurt, or a script broke.
export const test = base.extend<{ app: Page }>({
  app: async ({ page, baseURL: _ }, use) => {
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.stack ?? error.message))
    await page.addInitScript(watch)
    await use(page)
    expect(errors).toEqual([])
    await expectCalm(page)
  },
  baseURL: async ({}, use) => use(process.env.SWISSPHOTO_URL),
})

// Runs in the page. Layout shifts within 500 ms of an input are the person's own (that is how the metric counts).
function watch() {
  const watched: Watched = (window.watched = { shift: 0, shifted: [], violations: [] })
  document.addEventListener('securitypolicyviolation', (event) => {
    watched.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`)
  })
  type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean; sources: { node: Node | null }[] }
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries() as Shift[]) {
      if (shift.hadRecentInput) continue
      watched.shift += shift.value
      watched.shifted.push(
        ...shift.sources.map(({ node }) => (node instanceof Element ? node.outerHTML.slice(0, 160) : String(node))),
      )
    }
  }).observe({ type: 'layout-shift', buffered: true })
}

export async function expectCalm(page: Page): Promise<void> {
  const { shift, shifted, violations } = await page.evaluate(() => window.watched)
  expect(violations, 'content security policy').toEqual([])
  expect({ shift, shifted }, 'cumulative layout shift').toEqual({ shift: 0, shifted: [] })
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export async function expectAccessible(page: Page): Promise<void> {
  await expectStill(page) // a colour half-way has no contrast
  await page.evaluate(axeSource)
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => [html, failureSummary])])).toEqual([])
}

export async function signIn(page: Page, address = '/'): Promise<void> {
  await page.goto(address)
  await page.locator('input[autocomplete=username]').fill(person.email)
  await page.locator('input[autocomplete=current-password]').fill(person.password)
  await page.locator('button[type=submit]').click()
  await expect(page.locator('.tile').first()).toBeVisible()
}

// Every tile in the document shows its picture, not only its placeholder.
export async function expectPictures(page: Page, atLeast: number): Promise<void> {
  await expect
    .poll(() => page.locator('.tile img.ready').evaluateAll((images: HTMLImageElement[]) => images.filter((image) => image.naturalWidth > 1).length), {
      timeout: 60_000,
    })
    .toBeGreaterThanOrEqual(atLeast)
}

// Fades and glides have ended; what turns for ever (a spinner) may.
export async function expectStill(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(({ playState, effect }) => playState !== 'running' || effect?.getComputedTiming().iterations === Infinity),
  )
}

export async function screenshot(page: Page, name: string): Promise<void> {
  await expectStill(page)
  await page.screenshot({ path: `e2e/screenshots/${name}.png` })
}
