// Asks the worker for checksums. Files beyond a size would have to be in memory whole: they go without.
import type { ChecksumAnswer, ChecksumQuestion } from './checksum.worker'

const LARGEST_BYTES = 64 * 1024 * 1024

export type Checksum = (file: File) => Promise<string | null>

export function createChecksum(): Checksum {
  let worker: Worker | undefined
  let count = 0
  const waiting = new Map<number, (checksum: string | null) => void>()

  function start(): Worker {
    const started = new Worker(new URL('./checksum.worker.ts', import.meta.url), { type: 'module' })
    started.onmessage = ({ data }: MessageEvent<ChecksumAnswer>) => {
      waiting.get(data.id)?.(data.checksum)
      waiting.delete(data.id)
    }
    started.onerror = () => {
      for (const answer of waiting.values()) answer(null)
      waiting.clear()
    }
    return started
  }

  return (file) => {
    if (file.size > LARGEST_BYTES || !globalThis.isSecureContext) return Promise.resolve(null)
    worker ??= start()
    const question: ChecksumQuestion = { id: ++count, file }
    return new Promise((resolve) => {
      waiting.set(question.id, resolve)
      worker!.postMessage(question)
    })
  }
}
