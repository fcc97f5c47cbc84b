import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, inject, it } from 'vitest';
import { describeWindows } from '../bed/describe.js';
import { programs, workFile } from '../bed/paths.js';
import { runOnWindows } from '../bed/run.js';

describeWindows.each(Object.entries(programs))('vmssh config by %s', (_name, program) => {
  // With a space and in another script, as a user of Windows may have it.
  const home = () => join(inject('work'), 'Jörg 日本');
  const own = () => join(home(), '.ssh/vmssh.conf');
  beforeEach(() => rmSync(home(), { recursive: true, force: true }));

  const config = async (...args: readonly string[]) => {
    const env = { ...process.env, BRIDGE_HOME: workFile('Jörg 日本') };
    const { code, stdout, stderr } = await runOnWindows([...program, 'config', ...args], { env });
    return { code, stdout, stderr };
  };

  it("install, diff and uninstall work in the user's own folder", async () => {
    expect(await config('diff', '--only-patterns')).toMatchObject({ code: 1, stderr: '' });
    expect(await config('install', '--only-patterns')).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(home(), '.ssh/config'), 'utf8')).toMatch(/^Include "?vmssh\.conf"?$/m);
    expect(readFileSync(own(), 'utf8')).toContain('/vmssh.');
    expect(await config('diff', '--only-patterns')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await config('uninstall')).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(own())).toBe(false);
  });

  it('refuse a file for all users there', async () => {
    const { code, stderr } = await config('install', '--system');
    expect(code).toBe(2);
    expect(stderr).toContain('ProgramData');
  });
});
