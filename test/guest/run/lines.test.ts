import { describe, expect, it } from 'vitest';
import { splitLines, splitTerminal } from '../../../src/guest/run/lines.js';

const part = 'ab'.repeat(16);
const parts = (2 << 20) / part.length;

describe('a line without an end', () => {
  it('is cut to its last 64 KiB, at no more work than its length', () => {
    const lines: string[] = [];
    const take = splitLines((line) => lines.push(line));
    for (let i = 0; i < parts; i++) take(part);
    take('z\n');
    expect(lines).toEqual([`${'ab'.repeat(1 << 15).slice(1)}z`]);
  });

  it('is cut on a terminal too', () => {
    const lines: string[] = [];
    const prompts: string[] = [];
    const take = splitTerminal(
      (line) => lines.push(line),
      (text) => prompts.push(text),
    );
    for (let i = 0; i < parts; i++) take(part);
    take('z\n');
    expect(lines).toEqual([`${'ab'.repeat(1 << 15).slice(1)}z`]);
    expect(prompts).toEqual([]);
  });
});
