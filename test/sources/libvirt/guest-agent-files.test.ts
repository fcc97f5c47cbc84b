import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { managerKeys } from '../../../src/keys/manager-keys.js';
import type { Deps, ReachedMachine } from '../../../src/sources/source.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { madeKey } from '../../keys/made-keys.js';

const dir = useTempDir();
const log = join(dir, 'log');
const deps: Deps = { env: { PATH: `${dir}/bin:${process.env.PATH}` }, platform: 'linux', timeoutMs: 20_000 };
const uuid = '83055167-4a13-0eb1-c290-e328df73ee72';
const record: ReachedMachine = { provider: 'libvirt', name: 'mint', target: 'qemu/mint', uuid };
const [ed25519, rsa] = [madeKey('ed25519'), madeKey('rsa')];
const usual = ['ed25519', 'ecdsa', 'rsa', 'mldsa44_ed25519'];

beforeEach(() => rmSync(log, { force: true }));

/** A virsh whose agent opens the file of RSA as 1000, that of Ed25519 as 1001, and no other. */
function virsh(reads: string, more = ''): void {
  const record = `IFS='|'; printf '%s\\n' "$*" >>'${log}'; unset IFS`;
  const script = `for last; do :; done
    ${more}
    case $last in
      *'_rsa_key.pub"'*) echo '{"return":1000}';;
      *'/ssh_host_ed25519_key.pub"'*) echo '{"return":1001}';;
      *guest-file-open*) echo "error: internal error: unable to execute QEMU agent command: No such file" >&2; exit 1;;
      ${reads}
      *guest-file-close*) echo '{"return":{}}';;
    esac`;
  writeTree(dir, { 'bin/virsh': `#!/bin/sh\n${record}\n${script}\n` });
}
const content = (text: string) => {
  const base64 = Buffer.from(text).toString('base64');
  return JSON.stringify({ return: { count: text.length, 'buf-b64': base64, eof: true } });
};
const read = (handle: number, answer: string) =>
  `*'guest-file-read","arguments":{"handle":${handle},"count":16384}'*) echo '${answer}';;`;
const calls = () => readFileSync(log, 'utf8').trimEnd().split('\n');
/** What the agent was asked, without the words in front of it. */
const questions = () => calls().map((call) => call.slice(call.indexOf('{')));

describe('the keys of a libvirt domain', () => {
  it('are read by the agent of QEMU in it, and each file is closed', async () => {
    virsh(`${read(1000, content(rsa.text))}\n${read(1001, content(ed25519.text))}`);
    expect(await managerKeys(record, deps)).toEqual([ed25519.key, rsa.key]);
    const path = (type: string) => ({ path: `/etc/ssh/ssh_host_${type}_key.pub`, mode: 'r' });
    const all = usual.flatMap((type) => {
      const handle = { rsa: 1000, ed25519: 1001 }[type];
      const open = { execute: 'guest-file-open', arguments: path(type) };
      if (handle === undefined) return [open];
      const read = { execute: 'guest-file-read', arguments: { handle, count: 16384 } };
      return [open, read, { execute: 'guest-file-close', arguments: { handle } }];
    });
    expect(questions().map((each) => JSON.parse(each))).toEqual(all);
  });

  it.each([
    { authority: undefined, uri: 'qemu:///system' },
    { authority: 'user' as const, uri: 'qemu:///session' },
  ])('are asked at $uri, by its UUID and with a time limit', async ({ authority, uri }) => {
    virsh('');
    expect(await managerKeys({ ...record, authority }, deps)).toBeUndefined();
    const words = `--quiet|--connect|${uri}|qemu-agent-command|--timeout|2|--domain|${uuid}|`;
    expect(calls().every((call) => call.startsWith(`${words}{`))).toBe(true);
  });

  it.each([
    ['no JSON', '{"return":'],
    ['no object', '[]'],
    ['an error', '{"error":{"class":"GenericError","desc":"no"}}'],
    ['no text', '{"return":{"buf-b64":7}}'],
    ['an endless nest', '['.repeat(5000)],
    ['too much', content('x'.repeat(60_000))],
    ['control characters', content('\u001b[2J')],
    ['another type of key', content(`ssh-dss ${'A'.repeat(40)}`)],
  ])('are none if the agent answers with %s, and the file is closed', async (_, answer) => {
    virsh(read(1000, answer));
    expect(await managerKeys(record, deps)).toBeUndefined();
    const closed = questions().filter((each) => each.includes('guest-file-close'));
    expect(closed).toContain('{"execute":"guest-file-close","arguments":{"handle":1000}}');
  });

  it.each(['"1000"', '1e400', '{}', 'null', '1.5'])('are none if it opens a file as %s', async (handle) => {
    const opens = `case $last in *guest-file-open*) echo '{"return":${handle}}'; exit;; esac`;
    virsh(read(1000, content(rsa.text)), opens);
    expect(await managerKeys(record, deps)).toBeUndefined();
    expect(questions().every((each) => each.includes('guest-file-open'))).toBe(true);
  });

  it('are read though virsh prints an empty line for a file that is not there', async () => {
    virsh(read(1000, content(rsa.text)), `case $last in *ed25519*) echo; exit 1;; esac`);
    expect(await managerKeys(record, deps)).toEqual([rsa.key]);
  });

  it('are none if it hangs', async () => {
    virsh('', 'exec sleep 1000');
    expect(await managerKeys(record, { ...deps, timeoutMs: 300 })).toBeUndefined();
    expect(calls()).toHaveLength(1);
  });
});
