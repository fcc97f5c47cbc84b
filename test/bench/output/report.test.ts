import { expect, it } from 'vitest';
import type { FigureResult, Result } from '../types.js';
import { asMarkdown } from './report.js';

const none = { values: [], median: 0, min: 0, max: 0 };

it('has a row for each target, and says which was missed, what never happened and who is better', () => {
  const text = asMarkdown(
    made([
      {
        title: 'start',
        unit: 'ms',
        entries: [
          { ...none, name: 'vmssh, executable', median: 3 },
          { ...none, name: 'socat', median: 2 },
        ],
        verdicts: [{ of: 'vmssh, executable', peer: 'socat', ratio: 1.5, atMost: 1, reached: false }],
      },
      {
        title: 'failures',
        unit: '',
        entries: [{ ...none, name: 'vmssh, executable' }],
        verdicts: [{ of: 'vmssh, executable', value: 0, atMost: 0, reached: true }],
      },
    ]),
  );
  expect(text).toContain('\n| start | socat | 1.50 × | ≤ 1 × |\n');
  expect(text).not.toContain('| failures |');
  expect(text).toContain(
    [
      '- **Missed:** start, vmssh, executable: 1.50 × socat; the target is at most 1 ×.',
      '- None, as required: failures.',
      '- Better elsewhere: start: socat has 2.00 ms, vmssh, executable 3.00 ms.',
      '- the machine was busy',
    ].join('\n'),
  );
});

it('says how much of a login the start of the proxy is', () => {
  const figure = (title: string, medians: Readonly<Record<string, number>>) => ({
    title,
    unit: 'ms',
    entries: Object.entries(medians).map(([name, median]) => ({ ...none, name, median })),
    verdicts: [],
  });
  const start = figure('host name → banner, fd passing', { 'vmssh, executable': 1, 'systemd-ssh-proxy': 4 });
  const login = figure('`ssh host true`', { 'vmssh, executable': 240 });
  expect(asMarkdown(made([start, login]))).toContain(
    '\nA login takes 240 ms here, and the proxy only 1.00 of them (systemd-ssh-proxy: 4.00): ',
  );
  expect(asMarkdown(made([start]))).not.toContain('A login takes');
});

function made(figures: Pick<FigureResult, 'title' | 'unit' | 'entries' | 'verdicts'>[]): Result {
  return {
    machine: { processors: '2' },
    versions: { vmssh: '0' },
    quick: false,
    notes: ['the machine was busy'],
    figures: figures.map((figure) => ({ ...figure, id: figure.title, better: 'less', runs: 1 })),
    seconds: 1,
  };
}
