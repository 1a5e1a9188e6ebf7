import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { connection } from '../../lib/connection.svelte'
import * as client from '../../lib/api/client'
import { Rendering } from './rendering.svelte'

vi.mock('../../lib/api/client', async (original) => ({ ...(await original<typeof client>()), pingServer: vi.fn() }))

describe('Rendering', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('asks again for a picture that is being prepared', () => {
    const rendering = new Rendering(() => ({ thumbhash: null, uploaded: Date.now() }))
    rendering.failed()
    expect(rendering.shown).toBe('preparing')
    vi.advanceTimersByTime(1_000)
    expect(rendering.attempt).toBe(1)
    rendering.loaded()
    expect(rendering.shown).toBe('picture')
    rendering.end()
  })

  it('gives up at once on what was uploaded long ago and has no picture', () => {
    const rendering = new Rendering(() => ({ thumbhash: null, uploaded: Date.now() - 3_600_000 }))
    rendering.failed()
    expect(rendering.shown).toBe('none')
    vi.advanceTimersByTime(60_000)
    expect(rendering.attempt).toBe(0)
    rendering.end()
  })

  it('tries again when the server is back', async () => {
    const rendering = new Rendering(() => ({ thumbhash: 'x', uploaded: 0 }))
    for (let tries = 0; rendering.shown !== 'none'; tries++) {
      rendering.failed()
      expect(tries).toBeLessThan(20)
    }
    const { attempt } = rendering
    connection.reportLost()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(connection.lost).toBe(false)
    expect(rendering.shown).toBe('placeholder')
    expect(rendering.attempt).toBe(attempt + 1)
    rendering.end()
  })
})
