import { createHash, createHmac, randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import * as os from 'node:os';
import { isatty } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { casesOf, failure } from './case.js';

const long = 'x'.repeat(1000);
const sha256Of = (text: string) => createHash('sha256').update(text).digest('hex');

export const system = casesOf({
  'SHA-256': {
    run: () => [
      createHash('sha256').update('').digest('hex'),
      createHash('sha256').update('a').update(long).digest('base64'),
      // With each length of a last block.
      createHash('sha256')
        .update(Array.from({ length: 131 }, (_, n) => sha256Of('x'.repeat(n))).join(''))
        .digest('hex'),
    ],
    want: [
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'b6Ash0P328O6000rX6Ubjmpp2QGL91hdqE7hOc88n2Q=',
      '87aca1c44bc7ba8897768170211f0a02063de70801131ff86c7edb9ce32c6a50',
    ],
  },
  'SHA-1 with a key': {
    run: () => [
      createHmac('sha1', Buffer.from('key')).update('text').digest('base64'),
      createHmac('sha1', long).update(long).digest('hex'),
    ],
    want: ['Np4pWetJRQM4shJ0j3fY3tdIR7s=', '9a8db43841240b451d09f2a5fd22b973237e0e14'],
  },
  'random bytes': {
    run: () => [randomBytes(6).length, randomBytes(6).equals(randomBytes(6))],
    want: [6, false],
  },
  'the user': {
    run: () => {
      const { username, homedir } = os.userInfo();
      return [username !== '', homedir.startsWith('/')];
    },
    want: [true, true],
  },
  'the user whose rights we have': {
    run: () => [process.geteuid?.() === process.getuid?.(), typeof process.geteuid?.()],
    want: [true, 'number'],
  },
  'numbers of errors': {
    run: () => {
      const { ENOENT, ECONNRESET, EAGAIN } = os.constants.errno;
      return [ENOENT, ECONNRESET, EAGAIN, Object.hasOwn(os.constants.errno, 'constructor')];
    },
    want: [2, 104, 11, false],
  },
  'the system': {
    run: () => [
      os.arch() === process.arch,
      os.release() !== '',
      os.hostname() !== '',
      os.constants.signals.SIGTERM,
    ],
    want: [true, true, true, 15],
  },
  'no terminal': { run: () => isatty(99), want: false },
  'a text without its colours': {
    run: () => stripVTControlCharacters('\x1b[1;31mred\x1b[0m \x1b]0;title\x07\x1b[2Kx'),
    want: 'red x',
  },
  'names of the network': {
    run: async () => [
      // Some hosts have no name for it.
      !/\slocalhost(\s|$)/m.test(readFileSync('/etc/hosts', 'utf8')) ||
        (await lookup('localhost', { all: true })).some(({ address }) => address === '127.0.0.1'),
      await failure(() => lookup('no-such-name.invalid', { all: true })),
    ],
    want: [true, 'ENOTFOUND'],
  },
  'the process': {
    run: () => [
      process.platform,
      process.uptime() > 0,
      process.cpuUsage().user >= 0,
      typeof process.env.PATH,
      process.env['NO_SUCH=X'] === undefined,
    ],
    want: ['linux', true, true, 'string', true],
  },
});
