import { describe, expect, it } from 'vitest';
import type { Guid } from '../../../src/address/guid.js';
import { DiscoveryError } from '../../../src/discovery/discovery-error.js';
import { askPowerShell, parseRows } from '../../../src/discovery/hyper-v/powershell.js';

const mint = '86e0c1e9-782c-47e0-b7c2-99f8167f5178' as Guid;

describe("PowerShell's answer", () => {
  const row = { Name: mint, ElementName: '日本 語', EnabledState: 2 };
  const read = { id: mint, name: '日本 語', state: 2 };

  it.each([
    { name: 'a list', text: JSON.stringify([row, row]), want: [read, read] },
    { name: 'one object', text: JSON.stringify(row), want: [read] },
    { name: 'a wrapped list', text: JSON.stringify({ value: [row], Count: 1 }), want: [read] },
    { name: 'a byte order mark', text: `\ufeff${JSON.stringify([row])}\r\n`, want: [read] },
    { name: 'no machines', text: '[]', want: [] },
    {
      name: 'names as numbers, which no encoding changes',
      text: JSON.stringify([
        { ...row, ElementName: [...'日本 語😀'].flatMap((c) => c.split('').map((u) => u.charCodeAt(0))) },
      ]),
      want: [{ ...read, name: '日本 語😀' }],
    },
    {
      name: 'a name of one letter',
      text: JSON.stringify([{ ...row, ElementName: 228 }]),
      want: [{ ...read, name: 'ä' }],
    },
    {
      name: 'a row without a name',
      text: JSON.stringify([{ ...row, ElementName: null }]),
      want: [{ ...read, name: mint }],
    },
  ])('may be $name', ({ text, want }) => {
    expect(parseRows(text)).toEqual(want);
  });

  it.each(['', '\ufeff\r\n', 'Get-CimInstance : denied', '[1]', '{"Name":1}'])('may not be %j', (text) => {
    expect(() => parseRows(text)).toThrow(DiscoveryError);
  });

  it('is asked for by a full path, without a profile', async () => {
    const asked: unknown[] = [];
    let script = '';
    const run = async (program: string, args: readonly string[]) => {
      asked.push(program, ...args.slice(0, 3));
      script = args[3] ?? '';
      return '[]';
    };
    await askPowerShell({ env: { SystemRoot: 'D:\\Windows' } }, run);
    const path = 'D:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe';
    expect(asked).toEqual([path, '-NoProfile', '-NonInteractive', '-Command']);
    // Constrained Language Mode has no methods; the one property that it refuses to set is in a try.
    expect(script).not.toMatch(/\.\w+\(|::\w+\(|New-Object|Add-Type/);
    expect(script.replace(/try \{.*?\} catch \{ \}/, '')).not.toContain('::');
  });
});
