import { describe, expect, it } from 'vitest'
import { breakRows, GROWTH, justify, tileRatio, type Box, type RowSettings } from './justified'

const settings: RowSettings = { width: 1000, target: 200, gap: 4 }

// The same "random" ratios at every run.
function ratios(count: number, seed = 1): number[] {
  let state = seed
  return Array.from({ length: count }, () => {
    state = (state * 16_807) % 2_147_483_647
    return [0.67, 0.75, 1, 1.33, 1.5, 1.78, 3][state % 7]!
  })
}

function rowsOf(boxes: Box[]): Box[][] {
  const rows = new Map<number, Box[]>()
  for (const box of boxes) rows.set(box.y, [...(rows.get(box.y) ?? []), box])
  return [...rows.values()]
}

describe('justify', () => {
  it('gives one box a picture, in order, on whole pixels', () => {
    const boxes = justify(ratios(57), settings)
    expect(boxes).toHaveLength(57)
    for (const box of boxes)
      for (const value of [box.x, box.y, box.width, box.height]) expect(Number.isInteger(value)).toBe(true)
  })

  it('fills every row but the last from edge to edge, with exact gaps', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const rows = rowsOf(justify(ratios(80, seed), settings))
      for (const row of rows.slice(0, -1)) {
        expect(row[0]!.x).toBe(0)
        expect(row.at(-1)!.x + row.at(-1)!.width).toBe(settings.width)
      }
      for (const row of rows)
        row.slice(1).forEach((box, index) => {
          const gap = box.x - (row[index]!.x + row[index]!.width)
          expect(gap).toBeGreaterThanOrEqual(settings.gap - 1)
          expect(gap).toBeLessThanOrEqual(settings.gap + 1)
        })
    }
  })

  it('stacks rows with the gap between them', () => {
    const rows = rowsOf(justify(ratios(40), settings))
    rows.slice(1).forEach((row, index) => {
      expect(row[0]!.y).toBe(rows[index]![0]!.y + rows[index]![0]!.height + settings.gap)
    })
  })

  it('keeps heights near the wished one', () => {
    for (const row of rowsOf(justify(ratios(200, 5), settings)).slice(0, -1)) {
      expect(row[0]!.height).toBeGreaterThan(settings.target * 0.6)
      expect(row[0]!.height).toBeLessThan(settings.target * 1.5)
    }
  })

  it('keeps the shape of each picture', () => {
    const shapes = ratios(60, 9)
    justify(shapes, settings).forEach((box, index) => {
      expect(Math.abs(box.width - shapes[index]! * box.height)).toBeLessThan(4)
    })
  })

  it('leaves a lone picture at the wished height', () => {
    expect(justify([1.5], settings)).toEqual([{ x: 0, y: 0, width: 300, height: 200 }])
  })

  it('lets a last row grow to fill the width, but not beyond bounds', () => {
    const nearlyFull = justify([1.9, 1.9], settings)
    expect(nearlyFull[1]!.x + nearlyFull[1]!.width).toBe(1000)
    expect(nearlyFull[0]!.height).toBeLessThanOrEqual(settings.target * GROWTH)
    expect(justify([1, 1], settings)[0]!.height).toBe(200)
  })

  it('gives a panorama a row of its own that fits', () => {
    expect(justify([4], { width: 390, target: 128, gap: 2 })).toEqual([{ x: 0, y: 0, width: 390, height: 98 }])
  })

  it('has nothing to do for no pictures', () => {
    expect(justify([], settings)).toEqual([])
  })

  it('pays the least over all rows, not row by row', () => {
    const price = (ends: number[], shapes: number[]) => {
      let first = 0
      return ends.slice(0, -1).reduce((total, end) => {
        const sum = shapes.slice(first, end).reduce((a, b) => a + b, 0)
        const height = (settings.width - settings.gap * (end - first - 1)) / sum
        first = end
        return total + Math.log(height / settings.target) ** 2
      }, 0)
    }
    const shapes = ratios(120, 3)
    expect(price(breakRows(shapes, settings), shapes)).toBeLessThan(price(greedy(shapes), shapes))
  })
})

// What one gets by filling row after row.
function greedy(shapes: number[]): number[] {
  const ends: number[] = []
  let sum = 0
  shapes.forEach((shape, index) => {
    sum += shape
    if (settings.width / sum > settings.target) return
    ends.push(index + 1)
    sum = 0
  })
  if (ends.at(-1) !== shapes.length) ends.push(shapes.length)
  return ends
}

describe('tileRatio', () => {
  it('bounds what no grid could show', () => {
    expect(tileRatio(20)).toBe(4)
    expect(tileRatio(0.01)).toBe(0.3)
    expect(tileRatio(1.5)).toBe(1.5)
  })

  it('takes a square for what is no ratio', () => {
    for (const ratio of [0, -1, NaN, Infinity]) expect(tileRatio(ratio)).toBe(1)
  })
})
