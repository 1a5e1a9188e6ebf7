// What this browser remembers. Storage can be full or switched off: then nothing is remembered, and nothing breaks.
type Remembered = 'theme' | 'language' | 'info-panel'

export function recall(name: Remembered): string | null {
  try {
    return localStorage.getItem('swissphoto.' + name)
  } catch {
    return null
  }
}

export function remember(name: Remembered, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem('swissphoto.' + name)
    else localStorage.setItem('swissphoto.' + name, value)
  } catch {
    // Remembering is a convenience.
  }
}
