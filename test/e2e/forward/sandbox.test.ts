import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sandbox } from '../../../src/hosts/units.js';
import { missingAddon } from '../../helpers/addon.js';
import { lacks } from '../../helpers/programs.js';
import { run, underTrace, vmssh } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { activated, connectTo, multiplexer, readToEnd } from './forwarding.js';

const missing = missingAddon() ?? lacks('systemd-socket-activate', 'systemd-analyze', 'strace');

/** What the units of an installed forward let it ask of the kernel, against what it asks. */
describe.skipIf(missing)("the sandbox of an installed forward's service", () => {
  const dir = useTempDir();
  const isEngine = vmssh.length === 1;

  // As installed.ts has them for a multiplexer's socket.
  it.each([
    { listener: 'a TCP port', families: ['AF_UNIX', 'AF_NETLINK'] },
    { listener: 'a unix socket', families: ['AF_UNIX'] },
  ])(
    'has all that it asks for, at $listener',
    async ({ listener, families }) => {
      const lines = sandbox({ families, engine: isEngine });
      const calls = await callsOfForward(dir, listener === 'a unix socket' ? join(dir, 'local') : undefined);
      const sets = (pattern: RegExp) => lines.flatMap((line) => pattern.exec(line)?.[1]?.split(' ') ?? []);
      const allowed = await callsIn(sets(/^SystemCallFilter=(@.*)$/));
      const denied = await callsIn(sets(/^SystemCallFilter=~(@.*)$/));
      expect(denied.size).toBeGreaterThan(20);
      const names = [...new Set(calls.map(({ name }) => name))];
      expect(names.length).toBeGreaterThan(20);
      expect(names.filter((name) => !allowed.has(name) || denied.has(name))).toEqual([]);

      const asked = calls.flatMap(({ name, args }) =>
        name === 'socket' ? (/^\w+/.exec(args)?.[0] ?? []) : [],
      );
      expect(asked).toEqual(expect.arrayContaining(families));
      expect(asked.filter((family) => !families.includes(family))).toEqual([]);

      const writable = calls.filter(({ name, args }) =>
        name === 'mmap'
          ? /PROT_WRITE\|PROT_EXEC/.test(args)
          : /^(pkey_)?mprotect$/.test(name) && /PROT_EXEC/.test(args),
      );
      // What Node compiles it runs from there.
      expect(writable.length > 0).toBe(!isEngine);
      expect(lines.includes('MemoryDenyWriteExecute=yes')).toBe(isEngine);
    },
    60_000,
  );
});

/** What a forward asks of the kernel that serves one client and then ends. */
async function callsOfForward(dir: string, path?: string) {
  const folder = mkdtempSync(join(dir, 'forward-'));
  const [machine, trace] = [join(folder, 'machine'), join(folder, 'trace')];
  await multiplexer(machine, (socket) => void socket.pipe(socket));
  // systemd-socket-activate hands on little of its environment.
  const set = Object.entries(underTrace).map(([name, value]) => `-E${name}=${value}`);
  // -D: the program has the pid that systemd named.
  const strace = ['strace', '-f', '-D', '-qq', ...set, '-o', trace];
  const traced = [...strace, ...vmssh, 'forward', '--private', '--idle=0.3'];
  const { ended, to } = await activated([...traced, `vsock-mux${machine}`, '1', 'systemd'], path);
  const client = await connectTo(to);
  client.end('hello');
  expect(String(await readToEnd(client))).toBe('hello');
  expect((await ended).code).toBe(0);
  const rows = [...readFileSync(trace, 'utf8').matchAll(/^\d+ +(\w+)\((.*)$/gm)];
  return rows.map(([, name = '', args = '']) => ({ name, args }));
}

/** The system calls of systemd's sets, and of the sets in them. */
async function callsIn(sets: readonly string[]): Promise<ReadonlySet<string>> {
  const { stdout } = await run([
    'systemd-analyze',
    'syscall-filter',
    '--no-pager',
    ...sets.filter((name) => name.startsWith('@')),
  ]);
  const found = [...stdout.matchAll(/^ {4}(@?[\w-]+)$/gm)].map(([, name = '']) => name);
  const inner = found.filter((name) => name.startsWith('@'));
  return new Set([...sets, ...found, ...(inner.length > 0 ? await callsIn(inner) : [])]);
}
