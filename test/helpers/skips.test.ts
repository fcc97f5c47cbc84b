import { describe, expect, it } from 'vitest';
import { skipLine } from './skips.js';

describe('the last line of the tests', () => {
  it('is none if nothing was skipped', () => expect(skipLine([])).toBeUndefined());

  it('is one command for everything that is missing', () => {
    const texts = [
      'skipped: zsh, fish not found: apt-get install zsh fish',
      'skipped: sshd not found: apt-get install openssh-server',
      'skipped: no objdump here\nremedy: apt-get install binutils',
      'skipped: fish not found: apt-get install fish',
      'skipped: the native addon is not built: apt-get install g++ && npm run build',
    ];
    expect(skipLine(texts)).toBe(
      'Some tests were skipped: zsh, fish not found; sshd not found; no objdump here; fish not found; the native addon is not built. ' +
        'To run them too: apt-get install binutils fish g++ openssh-server zsh && npm run build',
    );
  });

  it('is a reason without a command if no package helps', () => {
    expect(skipLine(['skipped: run as root'])).toBe('Some tests were skipped: run as root.');
  });
});
