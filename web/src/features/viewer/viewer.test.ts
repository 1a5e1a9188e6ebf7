import { beforeEach, describe, expect, it, vi } from 'vitest'
import * as client from '../../lib/api/client'
import { timeline } from '../timeline/timeline.svelte'
import { ViewerStore } from './viewer.svelte'

vi.mock('../../lib/api/client', async (original) => ({
  ...(await original<typeof client>()),
  getTimeBuckets: vi.fn(async () => [{ timeBucket: '2024-03-01', count: 3 }]),
  getTimeBucket: vi.fn(async () => ({
    id: ['c', 'b', 'a'],
    ratio: [1.5, 1, 0.75],
    isImage: [true, true, true],
    thumbhash: ['x', 'x', 'x'],
    createdAt: Array(3).fill('2024-03-12T10:00:00.000Z'),
    fileCreatedAt: Array(3).fill('2024-03-12T10:00:00.000Z'),
    localOffsetHours: [0, 0, 0],
    duration: [null, null, null],
  })),
  getAssetInfo: vi.fn(async ({ id }) => ({ id, type: 'IMAGE', localDateTime: '2024-03-12T10:00:00.000Z' })),
}))

function ids(viewer: ViewerStore) {
  return [viewer.previous?.id, viewer.photo?.id, viewer.next?.id]
}

describe('ViewerStore', () => {
  let viewer: ViewerStore

  beforeEach(async () => {
    viewer = new ViewerStore()
    await timeline.start()
    await timeline.loadMonthOf('2024-03-12')
  })

  it('knows the neighbours', async () => {
    await viewer.open('b')
    await vi.waitFor(() => expect(ids(viewer)).toEqual(['c', 'b', 'a']))
    expect(viewer.asset?.id).toBe('b')
  })

  it('waits for a neighbour that is not known yet', async () => {
    timeline.reset() // a deep link: no month is loaded
    void viewer.open('b')
    expect(viewer.next).toBeNull()
    expect((await viewer.neighbour(1))?.id).toBe('a')
    void viewer.open('c')
    const before = viewer.neighbour(-1)
    await viewer.open('a')
    expect(await before).toBeNull()
    expect(await viewer.neighbour(1)).toBeNull()
  })

  it('never shows one picture in two places while it steps', async () => {
    await viewer.open('c')
    await vi.waitFor(() => expect(ids(viewer)).toEqual([undefined, 'c', 'b']))
    void viewer.open('b')
    expect(ids(viewer)).toEqual(['c', 'b', undefined])
    await vi.waitFor(() => expect(ids(viewer)).toEqual(['c', 'b', 'a']))
    void viewer.open('c')
    expect(ids(viewer)).toEqual([undefined, 'c', 'b'])
  })

  it('shows nothing of a picture that was left meanwhile', async () => {
    const first = viewer.open('c')
    const second = viewer.open('a')
    await Promise.all([first, second])
    expect(viewer.asset?.id).toBe('a')
  })

  it('tells a missing picture from a missing server', async () => {
    vi.mocked(client.getAssetInfo).mockRejectedValueOnce(new client.ApiError(400, 'Not found'))
    await viewer.open('zzz')
    expect(viewer.problem).toBe('missing')
    vi.mocked(client.getAssetInfo).mockRejectedValueOnce(new TypeError('Failed to fetch'))
    await viewer.open('zzz')
    expect(viewer.problem).toBe('unreachable')
  })
})
