/** Files can be dropped anywhere on the page. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { openBlob } from './Header.js'

export function DropZone(): JSX.Element | null {
  const isOver = useSignal(false)
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes('Files') !== true) return
      event.preventDefault()
      isOver.value = true
    }
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) isOver.value = false
    }
    const drop = (event: DragEvent): void => {
      event.preventDefault()
      isOver.value = false
      const file = event.dataTransfer?.files[0]
      if (file) void openBlob(file)
    }
    addEventListener('dragover', over)
    addEventListener('dragleave', leave)
    addEventListener('drop', drop)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('dragleave', leave)
      removeEventListener('drop', drop)
    }
  }, [isOver])
  return isOver.value ? (
    <p class="drop" role="status">
      Drop it to open it
    </p>
  ) : null
}
