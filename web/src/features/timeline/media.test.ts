import { describe, expect, it } from 'vitest'
import { needsPreview, retryDelay } from './media'

describe('needsPreview', () => {
  it('takes the small rendering for the grid of a common screen', () => {
    expect(needsPreview(324, 216, 1)).toBe(false)
    expect(needsPreview(190, 128, 3)).toBe(false)
  })

  it('takes the preview where the small one would be soft', () => {
    expect(needsPreview(324, 216, 2)).toBe(true)
    expect(needsPreview(700, 460, 1)).toBe(true)
  })
})

describe('retryDelay', () => {
  it('grows, and ends', () => {
    const delays: number[] = []
    for (let attempt = 0; ; attempt++) {
      const delay = retryDelay(attempt)
      if (delay === null) break
      delays.push(delay)
    }
    expect(delays).toEqual([...delays].sort((a, b) => a - b))
    expect(delays.reduce((a, b) => a + b)).toBeGreaterThan(30_000)
  })
})
