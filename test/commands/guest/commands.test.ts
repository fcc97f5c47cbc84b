import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConnectError } from '../../../src/base/errors.js';
import { type Command, type RawArgs, UsageError, understand } from '../../../src/cli/command.js';
import { check } from '../../../src/commands/check/check.js';
import { guestCheck } from '../../../src/commands/guest/check.js';
import { guestInstall } from '../../../src/commands/guest/install.js';
import { guestPrint } from '../../../src/commands/guest/print.js';
import { setup } from '../../../src/commands/guest/setup.js';
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
  const ofPrint: readonly [options: RawArgs['options'], says: RegExp][] = [
    [{ as: 'units', systemd: '239' }, /from 240 on, not "239"/],
    [{ as: 'units', distro: 'beos' }, /--distro takes one of debian.*, not "beos"/],
    [{ as: 'units', distro: 'toString' }, /--distro takes/],
    [{ as: 'units', port: '4294967295' }, /port/],
    [{ port: '0' }, /--port takes 1/],
    [{ undo: true, port: '22' }, /^--undo and --port cannot be used together$/],
    [{ generator: true, port: '23' }, /the generator binds port 22/],
    [{ as: 'unit' }, /--as takes one of script, units, generator, cloud-init, not "unit"/],
    [{ as: 'generator', port: '22' }, /^--as generator has no --port$/],
    [{ as: 'units', undo: true }, /^--as units has no --undo$/],
    [{ as: 'cloud-init', systemd: '255' }, /^--as cloud-init has no --systemd$/],
    [{ as: 'cloud-init', distro: 'arch' }, /^--as cloud-init has no --distro$/],
    [{ key: '/proc/none' }, /"\/proc\/none" cannot be read/],
    [{ account: "a'b" }, /cannot be the name of an account/],
  ];
  it.each<[command: Command<unknown>, args: RawArgs, says: RegExp]>([
    ...ofPrint.map(([options, says]): [Command<unknown>, RawArgs, RegExp] => [
      guestPrint,
      raw(options),
      says,
    ]),
    [guestPrint, raw({}, 'web'), /^expected no argument, got "web"$/],
    [
      guestInstall,
      raw({ undo: true, 'only-vsock': true }, 'a'),
      /^--undo and --only-vsock cannot be used together/,
    ],
    [guestInstall, raw({}, '-oProxyCommand=x'), /cannot be a host/],
    [guestInstall, raw({}, 'a b'), /cannot be a host/],
    [guestInstall, raw({ by: 'telnet' }, 'a'), /--by takes one of ssh, target, wsl, exec, not "telnet"/],
    [setup, raw({}, 'ann@mint'), /^"ann@mint": the account has an option of its own$/],
    [guestCheck, raw({ script: true }, 'web'), /expected no HOST/],
    [guestCheck, raw(), /expected HOST/],
    [check, raw(), /expected one or more targets/],
  ])('$1', (command, args, says) => {
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
    expect(hintOf({ as: 'generator', port: '22' })).toBe(
      '--port is for --as script and --as units and --as cloud-init',
    );
    expect(hintOf({ distro: 'arch' })).toBe('--distro is for --as units');
    expect(hintOf({ as: 'cloud-init', undo: true })).toBe('--undo is for --as script');
  });
  it('of a target is reported as such', () => {
    expect(() => guestInstall.parse(raw({ target: 'web' }, 'web'), fakeIo())).toThrow(ConnectError);
    expect(() => guestInstall.parse(raw({ by: 'target' }, 'me@web'), fakeIo())).toThrow(
      'cannot understand "web": unknown kind of target',
    );
  });
});
