import { expect, it } from 'vitest';
import { scanArgs, understand } from '../../src/cli/command.js';
import { proxy } from '../../src/commands/proxy/proxy.js';
import { type OwnOptions, ownArgs } from '../../src/typed/proxy-args.js';
import { fakeIo } from '../helpers/fake-io.js';

it.each<{ options: OwnOptions; args: string }>([
  { options: {}, args: '' },
  { options: { timeoutMs: 1500, waitMs: 60_000 }, args: '--timeout=1.5 --wait=60' },
  {
    options: { fdpass: true, routes: ['vsock', 'ip'], start: true, verbose: true },
    args: '--fdpass --route=vsock,ip --start --verbose',
  },
  { options: { start: 'terminal' }, args: '--start-on-terminal' },
  { options: { fdpass: false, start: false, verbose: false }, args: '' },
])('$args is what the proxy reads as the same options', ({ options, args }) => {
  expect(ownArgs(options).join(' ')).toBe(args);
  const raw = scanArgs(proxy.options, [...ownArgs(options), 'vsock/3', '22']);
  if (!raw) throw new Error('the proxy has no such option');
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== false));
  expect(understand(proxy, raw, fakeIo())).toMatchObject(given);
});

it('an sshd is brought for whom ssh names', () => {
  const raw = scanArgs(proxy.options, [...ownArgs({ bring: true }), '--login', 'dev', 'docker/web', '22']);
  if (!raw) throw new Error('the proxy has no such option');
  expect(understand(proxy, raw, fakeIo())).toMatchObject({ bring: { typed: 'dev', given: undefined } });
});

it.each(["a'b", '-x', 'a;b', 'a\nb'])('a name that ssh refuses is refused here too: %j', (name) => {
  const raw = scanArgs(proxy.options, ['--bring-sshd', `--login=${name}`, 'docker/web', '22']);
  if (!raw) throw new Error('the proxy has no such option');
  expect(() => understand(proxy, raw, fakeIo())).toThrow('ssh refuses it too');
});
