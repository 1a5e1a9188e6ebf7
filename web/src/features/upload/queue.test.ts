import { beforeEach, describe, expect, it, vi } from 'vitest'
import { UploadQueue, type UploadPorts } from './queue.svelte'
import { UploadError, type Sending, type UploadOutcome } from './transport'

interface Running {
  file: File
  sending: Sending
  resolve(outcome: UploadOutcome): void
  reject(error: unknown): void
}

function picked(...names: string[]) {
  return names.map((name) => ({ file: new File(['1234567890'], name), path: name }))
}

async function settled() {
  await new Promise((resolve) => setTimeout(resolve))
}

describe('UploadQueue', () => {
  let running: Running[]
  let ports: UploadPorts
  let queue: UploadQueue

  beforeEach(() => {
    running = []
    ports = {
      send: (file, sending) =>
        new Promise((resolve, reject) => {
          running.push({ file, sending, resolve, reject })
          sending.signal.addEventListener('abort', () => reject(sending.signal.reason))
        }),
      checksum: vi.fn(async () => 'abc'),
      supported: (name) => !name.endsWith('.txt'),
      created: vi.fn(),
      sessionEnded: vi.fn(),
      reachable: vi.fn(async () => true),
      returned: vi.fn(async () => {}),
      pause: vi.fn(async () => {}),
    }
    queue = new UploadQueue(ports, 3)
  })

  function states() {
    return queue.items.map(({ state }) => state)
  }

  it('sends three at once, in order, with their checksums', async () => {
    queue.add(picked('1.jpg', '2.jpg', '3.jpg', '4.jpg'))
    await settled()
    expect(running.map(({ file }) => file.name)).toEqual(['1.jpg', '2.jpg', '3.jpg'])
    expect(running[0]!.sending.checksum).toBe('abc')
    expect(states()).toEqual(['sending', 'sending', 'sending', 'waiting'])
    running[1]!.resolve({ id: 'b', status: 'created' })
    await settled()
    expect(running[3]!.file.name).toBe('4.jpg')
  })

  it('tells created from duplicate', async () => {
    queue.add(picked('1.jpg', '2.jpg'))
    await settled()
    running[0]!.resolve({ id: 'a', status: 'created' })
    running[1]!.resolve({ id: 'b', status: 'duplicate' })
    await settled()
    expect(states()).toEqual(['created', 'duplicate'])
    expect(ports.created).toHaveBeenCalledExactlyOnceWith('a')
    expect(queue.counts).toMatchObject({ created: 1, duplicate: 1, waiting: 0, sending: 0 })
    expect(queue.active).toBe(false)
  })

  it('sends nothing that is empty or not supported', async () => {
    queue.add([...picked('notes.txt'), { file: new File([], 'empty.jpg'), path: 'empty.jpg' }])
    await settled()
    expect(running).toHaveLength(0)
    expect(queue.items.map(({ reason }) => reason)).toEqual(['format', 'empty'])
    expect(queue.bytes).toEqual({ total: 10, done: 10 })
  })

  it('counts bytes as they go, whatever becomes of a file', async () => {
    queue.add(picked('1.jpg', '2.jpg'))
    await settled()
    running[0]!.sending.onProgress(4)
    expect(queue.bytes).toEqual({ total: 20, done: 4 })
    running[0]!.resolve({ id: 'a', status: 'created' })
    await settled()
    expect(queue.bytes.done).toBe(10)
    running[1]!.reject(new UploadError('refused', 'no picture'))
    await settled()
    expect(queue.bytes.done).toBe(20)
    queue.retry(queue.items[1]!)
    await settled()
    expect(queue.bytes).toEqual({ total: 20, done: 10 })
  })

  it('keeps the words of a refusal and does not try again by itself', async () => {
    queue.add(picked('1.jpg'))
    await settled()
    running[0]!.reject(new UploadError('refused', 'no picture'))
    await settled()
    expect(queue.items[0]).toMatchObject({ state: 'failed', reason: 'refused', message: 'no picture' })
    expect(running).toHaveLength(1)
  })

  it('tries a broken line again, three times in all, then asks the person', async () => {
    queue.add(picked('1.jpg'))
    for (let attempt = 0; attempt < 3; attempt++) {
      await settled()
      expect(running).toHaveLength(attempt + 1)
      running[attempt]!.reject(new UploadError('network', ''))
    }
    await settled()
    expect(running).toHaveLength(3)
    expect(queue.items[0]).toMatchObject({ state: 'failed', reason: 'network' })
    queue.retryAll()
    await settled()
    running[3]!.resolve({ id: 'a', status: 'created' })
    await settled()
    expect(states()).toEqual(['created'])
  })

  it('waits as long as a busy server asks', async () => {
    queue.add(picked('1.jpg'))
    await settled()
    running[0]!.reject(new UploadError('busy', '', 7_000))
    await settled()
    expect(ports.pause).toHaveBeenCalledWith(7_000)
    expect(running).toHaveLength(2)
  })

  it('holds everything when the session ended, loses nothing, goes on after', async () => {
    queue.add(picked('1.jpg', '2.jpg', '3.jpg', '4.jpg'))
    await settled()
    for (const one of running) one.reject(new UploadError('session', ''))
    await settled()
    expect(ports.sessionEnded).toHaveBeenCalled()
    expect(states()).toEqual(['waiting', 'waiting', 'waiting', 'waiting'])
    expect(running).toHaveLength(3)
    queue.resume()
    await settled()
    expect(running).toHaveLength(6)
    for (const one of running.slice(3)) one.resolve({ id: 'x', status: 'created' })
    await settled()
    running[6]!.resolve({ id: 'y', status: 'created' })
    await settled()
    expect(new Set(states())).toEqual(new Set(['created']))
  })

  it('waits for a lost server as long as it takes, and loses nothing', async () => {
    let back = () => {}
    vi.mocked(ports.reachable).mockResolvedValue(false)
    vi.mocked(ports.returned).mockReturnValue(new Promise((resolve) => (back = resolve)))
    queue.add(picked('1.jpg', '2.jpg', '3.jpg', '4.jpg'))
    await settled()
    running[0]!.sending.onProgress(4)
    for (const one of running) one.reject(new UploadError('network', ''))
    await settled()
    expect(queue.held).toBe('server')
    expect(queue.bytes.done).toBe(0)
    expect(states()).toEqual(['waiting', 'waiting', 'waiting', 'waiting'])
    expect(running).toHaveLength(3)
    back()
    await settled()
    expect(queue.held).toBeNull()
    expect(running).toHaveLength(6)
  })

  it('clears: stops what runs, and starts afresh', async () => {
    queue.add(picked('1.jpg', '2.jpg', '3.jpg', '4.jpg'))
    await settled()
    queue.clear()
    await settled()
    expect(queue.items).toEqual([])
    expect(queue.counts).toMatchObject({ waiting: 0, sending: 0, failed: 0 })
    queue.add(picked('5.jpg'))
    await settled()
    expect(running.at(-1)!.file.name).toBe('5.jpg')
    expect(running).toHaveLength(4)
  })
})
