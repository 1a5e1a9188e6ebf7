// From a drop or a file chooser to a flat list of files: folders are walked, what the system hides is left out.

export interface PickedFile {
  file: File
  path: string // "Holidays/IMG_1.jpg" from a folder, else the name
}

const HIDDEN = /^(\.|Thumbs\.db$|desktop\.ini$)/i

export function pickedFrom(files: Iterable<File>): PickedFile[] {
  return [...files]
    .map((file) => ({ file, path: file.webkitRelativePath || file.name }))
    .filter(({ path }) => isWanted(path))
}

// Has to be called while the drop event runs: its items are gone afterwards; the reading itself takes its time.
export function pickedFromDrop(transfer: DataTransfer): Promise<PickedFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  if (entries.length === 0) return Promise.resolve(pickedFrom(transfer.files))
  return Promise.all(entries.map((entry) => walk(entry, ''))).then((lists) => inOrder(lists.flat()))
}

// A file system gives its names in any order; people expect "2" before "10".
function inOrder(picked: PickedFile[]): PickedFile[] {
  const names = new Intl.Collator(undefined, { numeric: true })
  return picked.sort((a, b) => names.compare(a.path, b.path))
}

export function isWanted(path: string): boolean {
  return !path.split('/').some((part) => HIDDEN.test(part))
}

// A file or folder that cannot be read gives nothing: the others still come.
async function walk(entry: FileSystemEntry, above: string): Promise<PickedFile[]> {
  const path = above + entry.name
  if (!isWanted(path)) return []
  if (isFile(entry)) {
    const file = await new Promise<File | null>((resolve) => entry.file(resolve, () => resolve(null)))
    return file ? [{ file, path }] : []
  }
  if (!isFolder(entry)) return []
  const picked: PickedFile[] = []
  const reader = entry.createReader()
  for (;;) {
    // A reader gives its entries in portions; an empty one is the end.
    const portion = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])))
    if (portion.length === 0) return picked
    for (const inner of portion) picked.push(...(await walk(inner, path + '/')))
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory
}
