// One file to the server. XMLHttpRequest, because fetch tells nothing about the progress of a request's body; the one
// call beside the generated client.

export type UploadOutcome = { status: 'created' | 'duplicate'; id: string }

export type UploadProblem = 'network' | 'session' | 'quota' | 'busy' | 'refused' | 'server'

export class UploadError extends Error {
  constructor(
    readonly problem: UploadProblem,
    message: string,
    readonly retryAfterMs = 0,
  ) {
    super(message)
  }
}

export interface Sending {
  checksum: string | null // SHA-1, hex: lets the server answer "duplicate" before the body
  onProgress(sentBytes: number): void
  signal: AbortSignal
}

export type Send = (file: File, sending: Sending) => Promise<UploadOutcome>

export const sendAsset: Send = (file, { checksum, onProgress, signal }) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', '/api/assets')
    request.responseType = 'text'
    if (checksum) request.setRequestHeader('x-immich-checksum', checksum)
    request.upload.onprogress = (event) => onProgress(Math.min(event.loaded, file.size))
    request.onload = () => {
      const outcome = readAnswer(request.status, request.responseText, request.getResponseHeader('retry-after'))
      if (outcome instanceof UploadError) reject(outcome)
      else resolve(outcome)
    }
    request.onerror = request.ontimeout = () => reject(new UploadError('network', ''))
    request.onabort = () => reject(signal.reason)
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(formOf(file))
  })

// The fields stand before the file: the server knows them when the bytes come.
function formOf(file: File): FormData {
  const modified = new Date(file.lastModified).toISOString()
  const form = new FormData()
  form.append('filename', file.name)
  form.append('fileCreatedAt', modified)
  form.append('fileModifiedAt', modified)
  form.append('assetData', file, file.name)
  return form
}

export function readAnswer(status: number, text: string, retryAfter: string | null): UploadOutcome | UploadError {
  const body = parse(text)
  if (status === 200 || status === 201) {
    if (typeof body.id === 'string')
      return { id: body.id, status: body.status === 'duplicate' ? 'duplicate' : 'created' }
    return new UploadError('server', '')
  }
  const message = typeof body.message === 'string' ? body.message : ''
  if (status === 401) return new UploadError('session', message)
  if (status === 502 || status === 504) return new UploadError('network', '') // a proxy's words for a lost server
  if (status === 429 || status === 503)
    return new UploadError('busy', message, Math.min(60, Number(retryAfter) || 2) * 1000)
  if (message === 'Quota has been exceeded!') return new UploadError('quota', message)
  if (status >= 400 && status < 500) return new UploadError('refused', message)
  return new UploadError('server', message)
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
