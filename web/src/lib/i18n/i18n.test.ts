import { beforeEach, describe, expect, it } from 'vitest'
import { createFormat } from './format'
import { i18n, n, t } from './index.svelte'
import { chooseLanguage, chooseLocale } from './language'
import { fill, pluralForm } from './plural'

describe('chooseLanguage', () => {
  it('takes what was chosen, then what the browser prefers, then English', () => {
    expect(chooseLanguage('it', ['de-CH'])).toBe('it')
    expect(chooseLanguage(null, ['rm-CH', 'fr-CH', 'de'])).toBe('fr')
    expect(chooseLanguage('xx', ['ja'])).toBe('en')
    expect(chooseLanguage(null, [])).toBe('en')
  })
})

describe('chooseLocale', () => {
  it("keeps the browser's region, else takes the Swiss one", () => {
    expect(chooseLocale('de', ['en-US', 'de-AT'])).toBe('de-AT')
    expect(chooseLocale('de', ['de'])).toBe('de-CH')
    expect(chooseLocale('en', ['fr-CH'])).toBe('en-GB')
  })
})

describe('texts', () => {
  beforeEach(async () => {
    localStorage.clear()
    await i18n.choose('en')
  })

  it('fill names and leave unknown ones visible', () => {
    expect(fill('{a} of {b}', { a: 1 })).toBe('1 of {b}')
  })

  it('treat what is filled in as text alone', () => {
    expect(fill('{a}', { a: '{b} $& <b>' })).toBe('{b} $& <b>')
  })

  it('choose the plural of the language', () => {
    expect(pluralForm({ one: 'ein', other: 'viele' }, 1, 'de')).toBe('ein')
    expect(pluralForm({ one: 'une', other: 'des' }, 0, 'fr')).toBe('une')
    expect(pluralForm({ one: 'un', other: 'vari' }, 1_000_000, 'it')).toBe('vari')
  })

  it('follow a change of language, which is remembered', async () => {
    expect(t('login.submit')).toBe('Sign in')
    expect(n('upload.left', 2)).toBe('2 files left')
    await i18n.choose('de')
    expect(t('login.submit')).toBe('Anmelden')
    expect(n('upload.left', 1)).toBe('Noch 1 Datei')
    expect(localStorage.getItem('swissphoto.language')).toBe('de')
    expect(document.documentElement.lang).toMatch(/^de/)
  })
})

describe('formats', () => {
  const german = createFormat('de-CH')
  const english = createFormat('en-GB')
  const wall = Date.UTC(2024, 2, 2, 14, 3)

  it('write dates in the language', () => {
    expect(german.month(wall)).toEqual({ name: 'März', year: '2024' })
    expect(createFormat('fr-CH').month(wall).name).toBe('Mars')
    expect(english.day(wall)).toMatch(/^Sat,? 2 Mar$/)
    expect(createFormat('it-CH').day(wall)).toMatch(/^Sab,? 2 mar$/)
    expect(german.time(wall)).toBe('14:03')
  })

  it('write sizes', () => {
    expect(english.bytes(0)).toBe('0 bytes')
    expect(english.bytes(512)).toBe('512 bytes')
    expect(english.bytes(34_000)).toBe('34 kB')
    expect(english.bytes(3_400_000)).toBe('3.4 MB')
    expect(english.bytes(999_900)).toBe('1 MB')
    expect(german.number(12345)).toMatch(/^12['’]345$/)
  })

  it('write durations', () => {
    expect(english.duration(7_400)).toBe('0:07')
    expect(english.duration(83_000)).toBe('1:23')
    expect(english.duration(3_723_000)).toBe('1:02:03')
  })
})
