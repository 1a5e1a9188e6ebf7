// The arithmetic of the stage: how a picture fits, and what a finger meant.

export function contain(ratio: number, width: number, height: number): { width: number; height: number } {
  const shape = Number.isFinite(ratio) && ratio > 0 ? ratio : 1
  return width / height > shape
    ? { width: Math.round(height * shape), height }
    : { width, height: Math.round(width / shape) }
}

export type SwipeMeaning = 'previous' | 'next' | 'close' | 'stay'

const FAR = 0.28 // of the stage
const FAST = 0.45 // pixels a millisecond

// A finger was lifted after moving (dx, dy) pixels in `milliseconds`.
export function swipeMeaning(dx: number, dy: number, milliseconds: number, width: number): SwipeMeaning {
  const speed = Math.max(Math.abs(dx), Math.abs(dy)) / Math.max(1, milliseconds)
  if (Math.abs(dx) >= Math.abs(dy)) {
    if (Math.abs(dx) < 12 || (Math.abs(dx) < width * FAR && speed < FAST)) return 'stay'
    return dx > 0 ? 'previous' : 'next'
  }
  return dy > 90 || (dy > 40 && speed >= FAST) ? 'close' : 'stay'
}
