import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseState } from '../../src/book/state.js';
import { keepFresh } from '../../src/hosts/keep-fresh.js';
import { configFiles } from '../../src/hosts/places.js';
import { refresh } from '../../src/hosts/refresh.js';
import type { AllMachines } from '../../src/sources/list-all.js';
import { find, machine, useConfigHome } from '../commands/config/home.js';
import { fakeIo } from '../helpers/fake-io.js';
import { lacks } from '../helpers/programs.js';

// Without ssh nothing tells the user's StrictHostKeyChecking.
const noSsh = lacks('ssh');

const home = useConfigHome();
beforeEach(async () => {
  await home.install({ fresh: true });
});
const web = { ...machine, name: 'web', target: 'machine/web', provider: 'machined' } as const;
const found = (...machines: AllMachines['machines']): AllMachines => ({ machines, warnings: [] });
const hosts = () => readFileSync(home.own, 'utf8').match(/^Host [\w-]+$/gm);
const files = (to = home.io()) => configFiles({ system: false }, to, undefined, () => false);

describe.skipIf(noSsh)('Hosts that are kept fresh', () => {
  it('stay as they are in a container with this home, and that is said', async () => {
    const before = readFileSync(home.own, 'utf8');
    const to = home.io();
    await keepFresh(found(web), to, '/run/.containerenv');
    expect(readFileSync(home.own, 'utf8')).toBe(before);
    expect(to.stderr.join('')).toMatch(
      /containerenv says that this is a container.*: the Hosts stay as they are\n$/,
    );
  });

  it('follow the machines, with the options of the last run, and without a word', async () => {
    await home.install({ names: undefined, fdpass: false });
    const to = home.io();
    await keepFresh(found(machine, web), to);
    expect(hosts()).toEqual(['Host mint', 'Host web']);
    await keepFresh(found(web), to);
    expect(hosts()).toEqual(['Host web']);
    expect(parseState(readFileSync(home.state, 'utf8')).state.options).toMatchObject({
      fdpass: false,
      fresh: true,
    });
    expect(readFileSync(home.own, 'utf8')).not.toContain('proxy --fdpass');
    expect([to.stdout, to.stderr]).toEqual([[], []]);
    expect(statSync(home.own).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(home.path, '.ssh')).sort()).toEqual(['config', 'vmssh.conf']);
    expect(readdirSync(dirname(home.state))).toEqual(['hosts.json']);
    expect([dirname(home.state), home.state].map((path) => statSync(path).mode & 0o777)).toEqual([
      0o700, 0o600,
    ]);
  });

  it('follow a container that was given another name', async () => {
    const uuid = '11111111-2222-4333-8444-555555555555';
    const podman = { ...machine, uuid, provider: 'podman' };
    const named = (name: string) => ({ ...podman, name, target: `podman/${name}` });
    await keepFresh(found(named('old')), home.io());
    await keepFresh(found(named('new')), home.io());
    expect(readFileSync(home.own, 'utf8').match(/^Host (?:old|new) /gm)).toEqual(['Host new ']);
  });

  it('are not written again if nothing changed', async () => {
    const { ino, mtimeMs } = statSync(home.own);
    expect(await refresh(home.io(), find)).toBe(false);
    expect(statSync(home.own)).toMatchObject({ ino, mtimeMs });
  });

  it('are left alone in a file that somebody edited', async () => {
    writeFileSync(home.own, `${readFileSync(home.own, 'utf8')}# mine\n`);
    const before = readFileSync(home.own, 'utf8');
    await expect(refresh(home.io(), async () => found(web))).rejects.toMatchObject({ code: 'EDITED' });
    expect(readFileSync(home.own, 'utf8')).toBe(before);
    rmSync(home.own);
    await expect(refresh(home.io(), async () => found(web))).rejects.toMatchObject({ code: 'EDITED' });
  });

  it('are left alone if somebody edits the file while machines are looked for', async () => {
    const mine = `${readFileSync(home.own, 'utf8')}# mine\n`;
    const edits = async () => {
      writeFileSync(home.own, mine);
      return found(web);
    };
    await expect(refresh(home.io(), edits)).rejects.toMatchObject({ code: 'FAILED' });
    expect(readFileSync(home.own, 'utf8')).toBe(mine);
  });

  it('are left alone in a file of another user, and by another installation', async () => {
    const asOther = refresh(home.io(), async () => found(web), files(), 4711);
    await expect(asOther).rejects.toMatchObject({ code: 'OWNER' });
    const other = fakeIo({ env: { HOME: home.path }, self: ['/opt/other/vmssh'] });
    await expect(refresh(other, async () => found(web))).rejects.toMatchObject({ code: 'OTHER' });
    expect(hosts()).toEqual(['Host mint']);
  });

  it('do not bring back an Include that was taken out, and a link stays one', async () => {
    writeFileSync(home.main, 'Host a\n');
    const elsewhere = join(home.path, 'dotfiles');
    writeFileSync(elsewhere, readFileSync(home.own), { mode: 0o600 });
    symlinkSync(elsewhere, join(home.path, 'link'));
    const linked = { ...files(), own: join(home.path, 'link') };
    const lost = { code: 'NOT_INCLUDED', hint: expect.stringMatching(/^vmssh config install, or give/) };
    await expect(refresh(home.io(), async () => found(web), linked)).rejects.toMatchObject(lost);
    expect(readFileSync(elsewhere, 'utf8')).toContain('\nHost web\n');
    expect(readFileSync(home.main, 'utf8')).toBe('Host a\n');
  });

  it('have every run of list say that ssh does not read them', async () => {
    writeFileSync(home.main, 'Host a\n');
    const io = home.io();
    await keepFresh(found(web), io);
    expect(hosts()).toEqual(['Host web']);
    expect(io.stderr.join('')).toMatch(
      /config does not include .*vmssh\.conf above its first Host.*\nhint: /,
    );
  });

  it('never end the command that found the machines', async () => {
    const broken: AllMachines = {
      warnings: [],
      get machines(): never {
        throw new Error('broken');
      },
    };
    await keepFresh(broken, home.io());
    expect(hosts()).toEqual(['Host mint']);
  });
});
