import { afterEach, describe, expect, it, vi } from 'vitest';
import { addonRemedy, missingAddon, missingExecutable } from './addon.js';

describe('a suite that needs the addon', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('names the compiler if there is none, otherwise only the build', () => {
    expect(addonRemedy(() => undefined)).toBe('apt-get install g++ && npm run build');
    expect(addonRemedy((name) => (name === 'c++' ? '/usr/bin/c++' : undefined))).toBe('npm run build');
  });

  it('says why it is skipped', () => {
    vi.stubEnv('VMSSH_NO_SKIP', '');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const reason = missingAddon(false);
    expect(reason).toMatch(/^the native addon is not built: .*npm run build$/);
    expect(warn).toHaveBeenCalledWith(`skipped: ${reason}`);
    expect([missingAddon(true), missingExecutable(true)]).toEqual([undefined, undefined]);
    expect(missingExecutable(false)).toMatch(/^the executable is not built: .*npm run build$/);
    vi.stubEnv('VMSSH_NO_SKIP', '1');
    expect(() => missingAddon(false)).toThrow(reason);
    vi.unstubAllEnvs();
  });
});
