// Addresses to rooms and back, on the History API. Every address is a deep link; the server answers index.html for all.
export type Route =
  | { name: 'timeline' }
  | { name: 'photo'; id: string }
  | { name: 'login'; to: string }
  | { name: 'sign-up' }
  | { name: 'components' }
  | { name: 'missing' }

export const HOME = '/photos'

export function parse(address: string): Route {
  const url = new URL(address, 'http://instance')
  const parts = url.pathname.split('/').filter(Boolean)
  if (parts.length === 0 || (parts.length === 1 && parts[0] === 'photos')) return { name: 'timeline' }
  if (parts.length === 2 && parts[0] === 'photos' && /^[0-9a-f-]{36}$/i.test(parts[1]!))
    return { name: 'photo', id: parts[1]!.toLowerCase() }
  if (url.pathname === '/login' || url.pathname === '/auth/login')
    return { name: 'login', to: ownAddress(url.searchParams.get('to')) }
  if (url.pathname === '/sign-up') return { name: 'sign-up' }
  if (url.pathname === '/dev/components') return { name: 'components' }
  return { name: 'missing' }
}

// Only an address of this instance may follow a login: "//evil.example", "/..//evil.example" and "https:…" go home.
export function ownAddress(to: string | null): string {
  if (!to) return HOME
  const url = new URL(to, 'http://instance')
  if (url.origin !== 'http://instance' || url.pathname.startsWith('//')) return HOME
  return url.pathname + url.search
}

export function photoAddress(id: string): string {
  return '/photos/' + id
}

export function loginAddress(to: string): string {
  return to === HOME || to === '/' ? '/login' : '/login?' + new URLSearchParams({ to })
}

class Router {
  #address = $state(location.pathname + location.search)
  route = $derived(parse(this.#address))

  get address(): string {
    return this.#address
  }

  // Listens to the browser's buttons and to clicks on links; returns the end of it.
  start(): () => void {
    history.scrollRestoration = 'manual'
    const read = () => (this.#address = location.pathname + location.search)
    addEventListener('popstate', read)
    document.addEventListener('click', this.#followLink)
    return () => {
      removeEventListener('popstate', read)
      document.removeEventListener('click', this.#followLink)
    }
  }

  go(address: string, { replace = false } = {}): void {
    const depth = this.#depth + (replace ? 0 : 1)
    history[replace ? 'replaceState' : 'pushState']({ depth }, '', address)
    this.#address = location.pathname + location.search
  }

  // One step back where that stays in the app, else to `fallback` (a deep link has nothing behind it).
  back(fallback: string): void {
    if (this.#depth > 0) history.back()
    else this.go(fallback, { replace: true })
  }

  get #depth(): number {
    const state: unknown = history.state
    return typeof state === 'object' && state && 'depth' in state ? Number(state.depth) || 0 : 0
  }

  #followLink = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
    if (link.pathname.startsWith('/api/')) return
    event.preventDefault()
    this.go(link.pathname + link.search)
  }
}

export const router = new Router()
