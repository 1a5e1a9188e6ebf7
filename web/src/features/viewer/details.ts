// The words of the info panel, from an asset's metadata. Absent facts give null: the panel leaves them out.
import type { AssetResponseDto, ExifResponseDto } from '../../lib/api/client'
import type { Format } from '../../lib/i18n/format'

export function cameraName(exif: ExifResponseDto): string | null {
  const make = exif.make?.trim() ?? ''
  const model = exif.model?.trim() ?? ''
  if (!make || model.toLowerCase().startsWith(make.toLowerCase())) return model || null
  return `${make} ${model}`.trim()
}

// "ƒ/1.8 · 1/125 s · 5.7 mm · ISO 64"
export function exposure(exif: ExifResponseDto, format: Format): string | null {
  const parts = [
    exif.fNumber ? 'ƒ/' + format.number(exif.fNumber, 1) : '',
    exif.exposureTime ? `${exif.exposureTime} s` : '',
    exif.focalLength ? `${format.number(exif.focalLength, 1)} mm` : '',
    exif.iso ? `ISO ${exif.iso}` : '',
  ].filter(Boolean)
  return parts.length ? parts.join(' · ') : null
}

// "4032 × 3024 · 12.2 MP · 3.4 MB"
export function measure(asset: AssetResponseDto, format: Format): string | null {
  const width = asset.exifInfo?.exifImageWidth ?? asset.width
  const height = asset.exifInfo?.exifImageHeight ?? asset.height
  const bytes = asset.exifInfo?.fileSizeInByte
  const parts = [
    width && height ? `${width} × ${height}` : '',
    width && height ? `${format.number((width * height) / 1e6, 1)} MP` : '',
    bytes ? format.bytes(bytes) : '',
  ].filter(Boolean)
  return parts.length ? parts.join(' · ') : null
}

export interface CompassNames {
  north: string
  south: string
  east: string
  west: string
}

// "47.37690° N, 8.54170° E": five digits are a metre.
export function coordinates(exif: ExifResponseDto, names: CompassNames, format: Format): string | null {
  const { latitude, longitude } = exif
  if (latitude == null || longitude == null) return null
  const degrees = (value: number) => format.number(Math.abs(value), 5) + '°'
  const northSouth = `${degrees(latitude)} ${latitude < 0 ? names.south : names.north}`
  const eastWest = `${degrees(longitude)} ${longitude < 0 ? names.west : names.east}`
  return `${northSouth}, ${eastWest}`
}

export function placeName(exif: ExifResponseDto): string | null {
  const parts = [exif.city, exif.state, exif.country].filter(Boolean)
  return parts.length ? parts.join(', ') : null
}
