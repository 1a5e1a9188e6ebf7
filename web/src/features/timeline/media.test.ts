import { describe, expect, it } from 'vitest'
import { needsPreview, retryDelay } from './media'

describe('needsPreview', () => {
  it('takes the small rendering for the grid of a common screen', () => {
    expect(needsPreview(324, 1, 375)).toBe(false)
    expect(needsPreview(190, 3, 375)).toBe(false)
  })

  it('takes the preview where the small one would be soft', () => {
    expect(needsPreview(324, 2, 375)).toBe(true)
    expect(needsPreview(700, 1, 375)).toBe(true)
  })
})

describe('retryDelay', () => {
  it('grows, and ends', () => {
    const delays: number[] = []
    for (let attempt = 0; ; attempt++) {
      const delay = retryDelay(attempt, { thumbhash: null, uploaded: Date.now() })
      if (delay === null) break
      delays.push(delay)
    }
    expect(delays).toEqual([...delays].sort((a, b) => a - b))
    expect(delays.reduce((a, b) => a + b)).toBeGreaterThan(30_000)
  })

  it('is for pictures that are in preparation, or were made and did not arrive', () => {
    const hourAgo = Date.now() - 3_600_000
    expect(retryDelay(0, { thumbhash: null, uploaded: hourAgo })).toBeNull()
    expect(retryDelay(0, { thumbhash: 'x', uploaded: hourAgo })).not.toBeNull()
  })
})
