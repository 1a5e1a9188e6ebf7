// The picture that is looked at, its details and its neighbours. One at a time; opening another drops what was on its way.
import { ApiError, getAssetInfo, type AssetResponseDto } from '../../lib/api/client'
import { ask } from '../../lib/ask'
import { timeline } from '../timeline/timeline.svelte'
import type { Photo } from '../timeline/photo'

export class ViewerStore {
  photo = $state.raw<Photo | null>(null)
  asset = $state.raw<AssetResponseDto | null>(null)
  previous = $state.raw<Photo | null>(null)
  next = $state.raw<Photo | null>(null)
  problem = $state<'missing' | 'unreachable' | null>(null)

  #reading: AbortController | undefined
  #opening: Promise<unknown> = Promise.resolve()

  open(id: string): Promise<void> {
    const opening = this.#open(id)
    this.#opening = opening
    return opening
  }

  // The neighbour, as soon as it is known: a key may be pressed before. null at the end, or where another was opened.
  async neighbour(step: 1 | -1): Promise<Photo | null> {
    const known = step === 1 ? this.next : this.previous
    if (known) return known
    const opening = this.#opening
    await opening
    if (opening !== this.#opening) return null
    return step === 1 ? this.next : this.previous
  }

  async #open(id: string): Promise<void> {
    this.#reading?.abort()
    const reading = (this.#reading = new AbortController())
    this.problem = null
    this.asset = null
    this.#step(id)
    const finding = this.#findNeighbours(id, reading.signal)
    try {
      const asset = await ask(() => getAssetInfo({ id }, { signal: reading.signal }))
      if (reading.signal.aborted) return
      this.asset = asset
      if (!this.photo) await this.#place(asset, reading.signal)
      await finding
    } catch (error) {
      if (reading.signal.aborted) return
      this.problem = error instanceof ApiError && error.status < 500 ? 'missing' : 'unreachable'
    }
  }

  // To a neighbour: the picture just left is the neighbour on the other side; further ones are found meanwhile.
  #step(id: string): void {
    const left = this.photo
    const forward = id === this.next?.id
    const back = id === this.previous?.id
    this.photo = timeline.photo(id) ?? null
    this.previous = forward ? left : null
    this.next = back ? left : null
  }

  close(): void {
    this.#reading?.abort()
    this.photo = this.asset = this.previous = this.next = null
    this.problem = null
  }

  // A deep link: the timeline below learns the picture's month, so that its neighbours are known.
  async #place(asset: AssetResponseDto, signal: AbortSignal): Promise<void> {
    this.photo = photoOf(asset)
    await timeline.loadMonthOf(asset.localDateTime)
    if (signal.aborted) return
    this.photo = timeline.photo(asset.id) ?? this.photo
    await this.#findNeighbours(asset.id, signal)
  }

  async #findNeighbours(id: string, signal: AbortSignal): Promise<void> {
    const found = await Promise.all([timeline.neighbour(id, -1), timeline.neighbour(id, 1)]).catch(() => null)
    if (signal.aborted) return
    this.previous = found?.[0] ?? null
    this.next = found?.[1] ?? null
  }
}

function photoOf(asset: AssetResponseDto): Photo {
  return {
    id: asset.id,
    ratio: asset.width && asset.height ? asset.width / asset.height : 1,
    day: asset.localDateTime.slice(0, 10),
    wall: Date.parse(asset.localDateTime),
    isImage: !String(asset.type).startsWith('VIDEO'),
    duration: asset.duration,
    thumbhash: asset.thumbhash,
    uploaded: Date.parse(asset.createdAt),
  }
}

export const viewer = new ViewerStore()
