import { describe, expect, it } from 'vitest'
import { LayoutCache, Sheet, type SheetMonth } from './geometry'
import { settingsFor } from './month-layout'
import type { Photo } from './photo'

const settings = settingsFor(1200)

function photo(id: string, day: string, ratio = 1.5): Photo {
  return { id, ratio, day, wall: Date.parse(day), isImage: true, duration: null, thumbhash: null, uploaded: 0 }
}

function month(key: string, count: number, loaded = true): SheetMonth {
  const photos = Array.from({ length: count }, (_, index) => photo(`${key}/${index}`, key))
  return { key, count, photos: loaded ? photos : null }
}

function sheetOf(...months: SheetMonth[]): Sheet {
  return new Sheet(months, settings, new LayoutCache())
}

describe('Sheet', () => {
  it('places months below each other without a gap', () => {
    const sheet = sheetOf(month('2024-03-01', 40), month('2024-02-01', 10, false), month('2024-01-01', 5))
    sheet.months.slice(1).forEach((placed, index) => {
      expect(placed.top).toBe(sheet.months[index]!.top + sheet.months[index]!.height)
    })
    expect(sheet.height).toBe(sheet.months.at(-1)!.top + sheet.months.at(-1)!.height)
  })

  it('finds the months that touch a stretch', () => {
    const sheet = sheetOf(...Array.from({ length: 50 }, (_, index) => month(`m${100 - index}`, 10)))
    const { top, height } = sheet.months[20]!
    expect(sheet.between(top, top + 1).map((placed) => placed.month.key)).toEqual(['m80'])
    expect(sheet.between(top - 1, top + height + 1).map((placed) => placed.month.key)).toEqual(['m81', 'm80', 'm79'])
    expect(sheet.between(sheet.height, sheet.height + 100)).toEqual([])
  })

  it('keeps the picture that is looked at in place when a month above gets its true height', () => {
    const before = sheetOf(month('2024-03-01', 300, false), month('2024-02-01', 60))
    const viewTop = before.months[1]!.top + 500
    const anchor = before.anchor(viewTop, 800)!
    expect(anchor.photo).not.toBeNull()
    const after = sheetOf(month('2024-03-01', 300), month('2024-02-01', 60))
    expect(after.months[1]!.top).not.toBe(before.months[1]!.top)
    const held = after.hold(anchor)!
    expect(after.find(anchor.photo!)!.top - held).toBe(before.find(anchor.photo!)!.top - viewTop)
  })

  it('keeps it when pictures arrive above it in the same month', () => {
    const old = month('2024-03-01', 60)
    const before = sheetOf(old)
    const viewTop = 1200
    const anchor = before.anchor(viewTop, 800)!
    const arrivals = Array.from({ length: 9 }, (_, index) => photo(`new/${index}`, '2024-03-30'))
    const after = sheetOf({ ...old, photos: [...arrivals, ...old.photos!] })
    expect(after.find(anchor.photo!)!.top - after.hold(anchor)!).toBe(before.find(anchor.photo!)!.top - viewTop)
  })

  it('prefers a known picture further down to an unknown month above it', () => {
    const sheet = sheetOf(month('2024-03-01', 20, false), month('2024-02-01', 20))
    const viewTop = sheet.months[1]!.top - 300
    expect(sheet.anchor(viewTop, 800)!.month).toBe('2024-02-01')
  })

  it('keeps the part of a month where nothing is known', () => {
    const before = sheetOf(month('2024-03-01', 1000, false))
    const anchor = before.anchor(before.height / 2, 800)!
    expect(anchor.photo).toBeNull()
    const after = sheetOf(month('2024-03-01', 1000))
    expect(after.hold(anchor)).toBeCloseTo(after.height / 2)
  })

  it('falls back to the month below when the anchor is gone', () => {
    const before = sheetOf(month('2024-03-01', 4), month('2024-02-01', 4), month('2024-01-01', 4))
    const anchor = before.anchor(before.months[1]!.top, 300)!
    const after = sheetOf(month('2024-03-01', 4), month('2024-01-01', 4))
    expect(after.hold(anchor)).toBe(after.months[1]!.top)
    expect(sheetOf().hold(anchor)).toBeNull()
  })

  it('walks by arrow keys, across months', () => {
    const sheet = sheetOf(month('2024-03-01', 8), month('2024-02-01', 8))
    expect(sheet.step('2024-03-01/0', 'right')).toBe('2024-03-01/1')
    expect(sheet.step('2024-03-01/7', 'right')).toBe('2024-02-01/0')
    expect(sheet.step('2024-02-01/0', 'left')).toBe('2024-03-01/7')
    expect(sheet.step('2024-03-01/0', 'left')).toBeNull()
    expect(sheet.step('2024-03-01/0', 'up')).toBeNull()
    const below = sheet.step('2024-03-01/0', 'down')!
    expect(sheet.find(below)!.top).toBeGreaterThan(sheet.find('2024-03-01/0')!.top)
    expect(sheet.find(below)!.tile.x).toBe(0)
    expect(sheet.step(below, 'up')).toBe('2024-03-01/0')
  })

  it('stops at a month that is not loaded', () => {
    const sheet = sheetOf(month('2024-03-01', 2), month('2024-02-01', 8, false), month('2024-01-01', 1))
    expect(sheet.step('2024-03-01/1', 'right')).toBeNull()
    expect(sheet.step('unknown', 'right')).toBeNull()
  })

  it('lays out a month once, and again when the grid changes', () => {
    const cache = new LayoutCache()
    const { photos } = month('2024-03-01', 30)
    expect(cache.layout(photos!, settings)).toBe(cache.layout(photos!, settings))
    expect(cache.layout(photos!, settingsFor(390)).height).not.toBe(cache.layout(photos!, settings).height)
  })
})
