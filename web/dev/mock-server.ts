// A server for the development of the web app without an instance: as much of the API as the app uses, in memory.
// SWISSPHOTO_MOCK_PHOTOS: how many photos (default 600); SWISSPHOTO_MOCK_FRESH=1: no admin yet.
import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { scenePng, sceneThumbhash, type Scene } from './scene.ts'

interface Asset {
  id: string
  name: string
  wall: number
  scene: Scene
  checksum: string
  bytes: number
  readyAt: number
}

type Answer = { status?: number; json?: unknown; bytes?: Buffer; type?: string; headers?: Record<string, string> }

const RATIOS = [1.5, 1.5, 1.5, 1.33, 1.33, 0.75, 0.67, 1, 1.78, 2.4]
const DAY_MS = 86_400_000
const PREPARATION_MS = 2_500
const COOKIES = ['immich_access_token', 'immich_auth_type', 'immich_is_authenticated']

export function mockServer() {
  const count = Number(process.env.SWISSPHOTO_MOCK_PHOTOS ?? 600)
  const assets = makeAssets(count)
  const pictures = new Map<string, Buffer>()
  let user = process.env.SWISSPHOTO_MOCK_FRESH ? null : { name: 'Anna Keller', email: 'anna@example.ch', password: 'edelweiss' }

  const me = () => ({ id: '00000000-0000-4000-8000-000000000001', name: user!.name, email: user!.email, isAdmin: true })

  function picture(asset: Asset, width: number): Buffer {
    const key = `${asset.scene.seed}/${asset.scene.ratio}/${width}`
    if (!pictures.has(key)) pictures.set(key, scenePng(asset.scene, width))
    return pictures.get(key)!
  }

  function publicAnswer(route: string, body: Buffer): Answer | null {
    const input = () => JSON.parse(body.toString())
    switch (route) {
      case 'GET /server/ping':
        return { json: { res: 'pong' } }
      case 'GET /server/config':
        return { json: { isInitialized: user !== null, isOnboarded: true, loginPageMessage: '' } }
      case 'GET /server/media-types':
        return { json: { image: ['.jpg', '.jpeg', '.png', '.webp', '.heic', '.avif'], sidecar: ['.xmp'], video: ['.mp4', '.mov'] } }
      case 'POST /auth/admin-sign-up':
        user = input()
        return { status: 201, json: me() }
      case 'POST /auth/login': {
        const { email, password } = input()
        if (email !== user?.email || password !== user?.password) return failure(401, 'Incorrect email or password')
        return { status: 201, json: { userId: me().id, name: user?.name }, headers: { 'set-cookie': 'login' } }
      }
      default:
        return null
    }
  }

  function privateAnswer(route: string, url: URL, request: IncomingMessage, body: Buffer): Answer {
    if (route === 'GET /users/me') return { json: me() }
    if (route === 'POST /auth/logout') return { json: { successful: true, redirectUri: '/login' }, headers: { 'set-cookie': 'logout' } }
    if (route === 'GET /timeline/buckets') return { json: buckets(assets) }
    if (route === 'GET /timeline/bucket') return { json: bucket(assets, url.searchParams.get('timeBucket')!) }
    if (route === 'POST /assets') return store(assets, request, body)
    const match = /^GET \/assets\/([^/]+)(\/thumbnail|\/original)?$/.exec(route)
    const asset = match && assets.find(({ id }) => id === match[1])
    if (!asset) return failure(400, 'Not found or no asset.read access')
    if (!match[2]) return { json: details(asset) }
    if (!ready(asset) && match[2] === '/thumbnail') return failure(404, 'Not found')
    const width = url.searchParams.get('size') === 'thumbnail' ? 375 : 1000
    return { bytes: picture(asset, width), type: 'image/png', headers: { 'cache-control': 'private, max-age=86400' } }
  }

  return async (request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const url = new URL(request.url ?? '/', 'http://mock')
    if (!url.pathname.startsWith('/api/')) return next()
    const body = await read(request)
    const route = `${request.method} ${url.pathname.slice(4)}`
    const signedIn = /immich_access_token=true/.test(request.headers.cookie ?? '')
    const answer =
      publicAnswer(route, body) ??
      (signedIn && user ? privateAnswer(route, url, request, body) : failure(401, 'Authentication required'))
    send(response, answer)
  }
}

function makeAssets(count: number): Asset[] {
  let random = 7
  const next = () => (random = (random * 16_807) % 2_147_483_647) / 2_147_483_647
  const assets: Asset[] = []
  let wall = Date.now()
  for (let index = 0; index < count; index++) {
    // Bursts on some days, quiet stretches between them.
    wall -= next() < 0.72 ? next() * 0.04 * DAY_MS : next() * 6 * DAY_MS
    const scene = { seed: Math.floor(next() * 24), ratio: RATIOS[Math.floor(next() * RATIOS.length)]! }
    assets.push({ id: randomUUID(), name: `IMG_${4000 + index}.jpg`, wall, scene, checksum: '', bytes: 3_400_000, readyAt: 0 })
  }
  return assets
}

function ready(asset: Asset): boolean {
  return Date.now() >= asset.readyAt
}

function monthOf(asset: Asset): string {
  return new Date(asset.wall).toISOString().slice(0, 7) + '-01'
}

function buckets(assets: Asset[]) {
  const counts = new Map<string, number>()
  for (const asset of assets) counts.set(monthOf(asset), (counts.get(monthOf(asset)) ?? 0) + 1)
  return [...counts].sort(([a], [b]) => b.localeCompare(a)).map(([timeBucket, count]) => ({ timeBucket, count }))
}

function bucket(assets: Asset[], month: string) {
  const inside = assets.filter((asset) => monthOf(asset) === month).sort((a, b) => b.wall - a.wall)
  return {
    id: inside.map(({ id }) => id),
    ratio: inside.map((asset) => (ready(asset) ? asset.scene.ratio : 1)),
    isImage: inside.map(() => true),
    isFavorite: inside.map(() => false),
    thumbhash: inside.map((asset) => (ready(asset) ? sceneThumbhash(asset.scene) : null)),
    fileCreatedAt: inside.map(({ wall }) => new Date(wall).toISOString()),
    createdAt: inside.map(({ readyAt }) => new Date(readyAt).toISOString()),
    localOffsetHours: inside.map(() => 0),
    duration: inside.map(() => null),
  }
}

function details(asset: Asset) {
  const width = 4000
  const height = Math.round(width / asset.scene.ratio)
  return {
    id: asset.id,
    type: 'IMAGE',
    originalFileName: asset.name,
    localDateTime: new Date(asset.wall).toISOString(),
    fileCreatedAt: new Date(asset.wall).toISOString(),
    thumbhash: ready(asset) ? sceneThumbhash(asset.scene) : null,
    duration: null,
    width,
    height,
    exifInfo: {
      make: 'FUJIFILM',
      model: 'X-T5',
      lensModel: 'XF23mmF1.4 R LM WR',
      fNumber: 5.6,
      exposureTime: '1/420',
      focalLength: 23,
      iso: 125,
      latitude: 46.60242,
      longitude: 8.00731,
      timeZone: 'UTC+2',
      exifImageWidth: width,
      exifImageHeight: height,
      fileSizeInByte: asset.bytes,
    },
  }
}

function store(assets: Asset[], request: IncomingMessage, body: Buffer): Answer {
  const known = (checksum: unknown) => assets.find((asset) => asset.checksum && asset.checksum === checksum)
  const header = known(request.headers['x-immich-checksum'])
  if (header) return { json: { id: header.id, status: 'duplicate' } }
  const text = body.toString('latin1')
  const name = Buffer.from(/name="filename"\r\n\r\n([^\r]*)/.exec(text)?.[1] ?? 'file', 'latin1').toString()
  const file = body.subarray(text.indexOf('\r\n\r\n', text.indexOf('name="assetData"')) + 4, text.lastIndexOf('\r\n--'))
  const checksum = createHash('sha1').update(file).digest('hex')
  const same = known(checksum)
  if (same) return { json: { id: same.id, status: 'duplicate' } }
  if (name.startsWith('broken')) return failure(400, 'Unsupported file type')
  const wall = exifDate(file) ?? Date.now()
  const scene = { seed: file.length % 24, ratio: RATIOS[file.length % RATIOS.length]! }
  const asset = { id: randomUUID(), name, wall, scene, checksum, bytes: file.length, readyAt: Date.now() + PREPARATION_MS }
  assets.push(asset)
  return { status: 201, json: { id: asset.id, status: 'created' } }
}

// The first date of an EXIF block is near enough.
function exifDate(file: Buffer): number | null {
  const date = /(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)\0/.exec(file.subarray(0, 4096).toString('latin1'))
  return date ? Date.parse(`${date[1]}-${date[2]}-${date[3]}T${date[4]}Z`) : null
}

function failure(statusCode: number, message: string): Answer {
  return { status: statusCode, json: { message, statusCode } }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

function send(response: ServerResponse, { status = 200, json, bytes, type, headers = {} }: Answer): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) if (name !== 'set-cookie') response.setHeader(name, value)
  if (headers['set-cookie'] === 'login')
    response.setHeader('set-cookie', COOKIES.map((name) => `${name}=true; Path=/; SameSite=Lax`))
  if (headers['set-cookie'] === 'logout') response.setHeader('set-cookie', COOKIES.map((name) => `${name}=; Path=/; Max-Age=0`))
  response.setHeader('content-type', type ?? 'application/json')
  response.end(bytes ?? JSON.stringify(json))
}
