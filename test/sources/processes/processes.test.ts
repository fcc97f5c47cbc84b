import { rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFs as fs, processesNamed } from '../../../src/sources/processes/processes.js';
import type { DiscoveryError } from '../../../src/sources/source.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { fakeProc, inDocker } from './fake-proc.js';

const dir = useTempDir();
const uid = 1000;

/** Those that are called "vm". */
const vms = (procDir: string, more: Partial<Parameters<typeof processesNamed>[2]> = {}) =>
  processesNamed(/^vm$/, { env: {}, procDir }, { uid, ...more });

describe('processes by name', () => {
  it.each([
    { name: 'one of this user', process: { argv: ['/usr/bin/vm', '-a'], uid }, want: 1 },
    { name: "root's", process: { argv: ['vm'], uid: 0 }, want: 1 },
    { name: "a system user's", process: { argv: ['vm'], uid: 107 }, want: 1 },
    { name: "Debian's libvirt-qemu", process: { argv: ['vm'], uid: 64055 }, want: 1 },
    { name: "not another user's, who may call it anything", process: { argv: ['vm'], uid: 1001 }, want: 0 },
    { name: "not nobody's", process: { argv: ['vm'], uid: 65534 }, want: 0 },
    { name: "not a person's of systemd-homed", process: { argv: ['vm'], uid: 60_001 }, want: 0 },
    { name: "not a person's of a directory", process: { argv: ['vm'], uid: 62_000 }, want: 0 },
    { name: 'not one of another name', process: { argv: ['/vm/other', 'vm'], uid }, want: 0 },
    { name: 'not a kernel thread', process: { argv: [], uid: 0 }, want: 0 },
  ])('are $name', async ({ process, want }) => {
    const accounts =
      'case $2 in 64055) echo qemu:x:64055:107::/:/sbin/nologin ;; *) echo "anna:x:$2:100::/:/bin/sh" ;; esac';
    writeFileSync(join(dir, 'getent'), `#!/bin/sh\n${accounts}\n`, { mode: 0o755 });
    const deps = { env: { PATH: dir }, procDir: fakeProc(dir, [process]) };
    expect(await processesNamed(/^vm$/, deps, { uid })).toHaveLength(want);
  });

  it.each([
    ['what a command line calls otherwise', ['microvm@web', '-name', 'web'], '/nix/store/x/bin/vm'],
    ['that a wrapper started', ['.vm-wrapped'], '/nix/store/x/bin/.vm-wrapped'],
    ['that was replaced since', ['web'], '/usr/bin/vm (deleted)'],
    ['what a loader or an interpreter runs', ['/usr/bin/vm'], '/usr/bin/interpreter'],
  ])('are those of its file too: $0', async (_name, argv, exe) => {
    const plain = { argv: ['vm'], exe: '/usr/bin/vm' };
    const procDir = fakeProc(dir, [{ argv, exe }, plain]);
    const found = await vms(procDir);
    expect(found.map((each) => each.argv)).toEqual([argv, ['vm']]);
  });

  it('are not kernel threads, whose memory is not read', async () => {
    const procDir = fakeProc(dir, [{ argv: ['vm'] }, { argv: ['vm'] }]);
    writeFileSync(join(procDir, '101/status'), 'Name:\tvm\nUid:\t0\t0\t0\t0\nKthread:\t1\n');
    const read: string[] = [];
    const readMemory = (path: string, most: number) => {
      read.push(path);
      return fs.readMemory(path, most);
    };
    const found = await vms(procDir, { fs: { ...fs, readMemory } });
    expect(found.map(({ pid }) => pid)).toEqual([100]);
    expect(read).toEqual([join(procDir, '100/cmdline')]);
  });

  it.each([
    { name: 'the children of kthreadd are not read at all', status: 'PPid:\t0\n', want: [100] },
    { name: 'but those of another process 2 are', status: 'PPid:\t0\nVmSize:\t1 kB\n', want: [100, 101] },
  ])('$name', async ({ status, want }) => {
    const procDir = fakeProc(dir, [{ argv: ['vm'] }, { argv: ['vm'] }]);
    const files = { status: `Name:\tx\n${status}Uid:\t0\t0\t0\t0\n`, 'task/2/children': '3 101 ' };
    writeTree(join(procDir, '2'), files);
    expect((await vms(procDir)).map(({ pid }) => pid)).toEqual(want);
  });

  it('come after the loader that started them', async () => {
    const loader = ['/x/ld-linux-x86-64.so.2', '--library-path', '/x/lib', '--argv0=y', '/x/bin/vm', '-a'];
    const found = await vms(fakeProc(dir, [{ argv: loader }]));
    expect(found).toMatchObject([{ pid: 100, uid: 0, argv: ['/x/bin/vm', '-a'] }]);
  });

  it('are read once for all providers of a listing', async () => {
    const deps = { env: {}, procDir: fakeProc(dir, [{ argv: ['vm'] }]), memo: {} };
    await processesNamed(/^vm$/, deps);
    const gone = { ...deps, procDir: '/proc/none' };
    await expect(processesNamed(/^other$/, gone)).resolves.toEqual([]);
  });

  it('of others are not even read', async () => {
    const procDir = fakeProc(dir, [{ argv: ['vm'], uid }, { argv: ['vm'], uid: 1001 }, { argv: ['vm'] }]);
    const read: string[] = [];
    const readMemory = async (path: string) => {
      read.push(relative(procDir, path));
      return Buffer.from('vm\0');
    };
    const found = await vms(procDir, { fs: { ...fs, readMemory } });
    expect(read).toEqual(['100/cmdline', '102/cmdline']);
    expect(found.map(({ pid }) => pid)).toEqual([100, 102]);
  });

  it('that changed into others meanwhile are left out', async () => {
    const procDir = fakeProc(dir, [{ argv: ['vm'] }, { argv: ['vm'] }]);
    const readMemory = async (path: string) => {
      if (path.includes('/100/')) writeFileSync(join(procDir, '100/status'), 'Uid:\t1001\t0\t0\t0\n');
      return Buffer.from('vm\0');
    };
    const found = await vms(procDir, { fs: { ...fs, readMemory } });
    expect(found.map(({ pid }) => pid)).toEqual([101]);
  });

  it('are read few at a time', async () => {
    const procDir = fakeProc(dir, Array(20).fill({ argv: ['vm'] }));
    let now = 0;
    let most = 0;
    const readMemory = async () => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now -= 1;
      return Buffer.from('vm\0');
    };
    const found = await vms(procDir, { fs: { ...fs, readMemory } });
    expect({ most, found: found.length }).toEqual({ most: 4, found: 20 });
  });

  it('whose command line has no end, or is not a file, delay no other', async () => {
    const procDir = fakeProc(dir, [{ argv: ['vm'] }, { argv: ['vm'] }, { argv: ['vm', '-a'] }]);
    truncateSync(join(procDir, '100/cmdline'), 2 ** 42);
    rmSync(join(procDir, '101/cmdline'));
    symlinkSync('/dev/zero', join(procDir, '101/cmdline'));
    const found = await vms(procDir);
    expect(found).toMatchObject([{ pid: 102, uid: 0, argv: ['vm', '-a'] }]);
  });
});

describe('the budget for command lines', () => {
  const processes = (many: number, length: number, more: object = {}) =>
    Array.from({ length: many }, () => ({ argv: ['vm', ','.repeat(length)], ...more }));
  /** What is found, what is warned of, and how many bytes were read. */
  const search = async (...all: readonly Parameters<typeof fakeProc>[1][number][]) => {
    let bytes = 0;
    const readMemory = async (path: string, most: number) => {
      const read = await fs.readMemory(path, most);
      bytes += read.length;
      return read;
    };
    const warnings: string[] = [];
    const warn = ({ code, message }: DiscoveryError) => void warnings.push(`${code}: ${message}`);
    const found = await vms(fakeProc(dir, all), { fs: { ...fs, readMemory }, warn });
    return { pids: found.map(({ pid }) => pid), bytes, warnings };
  };

  it('ends the reading of very long ones, with one warning', async () => {
    const { pids, bytes, warnings } = await search(...processes(60, 480_000), ...processes(1, 10));
    expect(pids).toHaveLength(Math.floor((16 << 20) / 480_000) + 1);
    expect(pids.at(-1)).toBe(160);
    expect(bytes).toBeLessThan((16 << 20) + 60 * 8192);
    expect(warnings).toEqual([
      'EFBIG: 26 of 61 processes are left out: their command lines have more than 1024 KiB, or 16 MiB in all',
    ]);
  });

  it('is not for programs that are no machines: only their start is read', async () => {
    const other = { argv: ['other', ','.repeat(480_000)] };
    const { pids, bytes, warnings } = await search(other, { argv: ['vm'] });
    expect({ pids, warnings }).toEqual({ pids: [101], warnings: [] });
    expect(bytes).toBeLessThan(5000);
  });

  it('is not used up by containers, of which a hundred are looked at', async () => {
    const there = [...processes(1, 60_000, inDocker), ...processes(149, 10_000, inDocker)];
    const { pids, bytes, warnings } = await search(...there, ...processes(1, 480_000));
    expect(pids).toHaveLength(100);
    expect(pids).toContain(250);
    expect(bytes).toBeLessThan(480_000 + 151 * 4096 + 100 * 32_768);
    expect(warnings).toEqual([
      'TOO_MANY: 51 of 150 processes in containers are left out: at most 100 are looked at, and 32 KiB of a command line',
    ]);
  });
});
