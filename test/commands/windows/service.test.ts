import { describe, expect, it } from 'vitest';
import type { Command, RawArgs } from '../../../src/cli/command.js';
import { explain } from '../../../src/cli/rows.js';
import { guid, port } from '../../../src/commands/windows/guid.js';
import {
  change,
  serviceList,
  serviceRegister,
  serviceUnregister,
} from '../../../src/commands/windows/service.js';
import { listServices, parseServices, servicesKey } from '../../../src/sources/hyper-v/services.js';
import { type Deps, DiscoveryError } from '../../../src/sources/source.js';
import { fakeIo } from '../../helpers/fake-io.js';

const raw = (positionals: readonly string[], options: RawArgs['options'] = {}): RawArgs => ({
  positionals,
  options,
});

/** What a command prints for these arguments. */
async function printed<O>(command: Command<O>, args: RawArgs) {
  const io = fakeIo();
  const code = await command.run(command.parse(args, io), io).catch((error) => explain(error, io));
  return { code, out: io.stdout.join(''), err: io.stderr.join('') };
}

const key = (id: string) => `"${servicesKey}\\${id}"`;
const id2222 = '000008ae-facb-11e6-bd58-64006a7986d3';

describe('vmssh guid and vmssh port', () => {
  it.each([
    { port: '0', id: '00000000-facb-11e6-bd58-64006a7986d3' },
    { port: '22', id: '00000016-facb-11e6-bd58-64006a7986d3' },
    { port: '2222', id: id2222 },
    { port: '2147483647', id: '7fffffff-facb-11e6-bd58-64006a7986d3' },
  ])('convert $port and $id into each other', async ({ port: number, id }) => {
    expect(await printed(guid, raw([number]))).toEqual({ code: 0, out: `${id}\n`, err: '' });
    expect(await printed(port, raw([`{${id.toUpperCase()}}`]))).toEqual({
      code: 0,
      out: `${number}\n`,
      err: '',
    });
  });

  it('take several', async () => {
    expect((await printed(port, raw([id2222, id2222]))).out).toBe('2222\n2222\n');
  });

  it.each([
    { command: guid, args: [], want: 'expected PORT..., got nothing' },
    { command: guid, args: ['2147483648'], want: 'port 2147483648 cannot be used' },
    { command: guid, args: ['x'], want: 'port "x" cannot be used' },
    { command: port, args: ['22'], want: '"22" is not a GUID' },
    { command: port, args: ['80000000-facb-11e6-bd58-64006a7986d3'], want: 'is not the id of a vsock port' },
    { command: port, args: ['00000016-0000-11e6-bd58-64006a7986d3'], want: 'is not the id of a vsock port' },
  ])('refuse $args', ({ command, args, want }) => {
    expect(() => command.parse(raw(args), fakeIo())).toThrow(want);
  });
});

describe('vmssh service', () => {
  it('prints the commands of a dry run on any system', async () => {
    expect((await printed(serviceRegister, raw(['2222'], { 'dry-run': true }))).out).toBe(
      `reg add ${key(id2222)} /v ElementName /t REG_SZ /d "vmssh vsock 2222" /f\n`,
    );
    expect((await printed(serviceRegister, raw(['2222'], { 'dry-run': true, name: 'ssh' }))).out).toBe(
      `reg add ${key(id2222)} /v ElementName /t REG_SZ /d ssh /f\n`,
    );
    const hostile = { 'dry-run': true as const, name: 'a&calc|(^x)' };
    expect((await printed(serviceRegister, raw(['2222'], hostile))).out).toContain(' /d "a&calc|(^x)" ');
    expect((await printed(serviceUnregister, raw(['2222'], { 'dry-run': true }))).out).toBe(
      `reg delete ${key(id2222)} /f\n`,
    );
  });

  it.each([
    { command: serviceList, args: raw([]) },
    { command: serviceRegister, args: raw(['22']) },
    { command: serviceUnregister, args: raw(['22']) },
  ])('says where it works: $command.name', async ({ command, args }) => {
    const { code, out, err } = await printed(command as Command<unknown>, args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^vmssh: .* are registered on Windows, and this is linux\nhint: vmssh guid PORT/);
  });

  it.each([
    {
      elevated: false,
      want: 'vmssh: this needs an elevated terminal: reg.exe: denied\nhint: start the terminal as administrator, and run it again\n',
    },
    { elevated: true, want: 'vmssh: reg.exe: denied\n' },
  ])('says what is needed if Windows refuses, elevated: $elevated', async ({ elevated, want }) => {
    const io = fakeIo({ platform: 'win32' });
    const refuse = async () => {
      throw new DiscoveryError('FAILED', 'reg.exe: denied');
    };
    const running = change(
      [22],
      () => ['add', 'x'],
      false,
      io,
      refuse,
      () => elevated,
    );
    expect(await running.catch((error) => explain(error, io))).toBe(1);
    expect(io.stderr.join('')).toBe(want);
  });

  it('says that what is to be removed is not registered, however the terminal was started', async () => {
    const io = fakeIo({ platform: 'win32' });
    const asked: string[] = [];
    const none = async (_program: string, [verb = '']: readonly string[]) => {
      asked.push(verb);
      throw new DiscoveryError('FAILED', 'reg.exe: Zugriff verweigert');
    };
    const running = change(
      [22],
      () => ['delete', 'x', '/f'],
      false,
      io,
      none,
      () => false,
    );
    expect(await running.catch((error) => explain(error, io))).toBe(1);
    expect(io.stderr.join('')).toBe('vmssh: port 22 is not registered\nhint: vmssh service list\n');
    expect(asked).toEqual(['delete', 'query']);
  });

  it('gives reg.exe half a minute', async () => {
    const limits: unknown[] = [];
    const run = async (_program: string, _args: readonly string[], { timeoutMs }: Deps) => {
      limits.push(timeoutMs);
      return '';
    };
    await listServices({ env: {} }, run);
    expect(limits).toEqual([30_000]);
  });

  it.each(['a"b', '', 'a\nb'])('takes no name %j', (name) => {
    expect(() => serviceRegister.parse(raw(['22'], { name }), fakeIo())).toThrow('--name takes');
  });
});

describe("reg.exe's answer", () => {
  it('has one service per key, by its ElementName', () => {
    const text = [
      '',
      `HKEY_LOCAL_MACHINE${servicesKey.slice(4)}\\${id2222.toUpperCase()}`,
      '    ElementName    REG_SZ    my service',
      '',
      `HKEY_LOCAL_MACHINE${servicesKey.slice(4)}\\999E53D4-3D5C-4C3E-8779-BED06EC056E1`,
      '    ElementName    REG_SZ    VM Session Service 1',
      '    Other    REG_DWORD    0x1',
      '',
      `HKEY_LOCAL_MACHINE${servicesKey.slice(4)}\\00000016-FACB-11E6-BD58-64006A7986D3`,
      '    (Standard)    REG_SZ    ElementName',
      '',
    ].join('\r\n');
    expect(parseServices(text)).toEqual([
      { id: id2222, port: 2222, name: 'my service' },
      { id: '999e53d4-3d5c-4c3e-8779-bed06ec056e1', port: undefined, name: 'VM Session Service 1' },
    ]);
  });

  it('is a failure if there is no such key: no services', async () => {
    const run = async () => {
      throw new DiscoveryError('FAILED', 'reg.exe: FEHLER: …');
    };
    expect(await listServices({ env: {} }, run)).toEqual([]);
  });

  it('may be none at all', async () => {
    const run = async () => {
      throw new DiscoveryError('ENOENT', 'no reg.exe');
    };
    await expect(listServices({ env: {} }, run)).rejects.toThrow('no reg.exe');
  });
});
