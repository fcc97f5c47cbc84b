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
      'Some tests were skipped: no objdump here; the native addon is not built; not found: fish, sshd, zsh. ' +
        'To run them too: apt-get install binutils fish g++ openssh-server zsh && npm run build',
    );
  });

  it('is one line, whatever the reasons are', () => {
    const texts = [
      'skipped: the native addon is not built\n  /a: no such file\nremedy: npm run build',
      'skipped: a socket of another user needs other users: run the tests as root',
      'skipped: high numbers needs other users: run the tests as root',
    ];
    expect(skipLine(texts)).toBe(
      'Some tests were skipped: the native addon is not built; what needs other users (run as root). To run them too: npm run build',
    );
  });

  it('is a reason without a command if no package helps', () => {
    expect(skipLine(['skipped: run as root'])).toBe('Some tests were skipped: run as root.');
  });
});
