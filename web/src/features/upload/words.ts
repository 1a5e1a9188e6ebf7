// What became of a file, in words that say what to do.
import { i18n, n, t } from '../../lib/i18n/index.svelte'
import type { UploadItem, UploadQueue } from './queue.svelte'

export function stateWords(item: UploadItem): string {
  switch (item.state) {
    case 'waiting':
      return t('upload.waiting')
    case 'reading':
      return t('upload.reading')
    case 'sending':
      return item.file.size > 0 && item.sent >= item.file.size
        ? t('upload.storing')
        : t('upload.sending', { percent: i18n.format.percent(item.file.size ? item.sent / item.file.size : 0) })
    case 'created':
      return t('upload.created')
    case 'duplicate':
      return t('upload.duplicate')
    case 'unsupported':
      return item.reason === 'empty' ? t('upload.empty') : t('upload.unsupported')
    case 'failed':
      return failureWords(item)
  }
}

function failureWords(item: UploadItem): string {
  switch (item.reason) {
    case 'network':
      return t('upload.failedNetwork')
    case 'quota':
      return t('upload.failedQuota')
    case 'busy':
      return t('upload.failedBusy')
    case 'refused':
      return t('upload.failedRefused', { message: item.message })
    default:
      return t('upload.failedServer', { message: item.message })
  }
}

export function headline(queue: UploadQueue, preparing: number): string {
  const left = queue.counts.waiting + queue.counts.reading + queue.counts.sending
  if (queue.held) return t(queue.held === 'server' ? 'upload.heldServer' : 'upload.held')
  if (left > 0) return n('upload.left', left)
  if (preparing > 0) return n('upload.preparing', preparing)
  return queue.counts.failed > 0 ? n('upload.someFailed', queue.counts.failed) : t('upload.done')
}

// "12 new, 3 already there, 1 not supported, 2 failed": only what there is, and what the headline does not say.
export function summary(queue: UploadQueue, preparing: number): string {
  const { created, duplicate, unsupported, failed } = queue.counts
  return [
    created > 0 ? n('upload.countCreated', created) : '',
    duplicate > 0 ? n('upload.countDuplicate', duplicate) : '',
    unsupported > 0 ? n('upload.countUnsupported', unsupported) : '',
    failed > 0 && preparing > 0 ? n('upload.countFailed', failed) : '',
  ]
    .filter(Boolean)
    .join(', ')
}
