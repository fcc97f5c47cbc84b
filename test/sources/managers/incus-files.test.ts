import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { managerKeys } from '../../../src/keys/manager-keys.js';
import type { Deps, ReachedMachine } from '../../../src/sources/source.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { madeKey } from '../../keys/made-keys.js';
import { useJsonServices } from './json-services.js';

const dir = useTempDir();
const serve = useJsonServices(dir);
const [ed25519, rsa] = [madeKey('ed25519'), madeKey('rsa')];
const uuid = '83055167-4a13-0eb1-c290-e328df73ee72';
const list = '/1.0/instances?recursion=1&all-projects=true';
const at = (type: string) => encodeURIComponent(`/etc/ssh/ssh_host_${type}_key.pub`);
const file = (name: string, type: string, more = '') =>
  `/1.0/instances/${name}/files?path=${at(type)}${more}`;
const web = (...parts: readonly [string, string | undefined][]) => ({
  [list]: answer(instance('web', 'default', uuid)),
  ...Object.fromEntries(parts.map(([type, text]) => [file('web', type), text])),
});
const record: ReachedMachine = { provider: 'incus', name: 'web', target: 'incus/web', uuid };

const instance = (name: string, project: string, id?: string) => ({
  ...{ name, project, type: 'container', status: 'Running', location: 'none' },
  config: id === undefined ? {} : { 'volatile.uuid': id },
});
const answer = (...metadata: readonly object[]) => JSON.stringify({ type: 'sync', metadata });

let made = 0;
async function daemon(
  answers: Readonly<Record<string, string | undefined>>,
  of = 'INCUS_DIR',
): Promise<Deps> {
  const name = `i${made++}`;
  const [folder, none] = [join(dir, name), join(dir, name, 'none')];
  mkdirSync(none, { recursive: true });
  await serve(`${name}/unix.socket`, answers);
  const env = { INCUS_DIR: none, LXD_DIR: none, [of]: folder, PATH: `${dir}/bin:${process.env.PATH}` };
  return { env, runDir: folder, timeoutMs: 20_000 };
}

describe('the keys of an instance of Incus', () => {
  it('are read by its API for files; a missing one is not a failure', async () => {
    const deps = await daemon(web(['ed25519', ed25519.text], ['rsa', rsa.text]));
    expect(await managerKeys(record, deps)).toEqual([ed25519.key, rsa.key]);
  });

  it('are those of LXD, if that has it', async () => {
    const deps = await daemon(web(['rsa', rsa.text]), 'LXD_DIR');
    expect(await managerKeys(record, deps)).toEqual([rsa.key]);
  });

  it.each([
    ['gives no JSON', 'no'],
    ['gives an error', undefined],
  ])('are those of LXD, if Incus %s', async (_, said) => {
    const deps = await daemon(web(['rsa', rsa.text]), 'LXD_DIR');
    const folder = `broken${made++}`;
    mkdirSync(join(dir, folder));
    await serve(`${folder}/unix.socket`, said === undefined ? {} : { [list]: said });
    const env = { ...deps.env, INCUS_DIR: join(dir, folder) };
    expect(await managerKeys(record, { ...deps, env })).toEqual([rsa.key]);
  });

  it('are those of the project that has its UUID', async () => {
    const deps = await daemon({
      [list]: answer(instance('web', 'default', uuid.replace('8', '9')), instance('web', 'a&b', uuid)),
      [file('web', 'ed25519')]: ed25519.text,
      [file('web', 'rsa', '&project=a%26b')]: rsa.text,
    });
    expect(await managerKeys(record, deps)).toEqual([rsa.key]);
  });

  it('are those of its name, if it has no UUID', async () => {
    const deps = await daemon({
      [list]: answer(instance('web', 'default'), instance('db', 'default')),
      [file('web', 'rsa')]: rsa.text,
    });
    expect(await managerKeys({ ...record, uuid: undefined }, deps)).toEqual([rsa.key]);
  });

  it.each([
    ['another user has one with its UUID', [instance('web', 'user-54321', uuid)]],
    ['two have its UUID', [instance('web', 'default', uuid), instance('db', 'default', uuid)]],
    ['none has its UUID', [instance('web', 'default', uuid.replace('8', '9'))]],
    ['there is no instance', []],
  ])('are none if %s', async (_, instances) => {
    const deps = await daemon({
      [list]: answer(...instances),
      [file('web', 'rsa')]: rsa.text,
      [file('web', 'rsa', '&project=user-54321')]: rsa.text,
    });
    expect(await managerKeys(record, deps)).toBeUndefined();
  });

  it.each([
    ['a link: the API gives where it points', '/etc/shadow'],
    ['a folder: the API gives a list', answer({ name: 'x' })],
    ['too long', rsa.text.repeat(100)],
    ['control characters', '\u001b[2J\u0007'],
  ])('do not include what comes as %s', async (_, text) => {
    const deps = await daemon(web(['rsa', text], ['ed25519', ed25519.text]));
    expect(await managerKeys(record, deps)).toEqual([ed25519.key]);
  });

  it.each([
    ['for the list', { [list]: undefined }],
    ['for a file', web(['rsa', undefined])],
  ])('are none if its daemon gives no answer %s', async (_, answers) => {
    const deps = await daemon(answers);
    expect(await managerKeys(record, { ...deps, timeoutMs: 300 })).toBeUndefined();
  });

  it('are where its sshd has them, which its client asks and reads', async () => {
    const log = join(dir, 'exec');
    const says = `*/sh) echo 'hostkey /keys/host';; *) echo '${rsa.key}';;`;
    writeTree(dir, { 'bin/incus': `#!/bin/sh\necho "$*" >>'${log}'\ncase $6 in ${says} esac\n` });
    const deps = await daemon({ [list]: answer(instance('web', 'p', uuid)) });
    expect(await managerKeys(record, deps)).toEqual([rsa.key]);
    const exec = 'exec --mode=non-interactive --project=p local:web --';
    const find = '/usr/bin/find /keys/host.pub -maxdepth 0 -type f -exec grep -h AAAA {} +';
    // The first asks the sshd that runs there, by a script.
    const said = readFileSync(log, 'utf8');
    expect(said.startsWith(`${exec} /bin/sh -c `)).toBe(true);
    expect(said.endsWith(`\n${exec} ${find}\n`)).toBe(true);
  });
});
