import { describe, expect, it } from 'vitest'
import { loginAddress, ownAddress, parse } from './router.svelte'

const ID = '5f0c1e7a-32fd-4f0e-9d9c-0a1b2c3d4e5f'

describe('parse', () => {
  it('knows the rooms', () => {
    expect(parse('/')).toEqual({ name: 'timeline' })
    expect(parse('/photos')).toEqual({ name: 'timeline' })
    expect(parse('/photos/' + ID)).toEqual({ name: 'photo', id: ID })
    expect(parse('/sign-up')).toEqual({ name: 'sign-up' })
    expect(parse('/login?to=%2Fphotos%2F' + ID)).toEqual({ name: 'login', to: '/photos/' + ID })
    expect(parse('/auth/login?autoLaunch=0')).toEqual({ name: 'login', to: '/photos' })
  })

  it('knows what it does not know', () => {
    for (const address of ['/albums', '/photos/1', '/photos/../../etc', '/photos/' + ID + '/x'])
      expect(parse(address).name).toBe('missing')
  })
})

describe('ownAddress', () => {
  it('never leaves the instance', () => {
    const foreign = ['//evil.example', '/\\evil.example', '/..//evil.example', 'https://evil.example', 'javascript:alert(1)']
    for (const to of [...foreign, '', null]) expect(ownAddress(to)).toBe('/photos')
  })

  it('keeps an address of ours', () => {
    expect(ownAddress('/photos/' + ID + '?x=1')).toBe('/photos/' + ID + '?x=1')
  })
})

describe('loginAddress', () => {
  it('remembers where a person was, unless it is home', () => {
    expect(loginAddress('/photos')).toBe('/login')
    expect(parse(loginAddress('/photos/' + ID))).toEqual({ name: 'login', to: '/photos/' + ID })
  })
})
