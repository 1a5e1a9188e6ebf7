// Light, dark or as the system says. The choice stands as data-theme on <html>; public/theme.js sets it before paint.
import { recall, remember } from './storage'

export type Theme = 'system' | 'light' | 'dark'

function known(value: string | null): Theme {
  return value === 'light' || value === 'dark' ? value : 'system'
}

class ThemeStore {
  choice = $state<Theme>(known(recall('theme')))

  choose(theme: Theme): void {
    this.choice = theme
    remember('theme', theme === 'system' ? null : theme)
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }
}

export const theme = new ThemeStore()
