import { describe, expect, it } from 'vitest';
import { loginOf, loginsFor, withLogin, withoutLogin } from '../../src/book/logins.js';
import type { HostMachine, MachineRecord } from '../../src/book/state.js';

const id = (digit: number) => `${String(digit).repeat(8)}-2222-4333-8444-555555555555`;
const web: HostMachine = { name: 'web', target: 'incus/web', provider: 'incus', uuid: id(1) };
const db: HostMachine = { name: 'db', target: 'incus/db', provider: 'incus', uuid: id(2) };
const login = { uuid: id(1), user: 'ann' };

describe('a login that setup makes', () => {
  it.each<[string, HostMachine, readonly MachineRecord[], readonly MachineRecord[]]>([
    ['is kept with its Host', web, [{ host: 'web', ...web }], [{ host: 'web', ...web, login }]],
    [
      'takes the place of the one before, where the machine was made again',
      web,
      [{ host: 'web', ...web, uuid: id(3), login: { user: 'kim' } }],
      [{ host: 'web', ...web, login }],
    ],
    [
      'is kept without a Host',
      web,
      [{ host: 'db', ...db }],
      [
        { host: 'db', ...db },
        { ...web, login },
      ],
    ],
    [
      'goes with a machine that has another name now, and its Host stays',
      { ...db, uuid: id(1) },
      [
        { host: 'web', ...web, gone: '2026-03-01', login: { user: 'kim' } },
        { host: 'x', ...web, target: 'incus/x', uuid: id(4) },
      ],
      [
        { host: 'web', ...web, gone: '2026-03-01', login: undefined },
        { host: 'x', ...web, target: 'incus/x', uuid: id(4) },
        { ...db, uuid: id(1), login },
      ],
    ],
  ])('%s', (_, machine, records, want) => expect(withLogin(records, machine, login)).toEqual(want));

  it('is taken back without its Host, and that it was the first one stays with another', () => {
    const first = { ...login, first: true } as const;
    const other = { ...db, login: { user: 'kim' } };
    const [host, next] = withoutLogin([{ host: 'web', ...web, login: first }, other], web);
    expect([host, next]).toEqual([
      { host: 'web', ...web },
      { ...db, login: { user: 'kim', first: true } },
    ]);
    expect(withoutLogin([{ ...web, login }, other], web)).toEqual([other]);
  });

  it('is changed and taken back where it is, though another machine has the name and the record now', () => {
    const now = { host: 'web', ...web, uuid: id(3) };
    const records = [
      { ...now, login },
      { host: 'old', ...web, target: 'incus/old' },
    ];
    const old = { ...web, target: 'incus/old' };
    const next = { uuid: id(1), user: 'kim' };
    expect(withLogin(records, old, next)).toEqual([now, { host: 'old', ...old, login: next }]);
    expect(withoutLogin(records, old)).toEqual([now, { host: 'old', ...old }]);
    expect(withoutLogin(records, now)).toEqual(records);
  });

  it('is that of a machine made again under the name, but of none that was known without one', () => {
    const old = { ...web, uuid: id(3), login: { uuid: id(3), user: 'kim' } };
    const loginOfWeb = (records: readonly MachineRecord[]) => loginsFor(records, [web])(web)?.user;
    expect(loginOfWeb([{ host: 'web', ...old, uuid: id(1) }])).toBe('kim');
    // What setup makes or takes back ends no login of another machine that had the name, and may be listed again.
    expect(withLogin([{ host: 'web', ...web }, old], web, login)).toEqual([
      { host: 'web', ...web, login },
      old,
    ]);
    expect(withoutLogin([{ host: 'web', ...web, login }, old], web)).toEqual([{ host: 'web', ...web }, old]);
    const unknown = { ...web, uuid: undefined, login: { user: 'kim' } };
    expect(withoutLogin([{ host: 'web', ...web, login }, unknown], web)).toEqual([{ host: 'web', ...web }]);
    // It was set up, taken back, and has the name from before it was renamed.
    expect(loginOfWeb([{ host: 'db', ...db, uuid: id(1) }, old])).toBe(undefined);
  });

  it('is its own for a machine that has another one’s name before the Hosts are written again', () => {
    const ofOther = { uuid: id(3), user: 'kim' };
    const records = [
      { host: 'web', ...web, uuid: id(3), login: ofOther },
      { host: 'db', ...db, uuid: id(1), login },
    ];
    const listed = records.map(({ login: _, ...each }) => each);
    expect(loginsFor(records, listed)(web)).toBe(login);
    const next = { uuid: id(1), user: 'root' };
    const after = withLogin(records, web, next);
    const other = { ...db, uuid: id(3) };
    const now = loginsFor(after, [web, other]);
    expect([now(web), now(other)]).toEqual([next, ofOther]);
  });

  it('is the one that ssh takes, unless sshd refused it', () => {
    const machine = { ...web, user: 'box', identityFile: '/k' };
    expect(loginOf({ ...machine, login: { brings: true } })).toEqual({ brings: true });
    expect(loginOf({ ...machine, login: { user: 'ann', failed: true } })).toMatchObject({ user: 'box' });
  });
});
