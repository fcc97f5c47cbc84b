import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/cli/command.js';
import { portArgument } from '../../src/cli/values.js';

describe('portArgument', () => {
  it('is 22 if it is absent', () => {
    expect(portArgument(undefined)).toBe(22);
  });

  it('refuses with a UsageError', () => {
    expect(() => portArgument('ssh')).toThrow(
      new UsageError('port "ssh" cannot be used: it is not a number'),
    );
  });
});
