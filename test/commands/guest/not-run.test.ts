import { expect, it } from 'vitest';
import { notRun } from '../../../src/commands/guest/not-run.js';
import { runScript } from '../../../src/guest/run/run-script.js';
import { fakeIo } from '../../helpers/fake-io.js';

const { signal } = new AbortController();
const into = { host: 'web', port: 22 };
const route = (...command: string[]) => ({ name: 'ssh' as const, command, input: '' });

it.each([
  { name: 'the route has no program here', command: ['/nonexistent/ssh'], installed: false },
  { name: 'the guest speaks of ENOENT', command: ['sh', '-c', 'echo ENOENT >&2; exit 1'], installed: true },
])('the hint is to install the program only if it is missing: $name', async ({ command, installed }) => {
  const outcome = await runScript(route(...command), { onLine: () => {}, env: process.env });
  const { hint } = await notRun(into, route(...command), outcome, fakeIo(), signal);
  expect(hint?.includes('is not installed here')).toBe(!installed);
});
