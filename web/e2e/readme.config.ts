// npm run pictures: makes the pictures of the README again, on an empty instance.
import config from './playwright.config'

export default { ...config, projects: [{ name: 'readme', testMatch: 'readme.spec.ts', use: { locale: 'en-GB' } }] }
