import { describe, expect, it } from 'vitest'
import { contain, swipeMeaning } from './stage'

describe('contain', () => {
  it('fits by the tighter side', () => {
    expect(contain(2, 1000, 1000)).toEqual({ width: 1000, height: 500 })
    expect(contain(0.5, 1000, 1000)).toEqual({ width: 500, height: 1000 })
    expect(contain(NaN, 300, 200)).toEqual({ width: 200, height: 200 })
  })
})

describe('swipeMeaning', () => {
  it('takes a far or a fast swipe to the side', () => {
    expect(swipeMeaning(-200, 10, 600, 390)).toBe('next')
    expect(swipeMeaning(200, -10, 600, 390)).toBe('previous')
    expect(swipeMeaning(-50, 0, 60, 390)).toBe('next')
    expect(swipeMeaning(-50, 0, 600, 390)).toBe('stay')
    expect(swipeMeaning(-5, 0, 1, 390)).toBe('stay')
  })

  it('closes by a swipe down, never up', () => {
    expect(swipeMeaning(10, 150, 400, 390)).toBe('close')
    expect(swipeMeaning(0, 60, 80, 390)).toBe('close')
    expect(swipeMeaning(0, -300, 100, 390)).toBe('stay')
  })
})
