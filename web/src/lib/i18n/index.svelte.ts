// The texts and formats of the language in use. Reading t(), n() or format in a template follows a change of language.
import { recall, remember } from '../storage'
import { createFormat } from './format'
import { chooseLanguage, chooseLocale, type Language } from './language'
import { fill, pluralForm, type Params } from './plural'
import { en, type Messages } from './en'

export { LANGUAGES, LANGUAGE_NAMES, type Language } from './language'

type KeysOf<Kind> = { [Key in keyof Messages]: Messages[Key] extends Kind ? Key : never }[keyof Messages]
export type TextKey = KeysOf<string>
export type PluralKey = Exclude<keyof Messages, TextKey>

// English is the fallback and part of the first load; each other table is a chunk of its own.
const tables: Record<Language, () => Promise<Messages>> = {
  de: async () => (await import('./de')).de,
  fr: async () => (await import('./fr')).fr,
  it: async () => (await import('./it')).it,
  en: async () => en,
}

class I18n {
  language = $state<Language>('en')
  messages = $state.raw<Messages>(en)
  locale = $derived(chooseLocale(this.language, navigator.languages))
  format = $derived(createFormat(this.locale))

  async start(): Promise<void> {
    await this.#show(chooseLanguage(recall('language'), navigator.languages)).catch(() => this.#show('en'))
  }

  async choose(language: Language): Promise<void> {
    await this.#show(language)
    remember('language', language)
  }

  async #show(language: Language): Promise<void> {
    this.messages = await tables[language]()
    this.language = language
    document.documentElement.lang = this.locale
  }
}

export const i18n = new I18n()

export function t(key: TextKey, params: Params = {}): string {
  return fill(i18n.messages[key], params)
}

// The form for `count`; {count} in the text is the number in the language's own notation.
export function n(key: PluralKey, count: number, params: Params = {}): string {
  const form = pluralForm(i18n.messages[key], count, i18n.locale)
  return fill(form, { ...params, count: i18n.format.number(count) })
}
