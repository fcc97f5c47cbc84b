import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { leaveRecord, type RecordPlace, readRecord, recordFolders, recordOf } from '../../src/keys/record.js';
import { parseTarget } from '../../src/kinds/kinds.js';
import { type DiscoveredMachine, reachedMachine } from '../../src/sources/source.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';
import { openBelow } from './open-files.js';

const dir = useTempDir();
const reached = {
  text: 'machine/mint',
  machine: { provider: 'machined', name: 'mint', target: 'machine/mint' },
};

/** A process that ssh has started, and a proc file system with that ssh. */
function startedBy(ssh: number, start: number, pid = 77): Pick<RecordPlace, 'procDir' | 'by'> {
  const procDir = join(dir, `${ssh}-${start}`);
  writeTree(procDir, { [`${ssh}/stat`]: `${ssh} (s) h) S 1 ${'0 '.repeat(17)}${start} 9 9` });
  inNamespace(procDir, pid);
  return { procDir, by: { pid, ppid: ssh } };
}

/** A proc file system in which the process that reads it has this pid. */
function inNamespace(procDir: string, pid: number, namespace = 41) {
  mkdirSync(join(procDir, `${pid}/ns`), { recursive: true });
  rmSync(join(procDir, 'self'), { force: true });
  symlinkSync(`${pid}`, join(procDir, 'self'));
  rmSync(join(procDir, `${pid}/ns/pid`), { force: true });
  symlinkSync(`pid:[${namespace}]`, join(procDir, `${pid}/ns/pid`));
}

describe('what a proxy leaves for ssh', () => {
  it('is read by what the same ssh starts, until it is taken', () => {
    const place = { folders: [join(dir, 'own')], ...startedBy(100, 5) };
    leaveRecord(reached, place);
    const [name = ''] = readdirSync(join(dir, 'own'));
    expect(name).toBe('ssh-41-100-5');
    expect(statSync(join(dir, 'own', name)).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'own')).mode & 0o777).toBe(0o700);
    expect(readRecord(place, false)).toEqual(reached);
    expect(readRecord(place, true)).toEqual(reached);
    expect(readRecord(place, true)).toBeUndefined();
  });

  it('is not of another ssh, nor of an earlier one with that pid', () => {
    const folders = [join(dir, 'pids')];
    leaveRecord(reached, { folders, ...startedBy(100, 5) });
    expect(readRecord({ folders, ...startedBy(100, 6) }, true)).toBeUndefined();
    expect(readRecord({ folders, ...startedBy(101, 5) }, true)).toBeUndefined();
  });

  it('is in no folder, and read from none, where others may write', () => {
    const [open, second] = [join(dir, 'open'), join(dir, 'second')];
    mkdirSync(open);
    chmodSync(open, 0o777);
    const place = { folders: [open, second], ...startedBy(100, 5) };
    leaveRecord(reached, place);
    expect(readdirSync(open)).toEqual([]);
    writeFileSync(join(open, 'ssh-41-100-5'), JSON.stringify({ text: 'machine/evil' }));
    expect(readRecord(place, false)).toEqual(reached);
    const mine = { ...place, uid: (process.getuid?.() ?? 0) + 1 };
    expect(readRecord(mine, false)).toBeUndefined();
    expect(() => leaveRecord(reached, mine)).toThrow(expect.objectContaining({ code: 'EACCES' }));
  });

  it('is no link, no long file, and nothing but a record', () => {
    const folder = join(dir, 'odd');
    mkdirSync(folder, { mode: 0o700 });
    const place = { folders: [folder], ...startedBy(100, 5) };
    const path = join(folder, 'ssh-41-100-5');
    symlinkSync('/dev/zero', path);
    expect(readRecord(place, false)).toBeUndefined();
    leaveRecord(reached, place);
    const long = JSON.stringify({ text: 'x'.repeat(40_000) });
    for (const text of ['', '[]', '{"text":1}', ' '.repeat(40_000), long]) {
      writeFileSync(path, text);
      expect(readRecord(place, false)).toBeUndefined();
    }
  });

  it('is read from the next folder, if what is in the first is no record', () => {
    const [first, second] = [join(dir, 'first'), join(dir, 'next')];
    const place = { folders: [first, second], ...startedBy(100, 5) };
    leaveRecord(reached, { ...place, folders: [second] });
    mkdirSync(first, { mode: 0o700 });
    for (const text of ['nothing', '{"text":1}']) {
      writeFileSync(join(first, 'ssh-41-100-5'), text, { mode: 0o600 });
      expect(readRecord(place, false)).toEqual(reached);
    }
  });

  it.skipIf(!existsSync('/proc/self/fd'))('is closed again, as all that was looked at', () => {
    const place = { folders: [join(dir, 'closed')], ...startedBy(100, 7) };
    leaveRecord(reached, place);
    expect(readRecord(place, false)).toEqual(reached);
    writeFileSync(join(dir, 'closed/ssh-41-100-7'), 'x'.repeat(20_000));
    expect(readRecord(place, false)).toBeUndefined();
    expect(openBelow(dir)).toEqual([]);
  });

  it('is in a folder that is made with those above it', () => {
    const folder = join(dir, 'made/with/all');
    leaveRecord(reached, { folders: [folder], ...startedBy(100, 5) });
    expect(readdirSync(folder)).toEqual(['ssh-41-100-5']);
  });

  it.skipIf(!existsSync('/proc/self/stat'))('has the start of a real process in its name', () => {
    const place = { folders: [join(dir, 'real')], by: { pid: process.pid, ppid: process.ppid } };
    leaveRecord(reached, place);
    const [name = ''] = readdirSync(join(dir, 'real'));
    expect(name).toMatch(new RegExp(`^ssh-[1-9]\\d*-${process.ppid}-[1-9]\\d*$`));
    expect(readRecord(place, true)).toEqual(reached);
  });

  it('is read again, and left again, in the folders of an environment', () => {
    const env = { XDG_RUNTIME_DIR: join(dir, 'none/run'), HOME: '/', XDG_STATE_HOME: join(dir, 'state') };
    mkdirSync(env.XDG_STATE_HOME, { mode: 0o700 });
    const place = { folders: recordFolders(env), ...startedBy(100, 5) };
    leaveRecord({ text: 'machine/web' }, place);
    leaveRecord(reached, place);
    expect(readRecord(place, true)).toEqual(reached);
    expect(readRecord(place, true)).toBeUndefined();
  });

  it('is there even if ssh has ended', () => {
    const { procDir } = startedBy(101, 5);
    const place = { folders: [join(dir, 'unseen')], procDir, by: { pid: 77, ppid: 100 } };
    leaveRecord(reached, place);
    expect(readdirSync(join(dir, 'unseen'))).toEqual(['ssh-41-100-0']);
    expect(readRecord(place, true)).toEqual(reached);
  });

  it('is not of an ssh with that pid in another pid namespace', () => {
    const folders = [join(dir, 'namespaces')];
    const place = { folders, ...startedBy(1, 5) };
    leaveRecord(reached, place);
    inNamespace(place.procDir ?? '', 77, 42);
    expect(readRecord(place, true)).toBeUndefined();
    leaveRecord({ text: 'machine/other' }, place);
    inNamespace(place.procDir ?? '', 77, 41);
    expect(readRecord(place, true)).toEqual(reached);
  });

  it.each([
    ['of another pid namespace', (procDir: string) => inNamespace(procDir, 4242)],
    ['of a namespace that does not show this process', (procDir: string) => rmSync(join(procDir, 'self'))],
    ['none', (procDir: string) => rmSync(procDir, { recursive: true })],
  ])('is none where /proc is %s', (_what, change) => {
    const folders = [join(dir, 'foreign')];
    const place = { folders, ...startedBy(1, 9) };
    leaveRecord(reached, place);
    change(place.procDir ?? '');
    expect(readRecord(place, true)).toBeUndefined();
    expect(() => leaveRecord(reached, place)).toThrow('not that of this pid namespace');
  });

  it('replaces what the same ssh was left before', () => {
    const place = { folders: [join(dir, 'twice')], ...startedBy(100, 5) };
    leaveRecord({ text: 'machine/web' }, place);
    leaveRecord(reached, place);
    expect(readRecord(place, false)).toEqual(reached);
  });

  it('goes after ten minutes, whoever has left it, by one login of sixteen, so that none pile up', () => {
    const folder = join(dir, 'stale');
    mkdirSync(folder, { mode: 0o700 });
    const now = Date.now();
    for (let pid = 200; pid < 220; pid++) {
      const path = join(folder, `ssh-${pid % 2 ? '' : '41-'}${pid}-1`);
      writeFileSync(path, '{}');
      const at = new Date(now - (pid < 216 ? 601_000 : 599_000));
      utimesSync(path, at, at);
    }
    const others = ['my-ssh-200-1', 'other', 'ssh-200-1.txt'];
    for (const name of [...others, 'ssh-300-123456']) {
      writeFileSync(join(folder, name), '');
      utimesSync(join(folder, name), 0, 0);
    }
    leaveRecord(reached, { folders: [folder], ...startedBy(100, 5, 161) }, now);
    expect(readdirSync(folder)).toHaveLength(25);
    leaveRecord(reached, { folders: [folder], ...startedBy(100, 5, 160) }, now);
    const left = ['ssh-41-100-5', 'ssh-41-216-1', 'ssh-217-1', 'ssh-41-218-1', 'ssh-219-1'];
    expect(readdirSync(folder).sort()).toEqual([...others, ...left].sort());
    expect(readFileSync(join(folder, 'ssh-41-100-5'), 'utf8')).toBe(JSON.stringify(reached));
  });
});

describe('the folders for what a proxy leaves', () => {
  const uid = process.getuid?.() ?? 0;
  const last = uid === 0 ? '/run/vmssh' : `/run/user/${uid}/vmssh`;
  const own = (name: string, mode = 0o700) => {
    const folder = join(dir, name);
    mkdirSync(folder);
    chmodSync(folder, mode);
    return folder;
  };

  it("are the session's, the lasting one, and that of /run", () => {
    const [run, home, state] = ['own-run', 'own-home', 'own-state'].map((name) => own(name));
    const [inRun, inState] = [`${run}/vmssh`, `${state}/vmssh/reached`];
    const env = { XDG_RUNTIME_DIR: run, HOME: home, XDG_STATE_HOME: state };
    expect([...recordFolders(env)]).toEqual([inRun, inState, last]);
    const inHome = `${home}/.local/state/vmssh/reached`;
    expect([...recordFolders({ HOME: home })]).toEqual([inHome, last]);
    expect([...recordFolders({ XDG_RUNTIME_DIR: run })]).toEqual([inRun, last]);
    expect([...recordFolders({})]).toEqual([last]);
  });

  it('are none that depend on the current folder', () => {
    const env = { XDG_RUNTIME_DIR: 'run', HOME: 'home', XDG_STATE_HOME: 'state' };
    expect([...recordFolders(env)]).toEqual([last]);
  });

  it('are none in which others may write', () => {
    const [open, home, state] = ['open-run', 'open-home', 'open-state'].map((name) => own(name, 0o777));
    const env = { XDG_RUNTIME_DIR: open, HOME: home, XDG_STATE_HOME: state };
    expect([...recordFolders(env)]).toEqual([last]);
  });
});

describe('what is recorded', () => {
  const machine: DiscoveredMachine = {
    name: 'web',
    target: 'machine/web',
    status: 'running',
    provider: 'machined',
    uuid: '11111111-2222-4333-8444-555555555555',
    authority: 'user',
    cid: 3,
    user: 'root',
    container: { id: 'c'.repeat(64), labels: { a: 'b' }, url: 'unix:///run/docker.sock' },
  };
  const kept = {
    name: 'web',
    target: 'machine/web',
    provider: 'machined',
    uuid: machine.uuid,
    authority: 'user',
    containerId: 'c'.repeat(64),
    containerUrl: 'unix:///run/docker.sock',
  };
  const vsock = { family: 'vsock', cid: 3, port: 22 } as const;
  const typed = (text: string) => ({ text, target: parseTarget(text) });

  it('of a machine is what its key is known by, without the rest', () => {
    expect(reachedMachine(machine)).toEqual(kept);
    expect(recordOf(typed('machine/web'), machine, vsock)).toEqual({ text: 'machine/web', machine: kept });
  });

  it('of a name that no source has is the name only', () => {
    expect(recordOf(typed('machine/web'), undefined, vsock)).toEqual({ text: 'machine/web' });
    expect(recordOf(typed('machine/web'), undefined, undefined)).toEqual({ text: 'machine/web' });
  });

  it('of an address is the address, whoever is said to have it', () => {
    const want = { text: 'vsock/3', address: vsock };
    expect(recordOf(typed('vsock/3'), undefined, vsock)).toEqual(want);
    expect(recordOf(typed('vsock/3'), machine, vsock)).toEqual(want);
  });

  it('of an address that was not looked up yet is the text only', () => {
    expect(recordOf(typed('vsock/3'), undefined, undefined)).toEqual({ text: 'vsock/3' });
  });

  it('of an address of another hypervisor is no address of this host', () => {
    const via = { family: 'via', host: 'hv1', target: 'vsock/3', port: 22 } as const;
    expect(recordOf(typed('via/hv1/vsock/3'), undefined, via)).toEqual({ text: 'via/hv1/vsock/3' });
  });
});
