import type { Addon } from 'node-hvsock-native';
import { describe, expect, it } from 'vitest';
import { about } from '../../src/cli/about.js';

const addon = (families: Addon['families']) => ({ addon: { families } as Addon });
const linux = { platform: 'linux', arch: 'x64', version: 'v20.1.0' } as const;

describe('what a build says of itself', () => {
  it.each([
    { has: { missing: new Error('gone') }, system: linux, want: ['unix'] },
    {
      has: addon(['unix', 'inet', 'vsock']),
      system: linux,
      want: ['unix', 'vsock', 'fd-passing', 'native-relay'],
    },
    {
      has: addon(['unix', 'inet', 'hyper-v']),
      system: { ...linux, platform: 'win32' as const },
      want: ['unix', 'hyper-v', 'native-relay'],
    },
  ])('$want on $system.platform', ({ has, system, want }) => {
    const { features, platform, engine, commit } = about(has, system);
    expect(features).toEqual(want);
    expect(platform).toBe(`${system.platform}-x64`);
    // Not built, so of no commit.
    expect({ engine, commit }).toEqual({ engine: { name: 'Node', version: '20.1.0' }, commit: null });
  });
});
