import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TimelineStore } from './timeline.svelte'
import * as client from '../../lib/api/client'

vi.mock('../../lib/api/client', async (original) => ({
  ...(await original<typeof client>()),
  getTimeBuckets: vi.fn(),
  getTimeBucket: vi.fn(),
  getAssetInfo: vi.fn(),
}))

interface Stored {
  id: string
  at: string // wall time and instant: offset 0
  thumbhash: string | null
}

// A server with these assets, newest first.
let stored: Stored[]

function serve() {
  const inMonth = (key: string) => stored.filter(({ at }) => at.startsWith(key.slice(0, 7)))
  vi.mocked(client.getTimeBuckets).mockImplementation(async () => {
    const keys = [...new Set(stored.map(({ at }) => at.slice(0, 7) + '-01'))].sort().reverse()
    return keys.map((timeBucket) => ({ timeBucket, count: inMonth(timeBucket).length })) as never
  })
  vi.mocked(client.getTimeBucket).mockImplementation(async ({ timeBucket }) => bucketOf(inMonth(timeBucket)))
  vi.mocked(client.getAssetInfo).mockImplementation(async ({ id }) => {
    const asset = stored.find((one) => one.id === id)!
    return { id, type: 'IMAGE', thumbhash: asset.thumbhash, localDateTime: asset.at } as never
  })
}

function bucketOf(inside: Stored[]) {
  return {
    id: inside.map(({ id }) => id),
    ratio: inside.map(({ thumbhash }) => (thumbhash ? 1.5 : 1)),
    isImage: inside.map(() => true),
    thumbhash: inside.map(({ thumbhash }) => thumbhash),
    fileCreatedAt: inside.map(({ at }) => at),
    createdAt: inside.map(({ at }) => at),
    localOffsetHours: inside.map(() => 0),
    duration: inside.map(() => null),
  } as never
}

function shownIds(store: TimelineStore): string[] {
  return store.months.flatMap((month) => month.photos?.map(({ id }) => id) ?? [])
}

describe('TimelineStore', () => {
  let store: TimelineStore

  beforeEach(() => {
    vi.useFakeTimers()
    stored = [
      { id: 'c', at: '2024-03-12T10:00:00.000Z', thumbhash: 'x' },
      { id: 'b', at: '2024-03-02T10:00:00.000Z', thumbhash: 'x' },
      { id: 'a', at: '2023-12-24T18:00:00.000Z', thumbhash: 'x' },
    ]
    serve()
    store = new TimelineStore()
  })

  afterEach(() => {
    store.stop()
    vi.useRealTimers()
    vi.clearAllMocks()
  })

  it('reads the counts first and pictures only when asked', async () => {
    await store.start()
    expect(store.status).toBe('ready')
    expect(store.shown.map(({ count }) => count)).toEqual([2, 1])
    expect(client.getTimeBucket).not.toHaveBeenCalled()
    store.ensure(['2024-03-01'])
    store.ensure(['2024-03-01'])
    await vi.runAllTimersAsync()
    expect(client.getTimeBucket).toHaveBeenCalledTimes(1)
    expect(shownIds(store)).toEqual(['c', 'b'])
  })

  it('finds neighbours across months and ends at the ends', async () => {
    await store.start()
    await store.loadMonthOf('2024-03-12T10:00:00.000Z')
    expect((await store.neighbour('c', 1))?.id).toBe('b')
    expect((await store.neighbour('b', 1))?.id).toBe('a')
    expect((await store.neighbour('b', -1))?.id).toBe('c')
    expect(await store.neighbour('c', -1)).toBeNull()
    expect(await store.neighbour('a', 1)).toBeNull()
    expect(await store.neighbour('unknown', 1)).toBeNull()
  })

  it('keeps loaded months whose count is the same, and reads changed ones again', async () => {
    await store.start()
    store.ensure(['2024-03-01', '2023-12-01'])
    await vi.runAllTimersAsync()
    stored.push({ id: 'd', at: '2023-12-25T08:00:00.000Z', thumbhash: 'x' })
    const march = store.months[0]
    await store.refresh()
    expect(store.months[0]).toBe(march)
    expect(store.months[1]).toMatchObject({ count: 2, stale: true })
    expect(shownIds(store)).toEqual(['c', 'b', 'a']) // what was there stays until the new is there
    store.ensure(['2023-12-01'])
    await vi.runAllTimersAsync()
    expect(shownIds(store)).toContain('d')
  })

  it('shows an arrival only when its derivatives are there', async () => {
    await store.start()
    store.ensure(['2024-03-01'])
    await vi.runAllTimersAsync()
    const fresh: Stored = { id: 'new', at: '2024-03-20T10:00:00.000Z', thumbhash: null }
    stored.unshift(fresh)
    store.arrived('new')
    expect(store.held).toBe(1)
    await vi.advanceTimersByTimeAsync(3_000)
    await store.refresh()
    store.ensure(['2024-03-01'])
    await vi.advanceTimersByTimeAsync(10)
    expect(shownIds(store)).not.toContain('new')
    fresh.thumbhash = 'y'
    await vi.advanceTimersByTimeAsync(6_000)
    expect(store.held).toBe(0)
    store.ensure(['2024-03-01'])
    await vi.advanceTimersByTimeAsync(10)
    expect(shownIds(store)).toContain('new')
  })

  it('shows no month whose only pictures are held', async () => {
    await store.start()
    const fresh: Stored[] = ['2025-05-01', '2025-06-01'].map((day) => ({ id: day, at: day + 'T10:00:00.000Z', thumbhash: null }))
    stored.unshift(...fresh.toReversed())
    for (const { id } of fresh) store.arrived(id)
    const months = () => store.shown.map(({ key }) => key)
    await store.refresh()
    expect(months()).toEqual(['2024-03-01', '2023-12-01'])
    fresh[0]!.thumbhash = 'y'
    await vi.advanceTimersByTimeAsync(6_000)
    expect(months()).toEqual(['2025-05-01', '2024-03-01', '2023-12-01'])
    expect(shownIds(store)).toEqual(['2025-05-01'])
    vi.mocked(client.getTimeBucket).mockRejectedValueOnce(new client.ApiError(503, 'busy'))
    fresh[1]!.thumbhash = 'y'
    await vi.advanceTimersByTimeAsync(6_000)
    expect(months()).toEqual(['2025-06-01', '2025-05-01', '2024-03-01', '2023-12-01'])
  })

  it('shows an arrival without derivatives after a while, and stops asking', async () => {
    await store.start()
    stored.unshift({ id: 'raw', at: '2024-03-20T10:00:00.000Z', thumbhash: null })
    store.arrived('raw')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(store.held).toBe(0)
    store.ensure(['2024-03-01'])
    await vi.advanceTimersByTimeAsync(10)
    expect(shownIds(store)).toContain('raw')
    const asked = vi.mocked(client.getAssetInfo).mock.calls.length
    await vi.advanceTimersByTimeAsync(60_000)
    expect(client.getAssetInfo).toHaveBeenCalledTimes(asked)
  })

  it('says that it failed, and recovers', async () => {
    vi.mocked(client.getTimeBuckets).mockRejectedValueOnce(new client.ApiError(500, 'no'))
    await store.start()
    expect(store.status).toBe('failed')
    await store.start()
    expect(store.status).toBe('ready')
  })

  it('leaves a month that fails alone for a while', async () => {
    await store.start()
    vi.mocked(client.getTimeBucket).mockRejectedValueOnce(new client.ApiError(503, 'busy'))
    for (let round = 0; round < 5; round++) {
      store.ensure(['2024-03-01'])
      await vi.advanceTimersByTimeAsync(200)
    }
    expect(client.getTimeBucket).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(5_000)
    store.ensure(['2024-03-01'])
    await vi.advanceTimersByTimeAsync(10)
    expect(shownIds(store)).toEqual(['c', 'b'])
  })

  it('forgets a person wholly, answers on their way too', async () => {
    await store.start()
    store.ensure(['2023-12-01'])
    await vi.advanceTimersByTimeAsync(10)
    store.arrived('c')
    store.ensure(['2024-03-01'])
    store.reset()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(store).toMatchObject({ months: [], held: 0, status: 'loading' })
    expect(client.getAssetInfo).not.toHaveBeenCalled()
  })

  it('shows nobody what was on its way to somebody else', async () => {
    await store.start()
    let answer = (_: never) => {}
    vi.mocked(client.getTimeBucket).mockReturnValueOnce(new Promise((resolve) => (answer = resolve)))
    store.ensure(['2023-12-01'])
    store.reset()
    await store.start()
    answer(bucketOf([{ id: 'foreign', at: '2023-12-24T18:00:00.000Z', thumbhash: 'x' }]))
    await vi.advanceTimersByTimeAsync(10)
    expect(shownIds(store)).toEqual([])
    store.ensure(['2023-12-01'])
    await vi.advanceTimersByTimeAsync(10)
    expect(shownIds(store)).toEqual(['a'])
  })
})
