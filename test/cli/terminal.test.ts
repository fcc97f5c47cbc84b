import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Env } from '../../src/base/runtime.js';
import { startProgress } from '../../src/cli/terminal.js';
import { fakeIo } from '../helpers/fake-io.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const terminal = { stdin: true, stdout: true, stderr: true };

/** A progress with a clock of its own; `drawn`: the texts that its spinner had. */
async function progress(env: Env = {}) {
  const drawn: string[] = [];
  const spinner = {
    start: () => spinner,
    clear: () => void drawn.push('(cleared)'),
    stop: () => void drawn.push('(stopped)'),
    set text(text: string) {
      if (drawn.at(-1) !== text) drawn.push(text);
    },
  };
  const make = ({ text }: { text: string }) => {
    drawn.push(text);
    return spinner as never;
  };
  const host = Object.assign(new EventEmitter(), { exit: vi.fn() });
  const io = fakeIo({ terminal, env });
  const shown = await startProgress(io, 'asking podman', Date.now, host as never, async () => ({
    default: make,
  }));
  return { drawn, shown, host };
}

it('a wait that is over at once shows nothing', async () => {
  const { drawn, shown } = await progress();
  await vi.advanceTimersByTimeAsync(299);
  shown.update('looking inside web');
  shown.stop();
  await vi.advanceTimersByTimeAsync(5000);
  expect(drawn).toEqual([]);
});

it('a longer one shows what it waits for, and the seconds from the third on, until it is over', async () => {
  const { drawn, shown } = await progress();
  await vi.advanceTimersByTimeAsync(301);
  shown.update('looking inside web');
  await vi.advanceTimersByTimeAsync(3000);
  shown.stop();
  await vi.advanceTimersByTimeAsync(5000);
  expect(drawn).toEqual(['asking podman…', 'looking inside web…', 'looking inside web… 3 s', '(stopped)']);
});

it.each(['SIGINT', 'SIGTERM'])(
  '%s takes it away, and ends the process if nobody else listens',
  async (signal) => {
    const { drawn, host } = await progress();
    await vi.advanceTimersByTimeAsync(400);
    host.emit(signal, signal);
    expect(drawn.at(-1)).toBe('(stopped)');
    expect(host.exit).toHaveBeenCalledWith(signal === 'SIGINT' ? 130 : 143);
  },
);

it.each([{ CI: 'true' }, { TERM: 'dumb' }])('with %o there is none', async (env) => {
  const { drawn } = await progress(env);
  await vi.advanceTimersByTimeAsync(5000);
  expect(drawn).toEqual([]);
});
