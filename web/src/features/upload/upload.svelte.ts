// The one upload queue of the app, on the real server, and what the app around it needs to know.
import { getSupportedMediaTypes, type ServerMediaTypesResponseDto } from '../../lib/api/client'
import { ask, reportSessionEnd } from '../../lib/ask'
import { connection } from '../../lib/connection.svelte'
import { timeline } from '../timeline/timeline.svelte'
import { createChecksum } from './checksum'
import type { PickedFile } from './files'
import { UploadQueue } from './queue.svelte'
import { sendAsset } from './transport'

class Uploads {
  open = $state(false) // the panel
  types = $state.raw<ServerMediaTypesResponseDto | null>(null)
  queue = new UploadQueue({
    send: sendAsset,
    checksum: createChecksum(),
    supported: (name) => this.#supports(name),
    created: (id) => timeline.arrived(id),
    sessionEnded: reportSessionEnd,
    reachable: () => connection.reachable(),
    returned: () => connection.returned(),
    pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  })

  // For the file chooser: what phones and desktops offer to pick.
  accept = $derived(
    this.types ? ['image/*', 'video/*', ...this.types.image, ...this.types.video].join(',') : 'image/*,video/*',
  )

  // Somebody is signed in: what was held goes on.
  begin(): void {
    this.queue.resume()
    if (!this.types)
      ask(() => getSupportedMediaTypes())
        .then((types) => (this.types = types))
        .catch(() => {}) // then the server alone decides
  }

  add(picked: readonly PickedFile[]): void {
    if (picked.length === 0) return
    this.queue.add(picked)
    this.open = true
  }

  reset(): void {
    this.queue.clear()
    this.open = false
  }

  #supports(name: string): boolean {
    if (!this.types) return true
    const dot = name.lastIndexOf('.')
    const extension = dot < 0 ? '' : name.slice(dot).toLowerCase()
    return this.types.image.includes(extension) || this.types.video.includes(extension)
  }
}

export const uploads = new Uploads()
