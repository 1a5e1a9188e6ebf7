// The upload queue: a few files at once, in the order they came; each ends as created, duplicate, unsupported or failed.
import { UploadError, type Send, type UploadProblem } from './transport'
import type { Checksum } from './checksum'
import type { PickedFile } from './files'

export type UploadState = 'waiting' | 'reading' | 'sending' | 'created' | 'duplicate' | 'unsupported' | 'failed'
export type UploadReason = UploadProblem | 'empty' | 'format' | null

const FINISHED: readonly UploadState[] = ['created', 'duplicate', 'unsupported', 'failed']
const AUTOMATIC_TRIES = 3 // of a server that is busy or a line that breaks

export class UploadItem {
  state = $state<UploadState>('waiting')
  sent = $state(0)
  reason = $state<UploadReason>(null)
  message = $state('') // the server's own words, for "refused" and "server"
  tries = 0
  assetId: string | null = null

  constructor(
    readonly id: number,
    readonly file: File,
    readonly path: string,
  ) {}
}

export interface UploadPorts {
  send: Send
  checksum: Checksum
  supported(name: string): boolean
  created(id: string): void
  sessionEnded(): void
  reachable(): Promise<boolean> // the server; false has told the app
  returned(): Promise<void> // when it can be reached again
  pause(milliseconds: number): Promise<void>
}

export type UploadCounts = Record<UploadState, number>

export class UploadQueue {
  items = $state.raw<readonly UploadItem[]>([])
  counts = $state<UploadCounts>(noCounts())
  bytes = $state({ total: 0, done: 0 }) // done: all of what is finished, and what is sent of the rest
  held = $state<'session' | 'server' | null>(null) // until the person is signed in, the server is there again
  taken = $state(0) // items before this one have had their turn (retried ones have a second)

  active = $derived(this.counts.waiting + this.counts.reading + this.counts.sending > 0)

  #retries: UploadItem[] = []
  #running = 0
  #ids = 0
  #stop = new AbortController()

  constructor(
    private readonly ports: UploadPorts,
    private readonly parallel = 3,
  ) {}

  add(picked: readonly PickedFile[]): void {
    const added = picked.map(({ file, path }) => new UploadItem(++this.#ids, file, path))
    for (const item of added) {
      this.counts.waiting++
      this.bytes.total += item.file.size
      if (item.file.size === 0) this.#end(item, 'unsupported', 'empty')
      else if (!this.ports.supported(item.file.name)) this.#end(item, 'unsupported', 'format')
    }
    this.items = [...this.items, ...added]
    this.#pump()
  }

  retry(item: UploadItem): void {
    if (item.state !== 'failed') return
    item.tries = 0
    this.#again(item)
    this.#pump()
  }

  retryAll(): void {
    for (const item of this.items) this.retry(item)
  }

  // The person or the server is back: what was held goes on.
  resume(): void {
    this.held = null
    this.#pump()
  }

  // Ends what runs and forgets everything: put aside, or another person signs in.
  clear(): void {
    this.#stop.abort()
    this.#stop = new AbortController()
    this.items = []
    this.#retries = []
    this.taken = 0
    this.counts = noCounts()
    this.bytes = { total: 0, done: 0 }
    this.held = null
  }

  #pump(): void {
    while (!this.held && this.#running < this.parallel) {
      const item = this.#nextWaiting()
      if (!item) return
      this.#running++
      void this.#run(item, this.#stop.signal).finally(() => {
        this.#running--
        this.#pump()
      })
    }
  }

  #nextWaiting(): UploadItem | undefined {
    while (this.taken < this.items.length) {
      const item = this.items[this.taken++]!
      if (item.state === 'waiting' && !this.#retries.includes(item)) return item
    }
    return this.#retries.shift()
  }

  async #run(item: UploadItem, signal: AbortSignal): Promise<void> {
    try {
      this.#move(item, 'reading')
      const checksum = await this.ports.checksum(item.file)
      if (signal.aborted) return
      this.#move(item, 'sending')
      const onProgress = (sent: number) => !signal.aborted && this.#progress(item, sent)
      const outcome = await this.ports.send(item.file, { checksum, onProgress, signal })
      if (signal.aborted) return
      item.assetId = outcome.id
      this.#end(item, outcome.status, null)
      if (outcome.status === 'created') this.ports.created(outcome.id)
    } catch (error) {
      if (!signal.aborted) await this.#failed(item, error, signal)
    }
  }

  async #failed(item: UploadItem, error: unknown, signal: AbortSignal): Promise<void> {
    const problem = error instanceof UploadError ? error.problem : 'network'
    if (problem === 'session') {
      this.held = 'session'
      this.#again(item)
      this.ports.sessionEnded()
      return
    }
    if (problem === 'network' && !(await this.ports.reachable())) {
      if (!signal.aborted) this.#waitForServer(item)
      return
    }
    if ((problem === 'busy' || problem === 'network') && ++item.tries < AUTOMATIC_TRIES) {
      await this.ports.pause(error instanceof UploadError && error.retryAfterMs ? error.retryAfterMs : item.tries * 1500)
      if (!signal.aborted) this.#again(item)
      return
    }
    item.message = error instanceof Error ? error.message : ''
    this.#end(item, 'failed', problem)
  }

  // Without a server every file would fail in its turn: all wait instead, however long it takes.
  #waitForServer(item: UploadItem): void {
    this.held ??= 'server'
    this.#again(item)
    void this.ports.returned().then(() => {
      if (this.held === 'server') this.resume()
    })
  }

  #again(item: UploadItem): void {
    this.bytes.done -= isFinished(item) ? item.file.size : item.sent
    item.sent = 0
    item.reason = null
    this.#move(item, 'waiting')
    this.#retries.push(item)
  }

  #progress(item: UploadItem, sent: number): void {
    if (item.state !== 'sending') return
    this.bytes.done += sent - item.sent
    item.sent = sent
  }

  #end(item: UploadItem, state: UploadState, reason: UploadReason): void {
    this.bytes.done += item.file.size - item.sent
    item.sent = 0
    item.reason = reason
    this.#move(item, state)
  }

  #move(item: UploadItem, state: UploadState): void {
    this.counts[item.state]--
    this.counts[state]++
    item.state = state
  }
}

export function isFinished(item: UploadItem): boolean {
  return FINISHED.includes(item.state)
}

function noCounts(): UploadCounts {
  return { waiting: 0, reading: 0, sending: 0, created: 0, duplicate: 0, unsupported: 0, failed: 0 }
}
