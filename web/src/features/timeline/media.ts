// Addresses of a picture's renderings, and which of them a tile needs.
const ENLARGEMENT = 1.7

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

// How long to wait before the n-th new try for a rendering that is not made yet; null: give up.
export function retryDelay(attempt: number): number | null {
  const delays = [1_000, 1_500, 2_500, 4_000, 6_000, 10_000, 15_000, 20_000]
  return delays[attempt] ?? null
}
