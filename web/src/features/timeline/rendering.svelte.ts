// A rendering on its way into a tile or onto the stage: tried again with growing pauses while it may still be made, and at
// once when a lost server is back. One a component; end() when that goes.
import { connection } from '../../lib/connection.svelte'
import { retryDelay } from './media'
import type { Photo } from './photo'

export class Rendering {
  shown = $state<'placeholder' | 'picture' | 'preparing' | 'none'>('placeholder')
  attempt = $state(0) // as a fragment of the address it makes the browser ask again; it is not sent

  #delays = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #unsubscribe: () => void

  constructor(private readonly photo: () => Pick<Photo, 'thumbhash' | 'uploaded'>) {
    this.#unsubscribe = connection.onReturn(() => this.#again())
  }

  loaded(): void {
    this.shown = 'picture'
  }

  failed(): void {
    const delay = retryDelay(this.#delays++, this.photo())
    this.shown = delay === null ? 'none' : 'preparing'
    clearTimeout(this.#timer)
    if (delay !== null) this.#timer = setTimeout(() => this.attempt++, delay)
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#unsubscribe()
  }

  #again(): void {
    if (this.shown !== 'preparing' && this.shown !== 'none') return
    clearTimeout(this.#timer)
    this.#delays = 0
    this.shown = 'placeholder'
    this.attempt++
  }
}
