// Whether the server can be reached. Any call that finds no server reports it here; a patient ping finds it again.
import { pingServer } from './api/client'

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30_000

class Connection {
  lost = $state(false)
  #returned = new Set<() => void>()
  #timer: ReturnType<typeof setTimeout> | undefined

  // Calls back each time the server is there again; returns the end of it.
  onReturn(callback: () => void): () => void {
    this.#returned.add(callback)
    return () => this.#returned.delete(callback)
  }

  // Resolves when the server is there; at once when it is not known to be lost.
  returned(): Promise<void> {
    if (!this.lost) return Promise.resolve()
    return new Promise((resolve) => {
      const end = this.onReturn(() => {
        end()
        resolve()
      })
    })
  }

  // Asks now whether the server can be reached.
  async reachable(): Promise<boolean> {
    try {
      await pingServer()
      return true
    } catch {
      this.reportLost()
      return false
    }
  }

  start(): () => void {
    const offline = () => this.reportLost()
    const online = () => void this.#look(FIRST_WAIT_MS)
    addEventListener('offline', offline)
    addEventListener('online', online)
    return () => {
      removeEventListener('offline', offline)
      removeEventListener('online', online)
      clearTimeout(this.#timer)
    }
  }

  reportLost(): void {
    if (this.lost) return
    this.lost = true
    this.#plan(FIRST_WAIT_MS)
  }

  // At once instead of at the next planned moment: for the "try again" button.
  retry(): void {
    void this.#look(FIRST_WAIT_MS)
  }

  #plan(wait: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#look(wait), wait)
  }

  async #look(wait: number): Promise<void> {
    clearTimeout(this.#timer)
    try {
      await pingServer()
    } catch {
      if (this.lost) this.#plan(Math.min(wait * 2, LONGEST_WAIT_MS))
      return
    }
    if (!this.lost) return
    this.lost = false
    for (const callback of this.#returned) callback()
  }
}

export const connection = new Connection()
