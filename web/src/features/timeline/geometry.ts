// The timeline as one tall sheet: months one below the other, known ones laid out, unknown ones estimated. Answers what
// stands at a height, where a picture stands, and keeps what a person looks at in its place when the sheet changes.
import { estimateMonth, layoutMonth, type GridSettings, type MonthLayout, type Tile } from './month-layout'
import type { Photo } from './photo'

export interface SheetMonth {
  key: string
  count: number
  photos: readonly Photo[] | null // null: not loaded
}

export interface PlacedMonth {
  month: SheetMonth
  top: number
  height: number
  layout: MonthLayout | null
}

// What stays where it is: a picture, or a part of a month where none is known; offset is its distance from the top edge
// of the view.
export interface Anchor {
  month: string
  photo: string | null
  offset: number
  part: number // how far down the month, 0 to 1; used when there is no picture
}

export class Sheet {
  readonly months: readonly PlacedMonth[]
  readonly height: number
  #place = new Map<string, { placed: PlacedMonth; tile: Tile }>()

  constructor(
    months: readonly SheetMonth[],
    readonly settings: GridSettings,
    cache: LayoutCache,
  ) {
    let top = 0
    this.months = months.map((month) => {
      const layout = month.photos && cache.layout(month.photos, settings)
      const height = layout?.height ?? estimateMonth(month.count, settings)
      const placed = { month, top, height, layout }
      if (layout) for (const tile of layout.tiles) this.#place.set(month.photos![tile.index]!.id, { placed, tile })
      top += height
      return placed
    })
    this.height = top
  }

  // Months that touch [from, to), top first.
  between(from: number, to: number): PlacedMonth[] {
    const first = this.#firstEndingAfter(from)
    const found: PlacedMonth[] = []
    for (let index = first; index < this.months.length && this.months[index]!.top < to; index++)
      found.push(this.months[index]!)
    return found
  }

  // A picture's box on the sheet; null where it is not loaded.
  find(id: string): { top: number; tile: Tile; month: PlacedMonth } | null {
    const place = this.#place.get(id)
    return place ? { top: place.placed.top + place.tile.y, tile: place.tile, month: place.placed } : null
  }

  // The topmost known picture at or below the top edge of the view (a person looks at pictures, not at gaps), else the
  // part of the month there.
  anchor(viewTop: number, viewHeight: number): Anchor | null {
    const visible = this.between(viewTop, viewTop + viewHeight)
    for (const placed of visible) {
      const tile = placed.layout?.tiles.find((one) => placed.top + one.y >= viewTop)
      if (tile && placed.top + tile.y < viewTop + viewHeight) {
        const photo = placed.month.photos![tile.index]!.id
        return { month: placed.month.key, photo, offset: placed.top + tile.y - viewTop, part: 0 }
      }
    }
    const placed = visible[0]
    if (!placed) return null
    return { month: placed.month.key, photo: null, offset: 0, part: (viewTop - placed.top) / placed.height }
  }

  // Where the top edge of the view has to be for the anchor to stay; null where nothing of it is left.
  hold(anchor: Anchor): number | null {
    if (anchor.photo) {
      const place = this.find(anchor.photo)
      if (place) return place.top - anchor.offset
    }
    const placed = this.months.find(({ month }) => month.key <= anchor.month)
    if (!placed) return null
    return placed.month.key === anchor.month ? placed.top + anchor.part * placed.height : placed.top
  }

  // The picture that an arrow key goes to; null at the ends of what is loaded.
  step(id: string, direction: 'left' | 'right' | 'up' | 'down'): string | null {
    const place = this.#place.get(id)
    if (!place) return null
    const back = direction === 'left' || direction === 'up'
    const from = { x: place.tile.x + place.tile.width / 2, top: place.placed.top + place.tile.y }
    let best: { id: string; top: number; distance: number } | null = null
    for (const { id: other, tile, top } of this.#walk(place.placed, place.tile.index, back ? -1 : 1)) {
      if (direction === 'left' || direction === 'right') return other
      if (top === from.top) continue
      if (best && top !== best.top) break
      const distance = Math.abs(tile.x + tile.width / 2 - from.x)
      if (!best || distance < best.distance) best = { id: other, top, distance }
    }
    return best?.id ?? null
  }

  // The pictures after (or before) one, in reading order, as far as they are loaded without a gap.
  *#walk(start: PlacedMonth, index: number, step: 1 | -1): Generator<{ id: string; tile: Tile; top: number }> {
    let position = index + step
    for (let at = this.months.indexOf(start); this.months[at]?.layout; at += step) {
      const { month, layout, top } = this.months[at]!
      if (month !== start.month) position = step === 1 ? 0 : layout!.tiles.length - 1
      for (; layout!.tiles[position]; position += step) {
        const tile = layout!.tiles[position]!
        yield { id: month.photos![tile.index]!.id, tile, top: top + tile.y }
      }
    }
  }

  #firstEndingAfter(y: number): number {
    let low = 0
    let high = this.months.length
    while (low < high) {
      const middle = (low + high) >> 1
      const { top, height } = this.months[middle]!
      if (top + height > y) high = middle
      else low = middle + 1
    }
    return low
  }
}

// Laying out a month again is needed only when its pictures or the grid changed.
export class LayoutCache {
  #settings: GridSettings | undefined
  #layouts = new WeakMap<readonly Photo[], MonthLayout>()

  layout(photos: readonly Photo[], settings: GridSettings): MonthLayout {
    if (this.#settings !== settings) {
      this.#settings = settings
      this.#layouts = new WeakMap()
    }
    let layout = this.#layouts.get(photos)
    if (!layout) this.#layouts.set(photos, (layout = layoutMonth(photos, settings)))
    return layout
  }
}

