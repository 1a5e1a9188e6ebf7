// Where everything of one month stands: its heading, its days' headings, its pictures. Days whose pictures do not fill a
// row share a band with their neighbours, so that a quiet month is no column of half-empty rows. Pure.
import { GROWTH, justify, placeRow, tileRatio, type Box } from './justified'

export interface GridSettings {
  width: number
  target: number // wished height of a row
  gap: number // between pictures
  dayGap: number // between days side by side
  dayHeight: number // a day's heading
  monthHeight: number // the month's heading
  bandGap: number // below the pictures of a day
}

export interface Tile extends Box {
  index: number // in the month's pictures
}

export interface DayHeading {
  day: string // "2024-03-12"
  first: number // index of its first picture
  count: number
  x: number
  y: number
  width: number
}

export interface MonthLayout {
  height: number
  days: DayHeading[]
  tiles: Tile[] // in reading order: y never falls
}

interface Day {
  day: string
  first: number
  ratios: number[]
}

const NARROWEST_DAY = 104 // a heading needs this much
const SHRINK = 0.8 // days side by side may be this much lower than the wished height

export function settingsFor(width: number): GridSettings {
  if (width < 600) return { width, target: 128, gap: 2, dayGap: 8, dayHeight: 36, monthHeight: 60, bandGap: 12 }
  if (width < 1100) return { width, target: 184, gap: 4, dayGap: 12, dayHeight: 40, monthHeight: 76, bandGap: 16 }
  const target = width < 1900 ? 216 : 264
  return { width, target, gap: 4, dayGap: 16, dayHeight: 40, monthHeight: 84, bandGap: 20 }
}

export function layoutMonth(pictures: readonly { ratio: number; day: string }[], settings: GridSettings): MonthLayout {
  const layout: MonthLayout = { height: settings.monthHeight, days: [], tiles: [] }
  for (const band of packBands(groupDays(pictures), settings)) placeBand(layout, band, settings)
  return layout
}

// What a month that is not loaded takes up, from its count alone; replaced by the truth when it comes.
export function estimateMonth(count: number, settings: GridSettings): number {
  const perRow = Math.max(1, settings.width / (settings.target * 1.3))
  const rows = Math.ceil(count / perRow)
  const bands = Math.min(rows, Math.ceil(count / 8))
  return (
    settings.monthHeight + rows * (settings.target + settings.gap) + bands * (settings.dayHeight + settings.bandGap)
  )
}

function groupDays(pictures: readonly { ratio: number; day: string }[]): Day[] {
  const days: Day[] = []
  pictures.forEach(({ ratio, day }, index) => {
    if (days.at(-1)?.day !== day) days.push({ day, first: index, ratios: [] })
    days.at(-1)!.ratios.push(tileRatio(ratio))
  })
  return days
}

// Consecutive days stand side by side as long as they fit, a little smaller if need be.
function packBands(days: readonly Day[], settings: GridSettings): Day[][] {
  const bands: Day[][] = []
  const smallest = Math.ceil(settings.target * SHRINK)
  for (const day of days) {
    const band = bands.at(-1)
    if (band && bandWidth([...band, day], settings, smallest) <= settings.width) band.push(day)
    else bands.push([day])
  }
  return bands
}

function placeBand(layout: MonthLayout, band: readonly Day[], settings: GridSettings): void {
  const top = layout.height
  const tilesTop = top + settings.dayHeight
  const single = band.length === 1
  const target = single ? settings.target : sharedHeight(band, settings)
  const spread = single ? 0 : gapRest(band, settings, target)
  let edge = 0
  let bottom = tilesTop
  for (const day of band) {
    const x = Math.round(edge)
    const width = single ? settings.width : naturalWidth(day, settings, target)
    const boxes = single
      ? justify(day.ratios, { width, target, gap: settings.gap })
      : placeRow(day.ratios, target, 0, { width, gap: settings.gap })
    layout.days.push({ day: day.day, first: day.first, count: day.ratios.length, x, y: top, width })
    boxes.forEach((box, index) => {
      layout.tiles.push({ ...box, x: x + box.x, y: tilesTop + box.y, index: day.first + index })
      bottom = Math.max(bottom, tilesTop + box.y + box.height)
    })
    edge += width + settings.dayGap + spread
  }
  layout.height = bottom + settings.bandGap
}

// The height at which days side by side fill the width; the wished one where that would be too tall.
function sharedHeight(band: readonly Day[], settings: GridSettings): number {
  let low = Math.ceil(settings.target * SHRINK)
  let high = Math.floor(settings.target * GROWTH)
  if (bandWidth(band, settings, high) < settings.width) return settings.target
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (bandWidth(band, settings, middle) <= settings.width) low = middle
    else high = middle - 1
  }
  return low
}

// Rounding leaves a few pixels at the right edge: the gaps between the days take them.
function gapRest(band: readonly Day[], settings: GridSettings, height: number): number {
  const rest = settings.width - bandWidth(band, settings, height)
  return rest < band.length * 8 ? rest / (band.length - 1) : 0
}

function bandWidth(band: readonly Day[], settings: GridSettings, height: number): number {
  const gaps = settings.dayGap * (band.length - 1)
  return band.reduce((total, day) => total + naturalWidth(day, settings, height), gaps)
}

function naturalWidth(day: Day, settings: GridSettings, height: number): number {
  const pictures = day.ratios.reduce((total, ratio) => total + ratio * height, 0)
  return Math.max(NARROWEST_DAY, Math.ceil(pictures + settings.gap * (day.ratios.length - 1)))
}
