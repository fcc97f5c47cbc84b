import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { leaveRecord, readRecord } from '../../src/identity/record.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const reached = {
  text: 'machine/mint',
  machine: { provider: 'machined', name: 'mint', target: 'machine/mint' },
};

/** A proc file system with this process, and the ssh that started it. */
function procWith(name: string, ssh: number, start: number, own = 77): string {
  const proc = join(dir, name);
  const stat = (pid: string, line: string) => {
    mkdirSync(join(proc, pid), { recursive: true });
    writeFileSync(join(proc, pid, 'stat'), line);
  };
  stat('self', `${own} (vm) ssh) S ${ssh} 1 1`);
  stat(String(ssh), `${ssh} (s) h) S 1 ${'0 '.repeat(17)}${start} 9 9`);
  return proc;
}

describe('what a proxy leaves for ssh', () => {
  it('is read by what the same ssh starts, until it is taken', () => {
    const place = { folders: [join(dir, 'own')], procDir: procWith('a', 100, 5) };
    leaveRecord(reached, place);
    const [name = ''] = readdirSync(join(dir, 'own'));
    expect(name).toBe('ssh-100-5');
    expect(statSync(join(dir, 'own', name)).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'own')).mode & 0o777).toBe(0o700);
    expect(readRecord(place, false)).toEqual(reached);
    expect(readRecord(place, true)).toEqual(reached);
    expect(readRecord(place, true)).toBeUndefined();
  });

  it('is not of another ssh, nor of an earlier one with that pid', () => {
    const folders = [join(dir, 'pids')];
    leaveRecord(reached, { folders, procDir: procWith('b', 100, 5) });
    expect(readRecord({ folders, procDir: procWith('c', 100, 6) }, true)).toBeUndefined();
    expect(readRecord({ folders, procDir: procWith('d', 101, 5) }, true)).toBeUndefined();
  });

  it('is in no folder, and read from none, where others may write', () => {
    const [open, second] = [join(dir, 'open'), join(dir, 'second')];
    mkdirSync(open);
    chmodSync(open, 0o777);
    const place = { folders: [open, second], procDir: procWith('e', 100, 5) };
    leaveRecord(reached, place);
    expect(readdirSync(open)).toEqual([]);
    writeFileSync(join(open, 'ssh-100-5'), JSON.stringify({ text: 'machine/evil' }));
    expect(readRecord(place, false)).toEqual(reached);
    const mine = { ...place, uid: (process.getuid?.() ?? 0) + 1 };
    expect(readRecord(mine, false)).toBeUndefined();
    expect(() => leaveRecord(reached, mine)).toThrow('EACCES');
  });

  it('is no link, no long file, and nothing but a record', () => {
    const folder = join(dir, 'odd');
    mkdirSync(folder, { mode: 0o700 });
    const place = { folders: [folder], procDir: procWith('f', 100, 5) };
    const path = join(folder, 'ssh-100-5');
    symlinkSync('/dev/zero', path);
    expect(readRecord(place, false)).toBeUndefined();
    leaveRecord(reached, place);
    for (const text of ['', '[]', '{"text":1}', ' '.repeat(20_000)]) {
      writeFileSync(path, text);
      expect(readRecord(place, false)).toBeUndefined();
    }
  });

  it('replaces what the same ssh was left before', () => {
    const place = { folders: [join(dir, 'twice')], procDir: procWith('h', 100, 5) };
    leaveRecord({ text: 'machine/web' }, place);
    leaveRecord(reached, place);
    expect(readRecord(place, false)).toEqual(reached);
  });

  it('goes after ten minutes, whoever has left it, by one login of sixteen, so that none pile up', () => {
    const folder = join(dir, 'stale');
    const procDir = procWith('g', 100, 5, 160);
    mkdirSync(folder, { mode: 0o700 });
    const now = Date.now();
    for (let pid = 200; pid < 220; pid++) {
      const path = join(folder, `ssh-${pid}-1`);
      writeFileSync(path, '{}');
      const at = new Date(now - (pid < 216 ? 601_000 : 599_000));
      utimesSync(path, at, at);
    }
    writeFileSync(join(folder, 'other'), '');
    utimesSync(join(folder, 'other'), 0, 0);
    leaveRecord(reached, { folders: [folder], procDir: procWith('i', 100, 5, 161) }, now);
    expect(readdirSync(folder)).toHaveLength(22);
    leaveRecord(reached, { folders: [folder], procDir }, now);
    const left = ['other', 'ssh-100-5', 'ssh-216-1', 'ssh-217-1', 'ssh-218-1', 'ssh-219-1'];
    expect(readdirSync(folder)).toEqual(left);
    expect(readFileSync(join(folder, 'ssh-100-5'), 'utf8')).toBe(JSON.stringify(reached));
  });
});
