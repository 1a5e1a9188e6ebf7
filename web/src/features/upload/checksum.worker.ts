// A worker: SHA-1 of a file, hex, by WebCrypto. Answers null where the browser has no WebCrypto (plain http to another
// host) or cannot read the file; the upload then goes without, and the server hashes alone.

export interface ChecksumQuestion {
  id: number
  file: Blob
}

export interface ChecksumAnswer {
  id: number
  checksum: string | null
}

self.onmessage = async ({ data }: MessageEvent<ChecksumQuestion>) => {
  const answer: ChecksumAnswer = { id: data.id, checksum: await sha1(data.file).catch(() => null) }
  self.postMessage(answer)
}

async function sha1(file: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', await file.arrayBuffer())
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
