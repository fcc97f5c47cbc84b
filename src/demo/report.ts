import type { ChalkInstance } from 'chalk';
import { printable } from '../errors.js';

export interface Row {
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly title: string;
  /** Milliseconds; absent if skipped. */
  readonly ms?: number;
  readonly detail: string;
  readonly typed?: string;
  readonly hint?: string;
}

const marks = { passed: '✓', failed: '✗', skipped: '–' } as const;
const colors = { passed: 'green', failed: 'red', skipped: 'yellow' } as const;

/** One line with mark, title, time and outcome in columns; below it the command, and the hint. */
export function formatRow({ state, title, ms, detail, typed, hint }: Row, style: ChalkInstance): string {
  const time = ms === undefined ? 'skipped' : `${ms.toFixed(1)} ms`;
  const [first = '', ...more] = detail.split('\n').map(printable);
  const lines = [
    `  ${style[colors[state]](marks[state])} ${title.padEnd(11)} ${style.dim(time.padStart(10))}  ${first}`,
    ...more.map((line) => `${' '.repeat(28)}${line}`),
    ...(typed ? [`      ${style.dim(typed)}`] : []),
    ...(hint ? [`      ${style.dim('hint:')} ${hint}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

export function formatHeading(text: string, style: ChalkInstance): string {
  return `\n${style.bold(text)}\n`;
}
