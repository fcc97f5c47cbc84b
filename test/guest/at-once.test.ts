import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { accountScript, undoScript } from '../../src/guest/script.js';
import { missingRoot } from '../helpers/other-user.js';
import { shells } from '../helpers/shells.js';
import { eachRow } from '../helpers/tables/rows.js';
import { givenAccount, intoRoot, root, useRoot } from './sh/guest.js';

useRoot();

const keys = ['a', 'b'].map((letter) => `ssh-ed25519 AAAA${letter.repeat(64)} ${letter}`);
const theirs = `ssh-ed25519 ${'A'.repeat(68)} colleague\n`;

// Only a file of root's is root's account's.
const notRoot = missingRoot('a setup of root’s account');

describe.skipIf(notRoot).each(shells)('$name', ({ command: [program = '', ...args] }) => {
  const lock = () => join(root, 'run/vmssh-lock');
  const authorized = () => readFileSync(join(root, 'home/.ssh/authorized_keys'), 'utf8');
  /** What a script in the machine says, if it fails. */
  const run = async (script: string, seen: (child: ChildProcess) => void = () => {}) => {
    const { input, env } = intoRoot(script);
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    seen(child);
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      said += part;
    });
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    return code === 0 ? '' : said;
  };
  const setup = (key = '') => run(accountScript({ account: 'root', keys: [key], look: false }));

  beforeEach(() => {
    givenAccount({
      // The process that has the lock ends meanwhile.
      'fakes/sleep': `#!/bin/sh\necho >>'${root}/naps'\ncase $(readlink '${root}/run/vmssh-lock') in 1.*) rm '${root}/run/vmssh-lock' ;; esac\n`,
      'home/.ssh/authorized_keys': theirs,
    });
  });

  it('those that set up one machine at once lose nobody’s key, and are taken back', async () => {
    expect(await Promise.all(keys.map(setup))).toEqual(['', '']);
    expect(authorized().split('\n').sort()).toEqual(['', ...keys, theirs.trim()].sort());
    expect(await run(undoScript())).toBe('');
    expect([authorized(), readdirSync(join(root, 'run'))]).toEqual([theirs, []]);
  });

  it('without ln nothing is waited for, and nothing is changed', async () => {
    givenAccount({
      'fakes/ln': '#!/bin/sh\necho ln: not found >&2\nexit 127\n',
      'home/.ssh/authorized_keys': theirs,
    });
    expect(await setup(keys[0])).toMatch(/^failed +lock +cannot make a link in \S+: ln: not found$/m);
    expect([authorized(), readdirSync(join(root, 'run'))]).toEqual([theirs, []]);
  });

  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
  const nameOf = (pid: number) => {
    const [, fields = ''] = /.*\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return `${pid}.${fields.split(' ')[19]}.${boot}`;
  };
  it.each(['SIGTERM', 'SIGHUP'] as const)(
    'one that %s ends while it waits leaves nothing',
    async (signal) => {
      symlinkSync(nameOf(process.pid), lock());
      const script = accountScript({ account: 'root', keys: keys.slice(0, 1), look: false });
      await run(script, async (child) => {
        await vi.waitFor(() => expect(existsSync(join(root, 'naps'))).toBe(true), 10_000);
        child.kill(signal);
      });
      expect([authorized(), readdirSync(join(root, 'run'))]).toEqual([theirs, ['vmssh-lock']]);
    },
  );

  eachRow({
    'one that was killed while it took that of another': {
      links: {
        '': `1.1.${boot}`,
        [`.1.1.${boot}`]: `2.2.${boot}`,
        [`.1.1.${boot}.2.2.${boot}`]: `3.3.${boot}`,
      },
      waits: false,
    },
    'one that ends later': { links: { '': nameOf(1) }, waits: true },
  })('the lock of $name', async ({ links, waits }) => {
    for (const [name, text] of Object.entries(links)) symlinkSync(text, `${lock()}${name}`);
    mkdirSync(join(root, `run/vmssh-run.1.1.${boot}`));
    expect(await setup(keys[0])).toBe('');
    expect(authorized()).toBe(`${theirs}${keys[0]}\n`);
    expect(readdirSync(join(root, 'run'))).toEqual([]);
    expect(existsSync(join(root, 'naps'))).toBe(waits);
  });
});
