import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Command, type RawArgs, UsageError, understand } from '../../../src/cli/command.js';
import { check } from '../../../src/commands/check/check.js';
import { guestCheck } from '../../../src/commands/guest/check.js';
import { guestInstall } from '../../../src/commands/guest/install.js';
import { guestPrint } from '../../../src/commands/guest/print.js';
import { ConnectError } from '../../../src/errors.js';
import { checkScript, setupScript, undoScript } from '../../../src/guest/script.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { call, raw } from './call.js';

const dir = useTempDir();
const key = `ssh-ed25519 ${'A'.repeat(68)} it's "me"`;
beforeAll(() => writeFileSync(join(dir, 'k.pub'), `${key}\n`));

describe('guest print --as units', () => {
  it('prints both files with their paths', async () => {
    const { out, err } = await call(guestPrint, raw({ as: 'units', port: '2222', distro: 'opensuse' }));
    expect(out).toMatch(
      /^# \/etc\/systemd\/system\/sshd-vsock-2222\.socket\n[\s\S]*\n# \/etc\/systemd\/system\/sshd-vsock-2222@\.service\n/,
    );
    expect(err).toContain('systemctl enable --now sshd-vsock-2222.socket');
  });
  it('says that 256 needs none, except for another port', async () => {
    expect((await call(guestPrint, raw({ as: 'units', systemd: '257' }))).out).toMatch(
      /^# systemd 257 makes sshd-vsock\.socket by itself/,
    );
    expect((await call(guestPrint, raw({ as: 'units', systemd: '257', port: '23' }))).out).toContain(
      'ListenStream=vsock::23\n',
    );
  });
});

describe('guest print', () => {
  it('has what was asked for', async () => {
    const { out } = await call(guestPrint, raw({ key: join(dir, 'k.pub'), port: '2222', 'hosts-fix': true }));
    expect(out).toBe(setupScript({ port: 2222, hostsFix: true, keys: [key] }));
    expect((await call(guestPrint, raw({ undo: true }))).out).toBe(undoScript());
    expect((await call(guestCheck, raw({ script: true, user: 'ann' }))).out).toBe(
      checkScript({ port: 22, account: 'ann' }),
    );
    expect((await call(guestPrint, raw({ as: 'generator' }))).out).toMatch(
      /^#!\/bin\/sh\n# vmssh-guest [0-9a-f]{16}: /,
    );
  });
});

describe('wrong usage', () => {
  it.each<{ command: Command<unknown>; args: RawArgs; says: RegExp }>([
    { command: guestPrint, args: raw({ as: 'units', systemd: '239' }), says: /from 240 on, not "239"/ },
    {
      command: guestPrint,
      args: raw({ as: 'units', distro: 'beos' }),
      says: /--distro takes one of debian.*, not "beos"/,
    },
    { command: guestPrint, args: raw({ as: 'units', distro: 'toString' }), says: /--distro takes/ },
    { command: guestPrint, args: raw({ as: 'units', port: '4294967295' }), says: /port/ },
    { command: guestPrint, args: raw({ port: '0' }), says: /--port takes 1/ },
    {
      command: guestPrint,
      args: raw({ undo: true, port: '22' }),
      says: /^--undo and --port cannot be used together$/,
    },
    {
      command: guestInstall,
      args: raw({ undo: true, 'only-vsock': true }, 'a'),
      says: /^--undo and --only-vsock cannot be used together/,
    },
    { command: guestPrint, args: raw({ generator: true, port: '23' }), says: /the generator binds port 22/ },
    {
      command: guestPrint,
      args: raw({ as: 'unit' }),
      says: /--as takes one of script, units, generator, cloud-init, not "unit"/,
    },
    {
      command: guestPrint,
      args: raw({ as: 'generator', port: '22' }),
      says: /^--as generator has no --port$/,
    },
    { command: guestPrint, args: raw({ as: 'units', undo: true }), says: /^--as units has no --undo$/ },
    {
      command: guestPrint,
      args: raw({ as: 'cloud-init', systemd: '255' }),
      says: /^--as cloud-init has no --systemd$/,
    },
    { command: guestPrint, args: raw({ tree: 'seed' }), says: /^--as script has no --tree$/ },
    { command: guestPrint, args: raw({}, 'web'), says: /^expected no argument, got "web"$/ },
    { command: guestPrint, args: raw({ key: '/nowhere' }), says: /"\/nowhere" cannot be read/ },
    { command: guestPrint, args: raw({ account: "a'b" }), says: /cannot be the name of an account/ },
    { command: guestInstall, args: raw({}, '-oProxyCommand=x'), says: /cannot be a host/ },
    { command: guestInstall, args: raw({}, 'a b'), says: /cannot be a host/ },
    {
      command: guestInstall,
      args: raw({ by: 'telnet' }, 'a'),
      says: /--by takes one of ssh, target, wsl, exec, not "telnet"/,
    },
    { command: guestCheck, args: raw({ script: true }, 'web'), says: /expected no HOST/ },
    { command: guestCheck, args: raw(), says: /expected HOST/ },
    { command: check, args: raw(), says: /expected one or more targets/ },
  ])('$args', ({ command, args, says }) => {
    expect(() => understand(command, args, fakeIo())).toThrow(UsageError);
    expect(() => understand(command, args, fakeIo())).toThrow(says);
  });
  it('of a form names those that have the option', () => {
    const hintOf = (options: RawArgs['options']) => {
      try {
        guestPrint.parse(raw(options), fakeIo());
      } catch (error) {
        return (error as UsageError).hint;
      }
      return undefined;
    };
    expect(hintOf({ distro: 'arch' })).toBe('--distro is for --as units and --as cloud-init');
    expect(hintOf({ as: 'cloud-init', undo: true })).toBe('--undo is for --as script');
  });
  it('of a target is reported as such', () => {
    expect(() => guestInstall.parse(raw({ target: 'web' }, 'web'), fakeIo())).toThrow(ConnectError);
    expect(() => guestInstall.parse(raw({ by: 'target' }, 'me@web'), fakeIo())).toThrow(
      'cannot understand "web": unknown kind of target',
    );
  });
});
