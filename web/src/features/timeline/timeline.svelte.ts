// The timeline's data: months with their counts, each month's pictures when somebody comes near it, and pictures that
// were just uploaded, which stay out of the grid until their shape is known (so that nothing jumps).
import { getAssetInfo, getTimeBucket, getTimeBuckets } from '../../lib/api/client'
import { ask } from '../../lib/ask'
import { monthOf, photosOf, type Photo } from './photo'

export interface Month {
  key: string // "2024-03-01"
  count: number
  photos: readonly Photo[] | null
  stale: boolean // shown, but to be read again
}

const PARALLEL_LOADS = 4
const RETRY_MS = 5_000
const CHECKS_A_ROUND = 24
const FIRST_CHECK_MS = 600
const SLOWEST_CHECK_MS = 5_000
const PATIENCE_MS = 45_000 // then a picture without derivatives is shown as it is

export class TimelineStore {
  months = $state.raw<readonly Month[]>([])
  status = $state<'loading' | 'ready' | 'failed'>('loading')
  held = $state(0) // uploaded, not yet shown

  // A month whose pictures are all held has no heading yet.
  shown = $derived(this.months.filter(({ photos }) => photos?.length !== 0))

  #loads = new Map<string, Promise<void>>()
  #failed = new Set<string>()
  #arrivals = new Map<string, number>() // id -> when it was uploaded
  #timer: ReturnType<typeof setTimeout> | undefined
  #wait = FIRST_CHECK_MS
  #era = 0 // answers to questions of an earlier one are dropped

  async start(): Promise<void> {
    try {
      await this.refresh()
      this.status = 'ready'
    } catch {
      if (this.status !== 'ready') this.status = 'failed'
    }
  }

  // Reads the counts again; a month whose count changed is read again when it is near.
  async refresh(): Promise<void> {
    const era = this.#era
    const buckets = await ask(() => getTimeBuckets({ visibility: 'timeline' }))
    if (era !== this.#era) return
    const known = new Map(this.months.map((month) => [month.key, month]))
    this.#failed.clear()
    this.months = buckets.map(({ timeBucket, count }) => {
      const month = known.get(timeBucket)
      if (month?.count === count) return month
      // A month that is new while pictures are held begins empty: it may hold no other.
      const photos = month?.photos ?? (this.#arrivals.size > 0 && !month ? [] : null)
      return { key: timeBucket, count, photos, stale: photos !== null }
    })
    if (this.status !== 'ready') this.status = 'ready'
  }

  // Loads those of `keys` that are missing or stale, the first ones first, a few at a time.
  ensure(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.#loads.size >= PARALLEL_LOADS) return
      const month = this.#month(key)
      if (month && (!month.photos || month.stale) && !this.#failed.has(key))
        void this.#load(key).catch(() => this.#leave(key))
    }
  }

  photo(id: string): Photo | undefined {
    return this.#position(id)?.month.photos![this.#position(id)!.index]
  }

  // The picture before (-1: newer) or after (+1: older), across months, loading what is needed; null at the ends.
  async neighbour(id: string, step: 1 | -1): Promise<Photo | null> {
    const position = this.#position(id)
    if (!position) return null
    const inside = position.month.photos![position.index + step]
    if (inside) return inside
    let at = this.months.findIndex(({ key }) => key === position.month.key) + step
    for (; this.months[at]; at += step) {
      const { key } = this.months[at]!
      await this.#load(key)
      const photos = this.#month(key)?.photos
      if (photos?.length) return photos.at(step === 1 ? 0 : -1)!
    }
    return null
  }

  // Makes the month of a picture known, for a deep link into the viewer.
  async loadMonthOf(localDateTime: string): Promise<void> {
    if (this.status !== 'ready') await this.start()
    await this.#load(monthOf(localDateTime))
  }

  // A picture was uploaded: shown as soon as its derivatives are there.
  arrived(id: string): void {
    this.#arrivals.set(id, Date.now())
    this.held = this.#arrivals.size
    this.#wait = FIRST_CHECK_MS
    this.#plan()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  // Forgets everything: the next person starts afresh, whatever is still on its way.
  reset(): void {
    this.stop()
    this.#era++
    this.months = []
    this.status = 'loading'
    this.held = 0
    this.#arrivals.clear()
    this.#loads.clear()
    this.#failed.clear()
  }

  async #load(key: string): Promise<void> {
    const month = this.#month(key)
    if (!month || (month.photos && !month.stale)) return
    const running = this.#loads.get(key)
    if (running) return running
    const era = this.#era
    const load = ask(() => getTimeBucket({ timeBucket: key, visibility: 'timeline' }))
      .then((bucket) => {
        if (era === this.#era) this.#fill(key, photosOf(bucket))
      })
      .finally(() => {
        if (era === this.#era) this.#loads.delete(key)
      })
    this.#loads.set(key, load)
    return load
  }

  // A month that failed is left alone for a while; changing `months` makes the view ask again.
  #leave(key: string): void {
    this.#failed.add(key)
    setTimeout(() => {
      if (this.#failed.delete(key)) this.months = [...this.months]
    }, RETRY_MS)
  }

  #fill(key: string, all: readonly Photo[]): void {
    const photos = all.filter((photo) => photo.thumbhash !== null || !this.#arrivals.has(photo.id))
    this.months = this.months.map((month) => (month.key === key ? { ...month, photos, stale: false } : month))
  }

  #plan(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.#check()
    }, this.#wait)
  }

  // Asks for the oldest arrivals; those that are ready (or will not be) go into the grid together.
  async #check(): Promise<void> {
    const era = this.#era
    const shown = new Set<string>()
    for (const [id, since] of [...this.#arrivals].slice(0, CHECKS_A_ROUND)) {
      const asset = await ask(() => getAssetInfo({ id })).catch(() => null)
      if (era !== this.#era) return
      const late = Date.now() - since > PATIENCE_MS
      if (!asset?.thumbhash && !late && asset?.type !== 'VIDEO') continue
      this.#arrivals.delete(id)
      if (asset) shown.add(monthOf(asset.localDateTime))
    }
    this.held = this.#arrivals.size
    this.#wait = shown.size > 0 ? FIRST_CHECK_MS : Math.min(this.#wait * 1.5, SLOWEST_CHECK_MS)
    if (shown.size > 0 || this.#arrivals.size === 0) await this.#show(shown).catch(() => {})
    if (this.#arrivals.size > 0) this.#plan()
  }

  async #show(keys: ReadonlySet<string>): Promise<void> {
    await this.refresh()
    this.months = this.months.map((month) => (keys.has(month.key) && month.photos ? { ...month, stale: true } : month))
    const last = this.#arrivals.size === 0
    const hidden = this.months.filter((month) => isHidden(month) && (last || keys.has(month.key)))
    await Promise.allSettled(hidden.map(({ key }) => this.#load(key)))
    // What could not be read is left to ensure(), as any other month.
    if (last) this.months = this.months.map((month) => (isHidden(month) ? { ...month, photos: null, stale: false } : month))
  }

  #month(key: string): Month | undefined {
    return this.months.find((month) => month.key === key)
  }

  #position(id: string): { month: Month; index: number } | null {
    for (const month of this.months) {
      const index = month.photos?.findIndex((photo) => photo.id === id) ?? -1
      if (index >= 0) return { month, index }
    }
    return null
  }
}

function isHidden({ photos, stale }: Month): boolean {
  return stale && photos?.length === 0
}

export const timeline = new TimelineStore()
