import { svelte } from '@sveltejs/vite-plugin-svelte'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { mockServer } from './dev/mock-server.ts'

const FIRST_LOAD_LIMIT_KB = 150

// The API comes from a running instance (SWISSPHOTO_URL), else from the mock server.
const instance = process.env.SWISSPHOTO_URL

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), fontLicense(), firstLoad(), ...(instance || mode === 'test' ? [] : [mockPlugin()])],
  // Browsers that know light-dark(), popover and Array.at: about two years back.
  build: {
    target: ['chrome123', 'firefox125', 'safari17.5'],
    assetsInlineLimit: 0, // the content security policy allows no data: address
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
  },
  server: { proxy: instance ? { '/api': { target: instance } } : undefined },
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
}))

function mockPlugin(): Plugin {
  return {
    name: 'mock-server',
    apply: 'serve',
    configureServer: (server) => void server.middlewares.use(mockServer()),
    configurePreviewServer: (server) => {
      server.middlewares.use((_request, response, next) => {
        response.setHeader('content-security-policy', "default-src 'self'") // as the real server
        next()
      })
      server.middlewares.use(mockServer())
    },
  }
}

// The font's licence goes where the font goes; licenses.md has those of the scripts.
function fontLicense(): Plugin {
  const path = fileURLToPath(import.meta.resolve('@fontsource-variable/inter/LICENSE'))
  return {
    name: 'font-license',
    apply: 'build',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'assets/inter-LICENSE.txt', source: readFileSync(path) })
    },
  }
}

// Prints what a first visit transfers in scripts and styles, and fails the build beyond the limit.
function firstLoad(): Plugin {
  return {
    name: 'first-load',
    apply: 'build',
    writeBundle(_options, bundle) {
      const names = new Set<string>()
      const follow = (name: string) => {
        const chunk = bundle[name]
        if (names.has(name) || chunk?.type !== 'chunk') return
        names.add(name)
        chunk.imports.forEach(follow)
        chunk.viteMetadata?.importedCss.forEach((style) => names.add(style))
      }
      for (const [name, chunk] of Object.entries(bundle)) if (chunk.type === 'chunk' && chunk.isEntry) follow(name)
      const contents = [...names].map((name) => {
        const part = bundle[name]!
        return Buffer.from(part.type === 'chunk' ? part.code : part.source)
      })
      const kilobytes = (pack: (data: Buffer) => Buffer) =>
        contents.reduce((sum, content) => sum + pack(content).length, 0) / 1000
      const gzip = kilobytes((data) => gzipSync(data, { level: 9 }))
      console.log(
        `first load: ${gzip.toFixed(1)} kB gzip, ${kilobytes(brotliCompressSync).toFixed(1)} kB brotli ` +
          `(scripts and styles, ${names.size} files; limit ${FIRST_LOAD_LIMIT_KB} kB)`,
      )
      if (gzip > FIRST_LOAD_LIMIT_KB) throw new Error(`The first load is over ${FIRST_LOAD_LIMIT_KB} kB.`)
    },
  }
}
