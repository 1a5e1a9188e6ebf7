// Addresses of a picture's renderings, and which of them a tile needs.
import type { Photo } from './photo'

const ENLARGEMENT = 1.7
const PREPARATION_MS = 15 * 60_000 // a long first upload is prepared within this, or its pictures wait for a reload

export function thumbnailUrl(id: string): string {
  return `/api/assets/${id}/thumbnail?size=thumbnail`
}

export function previewUrl(id: string): string {
  return `/api/assets/${id}/thumbnail?size=preview`
}

export function originalUrl(id: string): string {
  return `/api/assets/${id}/original`
}

// The small rendering may be enlarged a little before anybody sees it; beyond that the preview is worth its bytes.
// Widths: of the tile in CSS pixels, of the small rendering in its own.
export function needsPreview(tileWidth: number, pixelRatio: number, thumbnailWidth: number): boolean {
  return tileWidth * pixelRatio > thumbnailWidth * ENLARGEMENT
}

// How long to wait before the n-th new try for a rendering that is not made yet; null: give up. What was uploaded long
// ago and has no placeholder will have no rendering either (a damaged file, a format without preview): asked for once.
export function retryDelay(attempt: number, photo: Pick<Photo, 'thumbhash' | 'uploaded'>): number | null {
  if (!photo.thumbhash && Date.now() - photo.uploaded > PREPARATION_MS) return null
  const delays = [1_000, 1_500, 2_500, 4_000, 6_000, 10_000, 15_000, 20_000]
  return delays[attempt] ?? null
}
