/** Colours and fonts of the canvas: those of the style sheet, read again when light and dark change. */
import { signal } from '@preact/signals'
import { FAMILIES } from '../kinds.js'

export interface Theme {
  readonly paper: string
  readonly ink: string
  readonly soft: string
  readonly line: string
  readonly faint: string
  readonly accent: string
  readonly bad: string
  readonly good: string
  readonly warn: string
  readonly disk: string
  readonly families: readonly string[]
  readonly font: string
}

function read(): Theme {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    paper: color('paper'),
    ink: color('ink'),
    soft: color('soft'),
    line: color('line'),
    faint: color('faint'),
    accent: color('accent'),
    bad: color('bad'),
    good: color('good'),
    warn: color('warn'),
    disk: color('disk'),
    families: FAMILIES.map((family) => color(family)),
    font: color('sans'),
  }
}

export const theme = signal<Theme>(read())

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  theme.value = read()
})
