import { describe, expect, it } from 'vitest';
import { noState } from '../../src/book/state.js';
import { formatCheck, type Stage } from '../../src/checks/result.js';
import { formatProgress } from '../../src/cli/guest.js';
import { rowFormatter } from '../../src/cli/rows.js';
import { runList } from '../../src/commands/list/list.js';
import type { ListOptions } from '../../src/commands/list/output.js';
import { decide } from '../../src/hosts/decide.js';
import { settings } from '../../src/hosts/options.js';
import { sshLines } from '../../src/hosts/plan.js';
import { inEffect } from '../../src/hosts/setting.js';
import type { Io } from '../../src/process/io.js';
import type { ListedMachine } from '../../src/sources/merge.js';
import type { Warning } from '../../src/sources/source.js';
import { routeBy } from '../../src/typed/route.js';
import { fakeIo } from '../helpers/fake-io.js';
import { useTempDir } from '../helpers/temp-dir.js';

const home = useTempDir();

/** What a terminal obeys or turns around: ESC, CSI, DEL, bidirectional controls, line and paragraph separators. */
const steering = ['\x1b', '\x9b', '\x7f', '\u202e', '\u2066', '\u061c', '\u200f', '\u2028'];
const steers = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u;
const fields = ['name', 'target', 'uuid', 'address', 'user', 'identityFile', 'also', 'code', 'problem'];
const cases = steering.flatMap((character) => fields.map((field) => ({ character, field })));

function hostile(field: string, character: string): { machine: ListedMachine; warning: Warning } {
  const text = (name: string, plain: string) => (name === field ? `${plain}${character}31m` : plain);
  const machine: ListedMachine = {
    name: text('name', 'web'),
    target: text('target', 'lima/web'),
    status: 'running',
    provider: 'p',
    cid: 3,
    uuid: text('uuid', '11111111-2222-4333-8444-555555555555'),
    routes: [routeBy({ family: 'unix', path: text('address', '/run/x') })],
    user: text('user', 'ann'),
    identityFile: text('identityFile', '/k'),
    also: [text('also', 'machine/web')],
  };
  return { machine, warning: { provider: 'p', code: text('code', 'EIO'), problem: text('problem', 'x') } };
}

/** What was printed, without line ends and tabs, which are ours. */
const printed = ({ stdout, stderr }: { stdout: readonly string[]; stderr: readonly string[] }) =>
  [...stdout, ...stderr].join('').replaceAll(/[\n\t]/g, '');

const shows: readonly ListOptions['show'][] = ['table', 'wide', 'json', 'name', 'id', 'status', 'address'];

describe.each(cases)(
  '$character in the $field of a machine does not control the terminal',
  ({ character, field }) => {
    const { machine, warning } = hostile(field, character);
    const all = { machines: [machine], warnings: [warning] };

    it.each(shows)('list: %s', async (show) => {
      const io = fakeIo();
      const options = {
        ...{ show, names: [], addresses: false, runningOnly: false },
        ...{ sources: undefined, watchMs: undefined },
      };
      const provider = { name: 'p', title: 'P', list: async () => ({ found: [], warnings: [] }) };
      await runList(options, io, {
        sources: [{ name: 'p', platforms: ['linux'], load: async () => provider }],
        listAll: async () => all,
        hosts: async () => undefined,
        keepFresh: async () => {},
      });
      expect(printed(io)).not.toMatch(steers);
      expect(printed(io)).not.toBe('');
    });

    it('config print', async () => {
      const io = fakeIo({ env: { HOME: home } });
      const options = { ...inEffect(settings, {}, {}), system: false };
      const decision = await decide(
        options,
        noState,
        () => undefined,
        io,
        async () => all,
      );
      io.out(`${await sshLines(decision, options, io)}${decision.notes.join('\n')}`);
      expect(printed(io)).not.toMatch(steers);
    });
  },
);

describe.each(steering)('%j in text from others does not control the terminal', (character) => {
  const text = `x${character}31m`;
  const caller: Io = fakeIo();

  it('check', async () => {
    const stages = [{ stage: text as Stage['stage'], ms: 1, found: text }];
    const out = formatCheck({ target: text, stages }, await rowFormatter(caller));
    expect(out.replaceAll('\n', '')).not.toMatch(steers);
  });

  it("a guest's line", async () => {
    for (const state of ['ok', 'changed', 'skipped', 'failed', 'fix'] as const) {
      const out = formatProgress({ state, step: 'x', message: text }, await rowFormatter(caller));
      expect(out.replaceAll('\n', '')).not.toMatch(steers);
    }
  });
});
