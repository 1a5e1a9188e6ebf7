// Stand-in until the generator writes this file from api/*.yaml; the same shape.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errors?: { path: (string | number)[]; message: string; code: string }[],
  ) {
    super(message)
  }
}

export type ServerConfigDto = { isInitialized: boolean; isOnboarded: boolean; loginPageMessage: string }
export type ServerMediaTypesResponseDto = { image: string[]; sidecar: string[]; video: string[] }
export type ServerPingResponse = { res: string }
export type UserAdminResponseDto = {
  id: string
  name: string
  email: string
  isAdmin: boolean
  quotaSizeInBytes: number | null
  quotaUsageInBytes: number | null
}
export type LoginResponseDto = { accessToken: string; name: string; userEmail: string; userId: string }
export type LogoutResponseDto = { redirectUri: string; successful: boolean }
export type LoginCredentialDto = { email: string; password: string }
export type SignUpDto = { email: string; name: string; password: string }
export type TimeBucketsResponseDto = { count: number; timeBucket: string }
export type TimeBucketAssetResponseDto = {
  id: string[]
  ratio: number[]
  isImage: boolean[]
  isFavorite: boolean[]
  thumbhash: (string | null)[]
  fileCreatedAt: string[]
  localOffsetHours: number[]
  duration: (number | null)[]
}
export type ExifResponseDto = {
  city?: string | null
  country?: string | null
  dateTimeOriginal?: string | null
  description?: string | null
  exifImageHeight?: number | null
  exifImageWidth?: number | null
  exposureTime?: string | null
  fNumber?: number | null
  fileSizeInByte?: number | null
  focalLength?: number | null
  iso?: number | null
  latitude?: number | null
  lensModel?: string | null
  longitude?: number | null
  make?: string | null
  model?: string | null
  state?: string | null
  timeZone?: string | null
}
export type AssetResponseDto = {
  id: string
  type: string
  originalFileName: string
  originalMimeType?: string
  localDateTime: string
  fileCreatedAt: string
  thumbhash: string | null
  duration: number | null
  width: number | null
  height: number | null
  exifInfo?: ExifResponseDto
}

type Options = { signal?: AbortSignal }

async function call<T>(method: string, path: string, body?: unknown, options?: Options): Promise<T> {
  const response = await fetch('/api' + path, {
    method,
    credentials: 'same-origin',
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: options?.signal,
  })
  const text = await response.text()
  const answer = text && response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined
  if (!response.ok) throw new ApiError(response.status, answer?.message ?? response.statusText, answer?.errors)
  return answer as T
}

export const getServerConfig = (options?: Options) =>
  call<ServerConfigDto>('GET', '/server/config', undefined, options)
export const getSupportedMediaTypes = (options?: Options) =>
  call<ServerMediaTypesResponseDto>('GET', '/server/media-types', undefined, options)
export const pingServer = (options?: Options) =>
  call<ServerPingResponse>('GET', '/server/ping', undefined, options)
export const signUpAdmin = (params: { body: SignUpDto }, options?: Options) =>
  call<UserAdminResponseDto>('POST', '/auth/admin-sign-up', params.body, options)
export const login = (params: { body: LoginCredentialDto }, options?: Options) =>
  call<LoginResponseDto>('POST', '/auth/login', params.body, options)
export const logout = (options?: Options) => call<LogoutResponseDto>('POST', '/auth/logout', undefined, options)
export const getMyUser = (options?: Options) => call<UserAdminResponseDto>('GET', '/users/me', undefined, options)
export const getTimeBuckets = (params: { visibility?: string }, options?: Options) =>
  call<TimeBucketsResponseDto[]>('GET', '/timeline/buckets?' + new URLSearchParams(params), undefined, options)
export const getTimeBucket = (params: { timeBucket: string; visibility?: string }, options?: Options) =>
  call<TimeBucketAssetResponseDto>('GET', '/timeline/bucket?' + new URLSearchParams(params), undefined, options)
export const getAssetInfo = (params: { id: string }, options?: Options) =>
  call<AssetResponseDto>('GET', '/assets/' + params.id, undefined, options)
