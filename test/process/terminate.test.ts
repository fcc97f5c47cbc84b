import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EndEffects, Host } from '../../src/process/terminate.js';
import { endTree, exitOnCtrlC, guardian, shellCode } from '../../src/process/terminate.js';
import { lifeline } from '../helpers/lifeline.js';
import { begin, outcome, vmssh } from '../helpers/run.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

const dir = useTempDir();

describe('what a process runs', () => {
  const process = (platform: NodeJS.Platform = 'linux') => {
    const events = new EventEmitter();
    const done: string[] = [];
    const kill = (pid: number, signal?: string | number) => done.push(`${signal} ${pid}`) > 0;
    const host = Object.assign(events, { pid: 1, platform, kill }) as unknown as Host;
    return { events, done, guard: guardian(host, ({ pid }) => done.push(`end ${pid}`)) };
  };

  it('is ended with it', () => {
    const { events, done, guard } = process();
    guard(() => ({ pid: 7 })).release();
    guard(() => ({ pid: 8 }));
    guard(() => ({ pid: 9 }));
    events.emit('exit');
    expect(done).toEqual(['end 8', 'end 9']);
    expect(events.eventNames()).toEqual([]);
  });

  it('is ended by its signals, which then act as usual', () => {
    const { events, done, guard } = process();
    guard(() => ({ pid: 7 }));
    events.emit('SIGTERM', 'SIGTERM');
    expect(done).toEqual(['end 7', 'SIGTERM 1']);
  });

  it.each(['once', 'on'] as const)('is ended by signals that it listens to %s', (how) => {
    const { events, done, guard } = process();
    events[how]('SIGINT', () => done.push('heard'));
    guard(() => ({ pid: 7 }));
    events.emit('SIGINT', 'SIGINT');
    expect(done).toEqual(['end 7', 'heard']);
  });

  it('is known before it runs', () => {
    const { events, done, guard } = process();
    guard(() => {
      expect(events.eventNames()).toContain('SIGTERM');
      return { pid: 7 };
    });
    events.emit('exit');
    expect(done).toEqual(['end 7']);
  });

  it('is forgotten if it could not be started', () => {
    const { events, guard } = process();
    const spawn = () => {
      throw new Error('E2BIG');
    };
    expect(() => guard(spawn)).toThrow('E2BIG');
    expect(events.eventNames()).toEqual([]);
  });

  it('is in its console on Windows, and hears of Ctrl-C itself', () => {
    const { events, guard } = process('win32');
    guard(() => ({ pid: 7 }));
    expect(events.eventNames()).toEqual(['exit']);
  });
});

describe('an exit code', () => {
  it.each([
    { name: 'of a program', end: { code: 7, signal: null }, want: 7 },
    { name: 'of a signal', end: { code: null, signal: 'SIGTERM' }, want: 143 },
    { name: 'of Ctrl-C on Windows, which is no byte', end: { code: 0xc000013a, signal: null }, want: 130 },
  ] as const)('$name', ({ end, want }) => expect(shellCode(end)).toBe(want));

  it('is 130 on Windows at a Ctrl-C that no command waits for', () => {
    const events = new EventEmitter();
    const codes: (number | string | null | undefined)[] = [];
    const exit = (code?: number | string | null) => void codes.push(code);
    exitOnCtrlC(Object.assign(events, { exit }) as unknown as NodeJS.Process);
    events.once('SIGINT', () => {});
    for (const signal of ['SIGBREAK', 'SIGINT', 'SIGBREAK']) events.emit(signal);
    expect(codes).toEqual([130, 130]);
  });
});

describe('a tool that vmssh asks', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'is ended by %s, with all that it started',
    async (signal) => {
      const { hold, started, gone } = lifeline(join(dir, `${signal}.fifo`));
      const folder = join(dir, signal);
      writeTree(folder, { multipass: `#!/bin/sh\n${hold}\nsleep 1000\necho\n` });
      const child = begin([...vmssh, 'nc', '--pipe', 'multipass/x'], {
        env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
      });
      const ended = outcome(child);
      await started;
      child.kill(signal);
      await gone;
      expect(await ended).toMatchObject({ signal });
    },
  );
});

function ended(pid: number | undefined, platform: NodeJS.Platform): readonly string[] {
  const done: string[] = [];
  const effects: EndEffects = {
    platform,
    env: { SystemRoot: 'D:\\Windows' },
    kill: (to, signal) => {
      done.push(`${signal} ${to}`);
      throw Object.assign(new Error('kill'), { code: 'ESRCH' });
    },
    run: (program, args) => done.push([program, ...args].join(' ')),
  };
  endTree({ pid }, effects);
  return done;
}

describe('a program and what it started', () => {
  it('are its process group', () => expect(ended(7, 'linux')).toEqual(['SIGKILL -7', 'SIGKILL 7']));
  it('are its tree on Windows, as long as its first process is there', () => {
    expect(ended(7, 'win32')).toEqual(['D:\\Windows\\System32\\taskkill.exe /pid 7 /t /f', 'SIGKILL 7']);
  });
  it('are nothing if it never started', () => expect(ended(undefined, 'linux')).toEqual([]));
});
