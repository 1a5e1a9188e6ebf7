import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as client from './api/client'
import { ask } from './ask'
import { connection } from './connection.svelte'

vi.mock('./api/client', async (original) => ({ ...(await original<typeof client>()), pingServer: vi.fn() }))

describe('connection', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    connection.lost = false
  })

  afterEach(() => {
    vi.useRealTimers()
    vi.clearAllMocks()
  })

  it('notices a lost server by any call, looks for it patiently, and says when it is back', async () => {
    const returned = vi.fn()
    const end = connection.onReturn(returned)
    vi.mocked(client.pingServer).mockRejectedValue(new TypeError('Failed to fetch'))
    await ask(() => Promise.reject(new TypeError('Failed to fetch'))).catch(() => {})
    expect(connection.lost).toBe(true)
    await vi.advanceTimersByTimeAsync(16_000)
    const looks = vi.mocked(client.pingServer).mock.calls.length
    expect(looks).toBeGreaterThan(2)
    expect(looks).toBeLessThan(8)
    vi.mocked(client.pingServer).mockResolvedValue({ res: 'pong' } as never)
    await vi.advanceTimersByTimeAsync(30_000)
    expect(connection.lost).toBe(false)
    expect(returned).toHaveBeenCalledOnce()
    end()
  })

  it('lets others wait for its return', async () => {
    await connection.returned() // nothing is lost
    vi.mocked(client.pingServer).mockRejectedValueOnce(new TypeError('Failed to fetch'))
    expect(await connection.reachable()).toBe(false)
    expect(connection.lost).toBe(true)
    vi.mocked(client.pingServer).mockResolvedValue({ res: 'pong' } as never)
    const returned = connection.returned()
    await vi.advanceTimersByTimeAsync(1_000)
    await returned
    expect(connection.lost).toBe(false)
    expect(await connection.reachable()).toBe(true)
  })

  it('does not take an answer with an error for a lost server', async () => {
    await ask(() => Promise.reject(new client.ApiError(500, 'no'))).catch(() => {})
    expect(connection.lost).toBe(false)
  })
})
