import { describe, expect, it } from 'vitest';
import { type EndEffects, endTree } from '../../src/process/end-tree.js';

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
