// Justified rows: pictures of different shape fill each row from edge to edge, all at one height a row. The row breaks
// are the shortest path over all possible breaks (cost: how far a row's height is from the wished one), so that no row
// pays for a greedy choice of the row before it. Pure; O(n * pictures a row).

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

export interface RowSettings {
  width: number
  target: number // the wished height of a row
  gap: number
}

export const GROWTH = 1.4 // a row that cannot be filled otherwise may be this much taller than wished
const FLATTEST = 0.3 // portrait strips and panoramas beyond these are cropped in the grid
const WIDEST = 4

export function tileRatio(ratio: number): number {
  return Number.isFinite(ratio) && ratio > 0 ? Math.min(WIDEST, Math.max(FLATTEST, ratio)) : 1
}

// Boxes in the order of `ratios`, whole pixels, y from 0; full rows end at exactly `width`.
export function justify(ratios: readonly number[], settings: RowSettings): Box[] {
  const boxes: Box[] = []
  const ends = breakRows(ratios, settings)
  let y = 0
  let first = 0
  for (const end of ends) {
    const row = ratios.slice(first, end)
    const height = rowHeight(row, settings, end === ratios.length)
    boxes.push(...placeRow(row, height, y, settings))
    y += height + settings.gap
    first = end
  }
  return boxes
}

// A row filled from edge to edge; the last one stays at the wished height where it would have to grow beyond it.
function rowHeight(row: readonly number[], { width, target, gap }: RowSettings, last: boolean): number {
  const filled = filledHeight(sum(row), row.length, width, gap)
  return Math.round(last && filled > target * GROWTH ? target : filled)
}

// One row at a given height; stretched by the rounding's few pixels where it is meant to fill `width`.
export function placeRow(
  row: readonly number[],
  height: number,
  y: number,
  { width, gap }: Pick<RowSettings, 'width' | 'gap'>,
): Box[] {
  const exact = sum(row) * height + gap * (row.length - 1)
  const full = Math.abs(exact - width) <= row.length + sum(row)
  const stretch = full ? (width - gap * (row.length - 1)) / (sum(row) * height) : 1
  let edge = 0
  return row.map((ratio, index) => {
    const x = Math.round(edge)
    edge += ratio * height * stretch
    const end = full && index === row.length - 1 ? width : Math.round(edge)
    edge += gap
    return { x, y, width: Math.max(1, end - x), height }
  })
}

// The index after the last picture of each row.
export function breakRows(ratios: readonly number[], { width, target, gap }: RowSettings): number[] {
  const count = ratios.length
  const cost = new Float64Array(count + 1).fill(Infinity)
  const from = new Int32Array(count + 1)
  cost[0] = 0
  for (let start = 0; start < count; start++) {
    let total = 0
    for (let end = start + 1; end <= count; end++) {
      total += ratios[end - 1]!
      const height = filledHeight(total, end - start, width, gap)
      if (height < target / 2 && end > start + 1) break
      const price = cost[start]! + (end === count ? lastRowCost(height, target) : rowCost(height, target))
      if (price < cost[end]!) {
        cost[end] = price
        from[end] = start
      }
    }
  }
  const ends: number[] = []
  for (let end = count; end > 0; end = from[end]!) ends.push(end)
  return ends.reverse()
}

function rowCost(height: number, target: number): number {
  const distance = Math.log(Math.max(height, 1) / target)
  return distance * distance
}

// An unfilled last row is cheap, and cheaper the fuller it is.
function lastRowCost(height: number, target: number): number {
  if (height <= target * GROWTH) return rowCost(height, target)
  const empty = 1 - target / height
  return 0.02 + 0.1 * empty * empty
}

function filledHeight(total: number, count: number, width: number, gap: number): number {
  return (width - gap * (count - 1)) / total
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
