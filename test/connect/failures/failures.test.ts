import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConnectError, exitCode, exitCodeOf, type Op } from '../../../src/base/errors.js';
import { exhausted, windowsExhausted } from '../../../src/connect/failures/failure.js';
import { explainFailure, failures } from '../../../src/connect/failures/failures.js';
import { openConnection } from '../../../src/connect/open.js';
import { serviceIdOfPort, vmIds } from '../../../src/typed/numbers.js';
import { type Endpoint, formatEndpoint } from '../../../src/typed/route.js';
import { shellQuoted } from '../../../src/typed/shell.js';
import { code, tableOf } from '../../markdown.js';
import { fakeAddon } from '../fake-addon.js';

const headings: Record<Endpoint['family'], string> = {
  unix: 'AF_UNIX',
  vsock: 'AF_VSOCK',
  'vsock-mux': 'Multiplexers',
  tcp: 'TCP',
  'hyper-v': 'AF_HYPERV',
  exec: 'Programs',
  via: 'Hops',
};
const endpoints: Record<Endpoint['family'], Endpoint> = {
  unix: { family: 'unix', path: '/run/x$&' },
  vsock: { family: 'vsock', cid: 42, port: 2222 },
  'vsock-mux': { family: 'vsock-mux', path: '/run/v', port: 2222 },
  tcp: { family: 'tcp', host: '192.0.2.1', port: 2222 },
  'hyper-v': { family: 'hyper-v', vmId: vmIds.LOOPBACK, serviceId: serviceIdOfPort(2222) },
  exec: {
    family: 'exec',
    command: ['podman', 'exec', '--', 'a b'],
    machine: 'a b',
    into: 'shell',
    port: 2222,
  },
  via: { family: 'via', host: 'hv1', target: 'web', port: 2222 },
};
const addresses: Record<Endpoint['family'], string> = {
  unix: '/run/x$&',
  vsock: 'vsock:42:2222',
  'vsock-mux': '/run/v',
  tcp: 'tcp:192.0.2.1:2222',
  'hyper-v': `hvsock:${vmIds.LOOPBACK}:${serviceIdOfPort(2222)}`,
  exec: 'exec:podman exec -- a b',
  via: 'via/hv1/web',
};
const families = Object.keys(headings) as Endpoint['family'][];

describe('docs/reference/errors.md and connect-errors.md', () => {
  // `npx vitest run test/connect/failures -u` writes it.
  it('connect-errors.md is made from the tables', async () => {
    await expect(pageOf(failures)).toMatchFileSnapshot('../../../docs/reference/connect-errors.md');
  });

  it('has the exit codes', () => {
    const rows = tableOf('reference/errors.md', 'Exit codes');
    expect(Object.fromEntries(rows.map((row) => [code(row.name), Number(row['exit code'])]))).toEqual(
      exitCode,
    );
  });

  const own = tableOf('reference/errors.md', 'Our own codes');
  const ops = own.flatMap((row) =>
    (row.op ?? '').split(', ').map((op) => ({
      code: code(row.code),
      op: op as Op,
      exits: Number(row['exit code']),
      waits: row['helped by --wait'] === 'yes',
    })),
  );
  it.each(ops)('shows what $code of $op exits with', (row) => {
    const error = new ConnectError(row.op, 't', { code: row.code, problem: 'why' });
    expect(exitCodeOf(error)).toBe(row.exits);
  });

  it('shows for which codes --wait ends: those whose failures are final', () => {
    // A failure as it is written: its fields, without what a template puts in.
    const written = sources()
      .flatMap(
        (text) => text.replaceAll(/\$\{[^{}]*\}/g, '').match(/\{[^{}]*\bcode: '[A-Z_]+'[^{}]*\}/g) ?? [],
      )
      .filter(
        (text) => /\bproblem\b|\.\.\./.test(text) || /^\{ code: '\w+', final: true, cause \}$/.test(text),
      );
    const inTables = families.flatMap((family) => failures[family].flatMap((row) => row.codes));
    for (const { code, op, waits } of ops) {
      const made = written.filter((text) => text.includes(`code: '${code}'`));
      if (op === 'parse' || code === 'INTERRUPTED' || inTables.includes(code)) continue;
      expect({ code, final: made.filter((text) => text.includes('final: true')) }).toEqual({
        code,
        final: waits ? [] : made,
      });
    }
  });

  it('has every code that the source makes up', () => {
    const found = sources().flatMap((text) => [
      ...text.matchAll(/code: '([A-Z_]+)'|(?:fail(?:ure)?|FileRefusal)\(\s*'([A-Z_]+)'/g),
    ]);
    const made = new Set(found.map(([, plain, called]) => plain ?? called ?? ''));
    const errnos = new Set(families.flatMap((family) => failures[family].flatMap((row) => row.codes)));
    const files = tableOf('reference/errors.md', 'Files');
    const known = new Set([...[...own, ...files].map((row) => code(row.code)), ...errnos]);
    expect([...made].filter((each) => !known.has(each))).toEqual([]);
    expect(made).toContain('NO_BANNER');
    expect(made).toContain('EOF');
    expect(made).toContain('LOCKED');
  });
});

// test/e2e/via/ has those of a hop, and test/connect/exec/ those of a program.
describe.each(families.filter((each) => each !== 'via' && each !== 'exec'))('a failure of %s', (family) => {
  const endpoint = endpoints[family];
  const rows = failures[family].flatMap(({ codes, problem, hint, final = false }) =>
    codes.map((each) => ({ code: each, problem, hint, final })),
  );

  it('has each code once', () => {
    const all = rows.map((row) => row.code);
    expect(all).toEqual([...new Set(all)]);
  });

  it.each(rows)('$code is reported with its fix', async ({ code, problem, hint, final }) => {
    const filled = (text: string) =>
      text.split('{address}').join(addresses[family]).split('{port}').join('2222');
    const { native } = fakeAddon({ code });
    const opening = openConnection(endpoint, { timeoutMs: 20_000 }, native);
    const error = await opening.catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConnectError);
    // What a multiplexer said is shown with the failure to understand it.
    const detail = code === 'PROTOCOL' ? ': below' : '';
    expect(error).toMatchObject({
      op: 'connect',
      target: formatEndpoint(endpoint),
      code,
      final,
      hint: filled(hint.replaceAll(/(?<!")\{address\}/g, () => shellQuoted(addresses[family]))),
      problem: `${filled(problem)} (${code})${detail}`,
    });
    expect(exitCodeOf(error)).toBe(1);
    expect(`${error.problem}${error.hint}`).not.toMatch(/[{}]/);
  });
});

describe('explainFailure', () => {
  it('tries a program in a machine by true, and what leads to its server by itself', () => {
    const hintOf = (into: 'shell' | 'ssh') =>
      explainFailure({ ...endpoints.exec, into } as Endpoint, 'EXEC_FAILED')?.hint;
    expect(hintOf('shell')).toBe("see whether it works: podman exec -- 'a b' true");
    expect(hintOf('ssh')).toBe("see whether it works: podman exec -- 'a b'");
  });

  it('shows how a host before systemd 256 gets the socket of .host', () => {
    const hint = (path: string) => explainFailure({ family: 'unix', path }, 'ENOENT')?.hint;
    expect(hint('/run/ssh-unix-local/socket')).toMatch(
      /^systemd 256 and later make it .* "The generator" in docs\/guest\.md$/,
    );
    expect(hint('/run/x')).toBe('check that the machine is running and exports it: ls -l /run/x');
    expect(hint("/run/it's")).toBe(`check that the machine is running and exports it: ls -l '/run/it'\\''s'`);
  });

  it.each(['ECONNRESET', 'ETIMEDOUT', 'ENODEV'])('knows what systemd prints as vsock%%1: %s', (code) => {
    const hint = (cid: number) => explainFailure({ family: 'vsock', cid, port: 22 }, code)?.hint;
    expect(hint(1)).toMatch(/^this is the host itself; .*vmssh list shows what to type/);
    expect(hint(3)).not.toMatch(/itself; /);
  });

  it('asks for no rights that this user has, and registers the port that was refused', () => {
    const to = (port: number): Endpoint => ({
      family: 'hyper-v',
      vmId: vmIds.LOOPBACK,
      serviceId: serviceIdOfPort(port),
    });
    const without = explainFailure(to(22), 'WSAEACCES');
    expect(without?.hint).toMatch(/^join Hyper-V Administrators.*, or use an elevated terminal$/);
    const addon = { hyperVRights: () => ({ elevated: true, hyperVAdministrator: false }) };
    expect(explainFailure(to(22), 'WSAEACCES', addon)?.hint).toBe(
      'in an elevated terminal: vmssh service register 22',
    );
  });
});

function pageOf(all: typeof failures): string {
  const shared = [...exhausted, windowsExhausted];
  const parts = [
    { heading: 'Any socket', rows: shared },
    ...families.map((family) => ({
      heading: headings[family],
      rows: all[family].filter((each) => !shared.includes(each)),
    })),
  ];
  const sections = parts.map(({ heading, rows }) => {
    const lines = rows.map(
      (row) => `| ${row.codes.map((each) => `\`${each}\``).join(' ')} | ${row.problem} |\n`,
    );
    return `## ${heading}\n\n| code | what it means |\n| --- | --- |\n${lines.join('')}`;
  });
  return `# Connections that cannot be opened

One table for each way to a machine. vmssh prints the fix below the message, as \`hint:\`. The op is \`connect\` and the exit code 1. All other codes: [errors.md](errors.md).

${sections.join('\n')}`;
}

/** The code without sources/, whose codes become warnings. */
function sources(): readonly string[] {
  const root = new URL('../../../src/', import.meta.url);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/^(sources|demo|engine)\//.test(path))
    .map((path) => readFileSync(new URL(path, root), 'utf8'));
}
