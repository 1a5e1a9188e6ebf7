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
      const delay = retryDelay(attempt)
      if (delay === null) break
      delays.push(delay)
    }
    expect(delays).toEqual([...delays].sort((a, b) => a - b))
    expect(delays.reduce((a, b) => a + b)).toBeGreaterThan(30_000)
  })
})
