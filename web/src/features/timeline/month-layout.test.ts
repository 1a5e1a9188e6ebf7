import { describe, expect, it } from 'vitest'
import { estimateMonth, layoutMonth, settingsFor } from './month-layout'

const settings = settingsFor(1200)

function day(name: string, ...ratios: number[]) {
  return ratios.map((ratio) => ({ day: name, ratio }))
}

describe('layoutMonth', () => {
  it('puts small days side by side and fills the width', () => {
    const layout = layoutMonth(
      [...day('2024-03-20', 1.5), ...day('2024-03-18', 1.5, 0.75), ...day('2024-03-02', 1.33)],
      settings,
    )
    expect(layout.days.map(({ y }) => y)).toEqual([settings.monthHeight, settings.monthHeight, settings.monthHeight])
    const last = layout.tiles.at(-1)!
    expect(last.x + last.width).toBeGreaterThan(settings.width - 4)
    expect(last.x + last.width).toBeLessThanOrEqual(settings.width)
  })

  it('gives a full day rows of its own', () => {
    const layout = layoutMonth([...day('2024-03-20', ...Array(20).fill(1.5)), ...day('2024-03-18', 1)], settings)
    expect(layout.days).toHaveLength(2)
    expect(layout.days[1]!.y).toBeGreaterThan(layout.days[0]!.y + 2 * settings.target)
    expect(layout.days[0]!.width).toBe(settings.width)
  })

  it('covers every picture once, in order, nothing overlapping or outside', () => {
    const pictures = Array.from({ length: 90 }, (_, index) => ({
      day: `2024-03-${String(28 - Math.floor(index / 4)).padStart(2, '0')}`,
      ratio: [1.5, 0.67, 1, 2.2][(index * 7) % 4]!,
    }))
    for (const width of [320, 390, 768, 1200, 2400]) {
      const layout = layoutMonth(pictures, settingsFor(width))
      expect(layout.tiles.map(({ index }) => index)).toEqual(pictures.map((_, index) => index))
      layout.tiles.forEach((tile, index) => {
        expect(tile.x).toBeGreaterThanOrEqual(0)
        expect(tile.x + tile.width).toBeLessThanOrEqual(width)
        expect(tile.y + tile.height).toBeLessThanOrEqual(layout.height)
        const next = layout.tiles[index + 1]
        if (next) expect(next.y > tile.y || next.x >= tile.x + tile.width).toBe(true)
      })
    }
  })

  it('gives one height to all pictures of a shared band', () => {
    const layout = layoutMonth([...day('2024-03-20', 0.4), ...day('2024-03-18', 1.5), ...day('2024-03-01', 2)], settings)
    expect(new Set(layout.tiles.map(({ height }) => height)).size).toBe(1)
  })

  it('is only the heading for an empty month', () => {
    expect(layoutMonth([], settings)).toEqual({ height: settings.monthHeight, days: [], tiles: [] })
  })
})

describe('estimateMonth', () => {
  it('is of the order of the truth', () => {
    for (const count of [30, 200, 900]) {
      const pictures = Array.from({ length: count }, (_, index) => ({
        day: `2024-03-${String(31 - Math.floor((index / count) * 30)).padStart(2, '0')}`,
        ratio: [1.5, 1.33, 0.75, 1.5][index % 4]!,
      }))
      const truth = layoutMonth(pictures, settings).height
      expect(estimateMonth(count, settings) / truth).toBeGreaterThan(0.6)
      expect(estimateMonth(count, settings) / truth).toBeLessThan(1.6)
    }
  })
})
