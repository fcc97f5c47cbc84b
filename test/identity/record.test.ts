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
import { leaveRecord, type RecordPlace, readRecord, recordFolders } from '../../src/identity/record.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const reached = {
  text: 'machine/mint',
  machine: { provider: 'machined', name: 'mint', target: 'machine/mint' },
};

/** A process that ssh has started, and a proc file system with that ssh. */
function startedBy(ssh: number, start: number, pid = 77): Pick<RecordPlace, 'procDir' | 'by'> {
  const procDir = join(dir, `${ssh}-${start}`);
  mkdirSync(join(procDir, `${ssh}`), { recursive: true });
  writeFileSync(join(procDir, `${ssh}/stat`), `${ssh} (s) h) S 1 ${'0 '.repeat(17)}${start} 9 9`);
  return { procDir, by: { pid, ppid: ssh } };
}

describe('what a proxy leaves for ssh', () => {
  it('is read by what the same ssh starts, until it is taken', () => {
    const place = { folders: [join(dir, 'own')], ...startedBy(100, 5) };
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
    writeFileSync(join(open, 'ssh-100-5'), JSON.stringify({ text: 'machine/evil' }));
    expect(readRecord(place, false)).toEqual(reached);
    const mine = { ...place, uid: (process.getuid?.() ?? 0) + 1 };
    expect(readRecord(mine, false)).toBeUndefined();
    expect(() => leaveRecord(reached, mine)).toThrow('EACCES');
  });

  it('is no link, no long file, and nothing but a record', () => {
    const folder = join(dir, 'odd');
    mkdirSync(folder, { mode: 0o700 });
    const place = { folders: [folder], ...startedBy(100, 5) };
    const path = join(folder, 'ssh-100-5');
    symlinkSync('/dev/zero', path);
    expect(readRecord(place, false)).toBeUndefined();
    leaveRecord(reached, place);
    for (const text of ['', '[]', '{"text":1}', ' '.repeat(20_000)]) {
      writeFileSync(path, text);
      expect(readRecord(place, false)).toBeUndefined();
    }
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

  it('is there even if the start of ssh cannot be seen', () => {
    const place = {
      folders: [join(dir, 'unseen')],
      procDir: join(dir, 'absent'),
      by: { pid: 77, ppid: 100 },
    };
    leaveRecord(reached, place);
    expect(readdirSync(join(dir, 'unseen'))).toEqual(['ssh-100-0']);
    expect(readRecord(place, true)).toEqual(reached);
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
      const path = join(folder, `ssh-${pid}-1`);
      writeFileSync(path, '{}');
      const at = new Date(now - (pid < 216 ? 601_000 : 599_000));
      utimesSync(path, at, at);
    }
    writeFileSync(join(folder, 'other'), '');
    utimesSync(join(folder, 'other'), 0, 0);
    leaveRecord(reached, { folders: [folder], ...startedBy(100, 5, 161) }, now);
    expect(readdirSync(folder)).toHaveLength(22);
    leaveRecord(reached, { folders: [folder], ...startedBy(100, 5, 160) }, now);
    const left = ['other', 'ssh-100-5', 'ssh-216-1', 'ssh-217-1', 'ssh-218-1', 'ssh-219-1'];
    expect(readdirSync(folder)).toEqual(left);
    expect(readFileSync(join(folder, 'ssh-100-5'), 'utf8')).toBe(JSON.stringify(reached));
  });
});
