// The web app in Debian's Chromium against a real instance: SWISSPHOTO_URL, or one that is started for this run.
// The project "new-user" begins on an empty instance; the others look at what it left, in every size, theme and language.
import { defineConfig, devices, type PlaywrightTestConfig } from '@playwright/test'

type Project = NonNullable<PlaywrightTestConfig['projects']>[number]

function look(name: string, device: string, colorScheme: 'light' | 'dark', locale: string): Project {
  const { defaultBrowserType: _, ...settings } = devices[device]!
  return {
    name,
    testMatch: 'every-look.spec.ts',
    dependencies: ['new-user'],
    use: { ...settings, colorScheme, locale },
  }
}

export default defineConfig({
  testDir: '.',
  outputDir: './results',
  globalSetup: './instance.ts',
  workers: 1,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    timezoneId: 'Europe/Zurich',
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    },
    trace: 'retain-on-failure',
  },
  projects: [
    { name: 'new-user', testMatch: 'new-user.spec.ts', use: { locale: 'en-GB' } },
    look('desktop-light-de', 'Desktop Chrome', 'light', 'de-CH'),
    look('desktop-dark-en', 'Desktop Chrome', 'dark', 'en-GB'),
    look('phone-light-fr', 'Pixel 7', 'light', 'fr-CH'),
    look('phone-dark-it', 'Pixel 7', 'dark', 'it-CH'),
    look('phone-light-de', 'Pixel 7', 'light', 'de-CH'),
  ],
})
