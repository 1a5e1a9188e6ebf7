import { describe, expect, it } from 'vitest'
import { isWanted, pickedFromDrop } from './files'

function fileEntry(name: string) {
  return { isFile: true, isDirectory: false, name, file: (done: (file: File) => void) => done(new File(['x'], name)) }
}

// Answers its entries in portions of two, as browsers do in portions of a hundred.
function folderEntry(name: string, entries: object[]) {
  return {
    isFile: false,
    isDirectory: true,
    name,
    createReader() {
      const rest = [...entries]
      return { readEntries: (done: (portion: object[]) => void) => done(rest.splice(0, 2)) }
    },
  }
}

function drop(...entries: object[]): DataTransfer {
  return { items: entries.map((entry) => ({ webkitGetAsEntry: () => entry })), files: [] } as unknown as DataTransfer
}

describe('pickedFromDrop', () => {
  it('walks folders to the bottom and keeps their names in the path', async () => {
    const picked = await pickedFromDrop(
      drop(
        fileEntry('a.jpg'),
        folderEntry('Engadin', [
          fileEntry('10.jpg'),
          fileEntry('1.jpg'),
          fileEntry('2.jpg'),
          folderEntry('RAW', [fileEntry('1.dng')]),
        ]),
      ),
    )
    expect(picked.map(({ path }) => path)).toEqual([
      'a.jpg',
      'Engadin/1.jpg',
      'Engadin/2.jpg',
      'Engadin/10.jpg',
      'Engadin/RAW/1.dng',
    ])
  })

  it('leaves out what the system hides', async () => {
    const picked = await pickedFromDrop(drop(folderEntry('x', [fileEntry('.DS_Store'), fileEntry('Thumbs.db')])))
    expect(picked).toEqual([])
  })

  it('goes on where a file cannot be read', async () => {
    const broken = { isFile: true, isDirectory: false, name: 'b.jpg', file: (_: unknown, fail: () => void) => fail() }
    const picked = await pickedFromDrop(drop(broken, fileEntry('a.jpg')))
    expect(picked.map(({ path }) => path)).toEqual(['a.jpg'])
  })
})

describe('isWanted', () => {
  it('knows hidden names anywhere in the path', () => {
    expect(isWanted('Engadin/1.jpg')).toBe(true)
    expect(isWanted('.git/1.jpg')).toBe(false)
    expect(isWanted('Engadin/desktop.ini')).toBe(false)
  })
})
