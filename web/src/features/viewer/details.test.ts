import { describe, expect, it } from 'vitest'
import type { AssetResponseDto } from '../../lib/api/client'
import { createFormat } from '../../lib/i18n/format'
import { cameraName, coordinates, exposure, measure, placeName } from './details'

const format = createFormat('en-GB')
const names = { north: 'N', south: 'S', east: 'E', west: 'W' }

describe('the words of the info panel', () => {
  it('names a camera once', () => {
    expect(cameraName({ make: 'FUJIFILM', model: 'X-T5' })).toBe('FUJIFILM X-T5')
    expect(cameraName({ make: 'Canon', model: 'Canon EOS R6' })).toBe('Canon EOS R6')
    expect(cameraName({ make: 'Apple', model: null })).toBe('Apple')
    expect(cameraName({})).toBeNull()
  })

  it('leaves out what is not known of an exposure', () => {
    expect(exposure({ fNumber: 1.8, exposureTime: '1/125', focalLength: 5.7, iso: 64 }, format)).toBe(
      'ƒ/1.8 · 1/125 s · 5.7 mm · ISO 64',
    )
    expect(exposure({ iso: 200 }, format)).toBe('ISO 200')
    expect(exposure({}, format)).toBeNull()
  })

  it('measures a file', () => {
    const asset = { width: 4032, height: 3024, exifInfo: { fileSizeInByte: 3_400_000 } } as AssetResponseDto
    expect(measure(asset, format)).toBe('4032 × 3024 · 12.2 MP · 3.4 MB')
    expect(measure({ width: null, height: null } as AssetResponseDto, format)).toBeNull()
  })

  it('writes coordinates with their quarter of the earth', () => {
    expect(coordinates({ latitude: 46.60242, longitude: 8.00731 }, names, format)).toBe('46.60242° N, 8.00731° E')
    expect(coordinates({ latitude: -33.9, longitude: -70 }, names, format)).toBe('33.9° S, 70° W')
    expect(coordinates({ latitude: 0, longitude: 0 }, names, format)).toBe('0° N, 0° E')
    expect(coordinates({ latitude: 46 }, names, format)).toBeNull()
  })

  it('joins the parts of a place', () => {
    expect(placeName({ city: 'Grindelwald', state: 'Bern', country: 'Switzerland' })).toBe('Grindelwald, Bern, Switzerland')
    expect(placeName({ country: 'Switzerland' })).toBe('Switzerland')
    expect(placeName({})).toBeNull()
  })
})
