import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configOf, makeHostKey, programsFor, systemOf } from '../../../src/connect/exec/bring.js';
import { lacks } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe('what is brought', () => {
  const dir = useTempDir();

  it.skipIf(lacks('ssh-keygen'))('has a host key that ssh-keygen reads, another one each time', async () => {
    const keys = [await makeHostKey(), await makeHostKey()];
    const shown = keys.map(({ file }, at) => {
      writeFileSync(join(dir, `${at}`), file, { mode: 0o600 });
      return execFileSync('ssh-keygen', ['-y', '-f', join(dir, `${at}`)], { encoding: 'utf8' }).trim();
    });
    expect(shown).toEqual(keys.map(({ type, key }) => `${type} ${key}`));
    expect(new Set(shown).size).toBe(2);
  });

  it.each([
    { name: 'quotes and backslashes', variable: 'A=a "b" \\ c', want: 'SetEnv "A=a \\"b\\" \\\\ c"\n' },
    { name: 'a hash, and bytes that are not UTF-8', variable: 'A=#\xff', want: 'SetEnv "A=#\xff"\n' },
    { name: 'a line end, which could begin another setting', variable: 'A=b\nForceCommand x', want: '' },
    { name: 'a carriage return', variable: 'A=b\r', want: '' },
    { name: "what is sshd's own", variable: 'HOME=/x', want: '' },
    { name: 'no name', variable: 'A B=c', want: '' },
    { name: 'a name with digits', variable: 'A1_b=c', want: 'SetEnv "A1_b=c"\n' },
    ...[
      ...['USER', 'LOGNAME', 'SHELL', 'MAIL', 'PWD', 'OLDPWD', 'SHLVL', 'TERM', '_'],
      ...['SSH_AUTH_SOCK', 'SSH_CONNECTION', 'INVOCATION_ID', 'JOURNAL_STREAM', 'MEMORY_PRESSURE_WATCH'],
      ...['SYSTEMD_EXEC_PID', 'NOTIFY_SOCKET'],
    ].map((name) => ({ name: `not ${name}`, variable: `${name}=x`, want: '' })),
    ...['MYHOME', 'MY_NOTIFY_SOCKET', 'HOMES', 'SSHD'].map((name) => ({
      ...{ name: `but ${name}`, variable: `${name}=x`, want: `SetEnv "${name}=x"\n` },
    })),
  ])('takes the environment over: $name', ({ variable, want }) => {
    const text = configOf('/run/.vmssh-1', [variable]);
    expect(text.slice(text.indexOf('AcceptEnv'))).toBe(`AcceptEnv LANG LC_*\n${want}`);
  });

  it.each([
    { processor: 'x86_64', want: 'linux-x64' },
    { processor: 'aarch64', want: 'linux-arm64' },
    { processor: '', want: `linux-${process.arch}` },
    { processor: 'riscv64', want: undefined },
    { processor: 'constructor', want: undefined },
  ])('is for the processor "$processor"', ({ processor, want }) => {
    expect(systemOf(processor)).toBe(want);
  });

  it('is taken from the first place that has it, if nobody else could change it', async () => {
    const places = ['none', 'other', 'open'].map((name) => join(dir, name));
    const [, other = '', open = ''] = places.map((place) => join(place, 'linux-x64'));
    for (const folder of [other, open]) {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      for (const name of ['sshd', 'sshd-session', 'sshd-auth']) writeFileSync(join(folder, name), name);
    }
    chmodSync(open, 0o777);
    const programs = await programsFor('x86_64', places);
    expect(Object.keys(programs)).toEqual(['sshd', 'sshd-session', 'sshd-auth']);
    expect(Buffer.from(programs.sshd ?? []).toString()).toBe('sshd');
    await expect(programsFor('x86_64', places.toReversed())).rejects.toThrow(/open.* could be changed by /);
    await expect(programsFor('x86_64', places.slice(0, 1))).rejects.toThrow(
      `there is no ${dir}/none/linux-x64`,
    );
  });

  it('says that there is none for a processor', async () => {
    await expect(programsFor('riscv64')).rejects.toThrow('its processor is "riscv64"');
  });

  it.skipIf(['/usr/local/lib/vmssh/sshd', '/usr/lib/vmssh/sshd'].some((place) => existsSync(place)))(
    'is looked for where vmssh is, behind a link too, and where packages put it',
    async () => {
      const [, script = ''] = process.argv;
      for (const name of ['there/bin', 'links']) mkdirSync(join(dir, name), { recursive: true });
      writeFileSync(join(dir, 'there/bin/vmssh'), '');
      symlinkSync('../there/bin/vmssh', join(dir, 'links/vmssh'));
      const there = join(dir, 'there');
      const places = [join(there, 'bin/sshd'), join(there, 'sshd'), join(there, 'lib/vmssh/sshd')];
      const all = [...places, '/usr/local/lib/vmssh/sshd', '/usr/lib/vmssh/sshd'];
      process.argv[1] = join(dir, 'links/vmssh');
      try {
        await expect(programsFor('x86_64')).rejects.toThrow(
          `there is no ${all.map((place) => `${place}/linux-x64`).join(' and no ')}`,
        );
        for (const place of places.toReversed()) {
          const folder = join(place, 'linux-x64');
          mkdirSync(folder, { recursive: true, mode: 0o755 });
          for (const name of ['sshd', 'sshd-session', 'sshd-auth']) writeFileSync(join(folder, name), place);
          expect(Buffer.from((await programsFor('x86_64')).sshd ?? []).toString()).toBe(place);
        }
      } finally {
        process.argv[1] = script;
      }
    },
  );

  it('says no more than the beginning of a long name of a processor', async () => {
    await expect(programsFor('x'.repeat(900))).rejects.toThrow(/^its processor is "x{100}"$/);
  });
});
