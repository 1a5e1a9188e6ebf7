// A picture as the timeline knows it, made from a bucket's parallel arrays.
import type { TimeBucketAssetResponseDto } from '../../lib/api/client'

export interface Photo {
  id: string
  ratio: number // width / height; 1 while unknown
  day: string // "2024-03-12", by the clock where it was taken
  wall: number // that clock as UTC milliseconds
  isImage: boolean
  duration: number | null // milliseconds
  thumbhash: string | null // base64; null until the derivatives are made
  uploaded: number // UTC milliseconds; says how long derivatives may still be on their way
}

export function photosOf(bucket: TimeBucketAssetResponseDto): Photo[] {
  return bucket.id.map((id, index) => {
    const wall = Date.parse(bucket.fileCreatedAt[index]!) + bucket.localOffsetHours[index]! * 3_600_000
    return {
      id,
      ratio: bucket.ratio[index]!,
      day: new Date(wall).toISOString().slice(0, 10),
      wall,
      isImage: bucket.isImage[index]!,
      duration: bucket.duration[index] ?? null,
      thumbhash: bucket.thumbhash[index] ?? null,
      uploaded: Date.parse(bucket.createdAt[index]!),
    }
  })
}

// "2024-03-01" for a picture of that month: the key of its bucket.
export function monthOf(wallTime: string): string {
  return wallTime.slice(0, 7) + '-01'
}
