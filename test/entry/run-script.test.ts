import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runScript, splitLines } from '../../src/entry/run-script.js';
import { guestFailures } from '../../src/guest/failures.js';
import { cidOf, mayPrint, parseProgress } from '../../src/guest/report.js';
import { checkScript, proofScript } from '../../src/guest/script.js';
import { lifeline } from '../helpers/lifeline.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const route = (script: string) => ({ command: ['sh', '-c', script], input: undefined });

describe('the steps that count', () => {
  const check = checkScript({ port: 22, account: 'root' });
  const ofHost = ['cid-twice', 'control-path', 'service-guid', 'host-key'];

  it('are those of the script', () => {
    const names = Object.keys(guestFailures).filter((name) => !ofHost.includes(name));
    const printed = (step: string) => mayPrint(check, { state: 'ok', step });
    expect(names.filter((step) => !printed(step))).toEqual([]);
    expect(ofHost.filter(printed)).toEqual([]);
    expect(mayPrint(check, { state: 'end', step: '0' })).toBe(true);
  });

  it('are no others that the guest prints', async () => {
    const command = [
      'sh',
      '-c',
      'echo "ok login over vsock"; echo "changed host-key pinned"; echo "ok proof x"; echo "end 0 x"',
    ];
    const script = proofScript({ keep: false });
    const [byInput, onTerminal] = [{ input: script }, { input: undefined, script }];
    for (const how of [byInput, onTerminal]) {
      let other = '';
      const onOther = (text: string) => {
        other += text;
      };
      const route = { command, ...how };
      const { lines } = await runScript(route, { env: process.env, onLine: () => {}, onOther });
      expect(lines.map(({ step }) => step)).toEqual(['proof', '0']);
      expect(other).toBe('| ok login over vsock\n| changed host-key pinned\n');
    }
  });

  it('begin below a question that was answered on a terminal', async () => {
    const answered = join(dir, 'answered');
    const rest = "printf '\\r\\nok proof x\\r\\nend 0 x\\r\\n'";
    const asks = `printf 'Password: '; until [ -e '${answered}' ]; do :; done; ${rest}`;
    let other = '';
    const onOther = (text: string) => {
      other += text;
      writeFileSync(answered, '');
    };
    const terminal = { ...route(asks), script: proofScript({ keep: false }), terminal: true } as const;
    const { code } = await runScript(terminal, { env: process.env, onLine: () => {}, onOther });
    expect([code, other]).toEqual([0, '| Password: \n']);
  });

  it('stand alone, and all else is behind a mark, also a question', async () => {
    const seen = join(dir, 'seen');
    let said = '';
    const show = (text: string) => {
      said += text;
      writeFileSync(seen, '');
    };
    const rest = "printf 'ok proof x\\nPassword of root:\\nend 0 x\\n'";
    const lies = route(`printf 'Your password: '; until [ -e '${seen}' ]; do :; done; ${rest}`);
    const options = { env: process.env, onLine: () => show('ok proof\n'), onOther: show };
    await runScript({ ...lies, script: proofScript({ keep: false }), terminal: true }, options);
    expect(said).toBe('| Your password: \nok proof\n| Password of root:\n');
  });
});

describe("a guest's script", () => {
  it('that fish reads in place of sh has what fish said first as its message', async () => {
    const lies = "printf '%s\\n' \"fish: Unsupported use of '='.\" 'set -u' '^~~^' >&2; exit 127";
    const { message } = await runScript(route(lies), { env: process.env, onLine: () => {} });
    expect(message).toBe("fish: Unsupported use of '='.");
  });

  it('that an agent did not sign for says so, though ssh goes on to other keys', async () => {
    const says = (...lines: readonly string[]) =>
      `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} >&2`;
    const unsigned = 'sign_and_send_pubkey: signing failed for RSA "x" from agent: agent refused operation';
    const denied = 'ann@web: Permission denied (publickey).';
    const message = async (...lines: readonly string[]) =>
      (await runScript(route(says(...lines)), { env: process.env, onLine: () => {} })).message;
    expect(await message(unsigned, denied)).toBe(`${denied} ${unsigned}`);
    expect(await message(denied)).toBe(denied);
  });

  it('that says that no session was opened, but ran, runs once', async () => {
    const runs = join(dir, 'runs');
    const lies = `echo x >>'${runs}'; echo 'ok a b'; echo 'mux: Session open refused by peer' >&2; exit 1`;
    await runScript(route(lies), { env: process.env, onLine: () => {} });
    expect(readFileSync(runs, 'utf8')).toBe('x\n');
  });

  it('has ended with its program, whatever that left running', async () => {
    const { hold, gone } = lifeline(join(dir, 'left'));
    const script = `${hold}; echo "ok a b"; sleep 1000 & echo "ok pid $!"; echo "end 0 done"`;
    const { lines, code } = await runScript(route(script), { env: process.env, onLine: () => {} });
    expect(code).toBe(0);
    process.kill(Number(lines.find(({ step }) => step === 'pid')?.message), 'SIGTERM');
    await gone;
  });

  it.each([
    { says: 'echo "ok a b"; ', message: 'the time is over, and nothing after its step a was reached' },
    {
      says: 'echo hello; ',
      message: 'the time is over, and it said nothing',
      limits: { limitMs: 600_000, firstMs: 1000 },
    },
  ])(
    'that hangs is stopped, and its last step is named: $message',
    async ({ says, message, limits = { limitMs: 3000, firstMs: 600_000 } }) => {
      const { hold, gone } = lifeline(join(dir, `hangs${says.length}`));
      const options = { env: process.env, onLine: () => {}, ...limits };
      const outcome = await runScript(route(`${hold}; ${says}exec sleep 1000`), options);
      expect(outcome).toMatchObject({ code: undefined, message });
      await gone;
    },
  );

  it.each(['ok a b', 'not of ours', 'not of ours >&2'])(
    'that prints without end is ended: %s',
    async (text) => {
      const { hold, gone } = lifeline(join(dir, `endless-${text.length}`));
      let seen = 0;
      const [line, to = ''] = text.split(' >');
      const script = `${hold}; yes "${line}" ${to && `>${to}`} | head -n 6000000`;
      const outcome = await runScript(route(script), { env: process.env, onLine: () => seen++ });
      expect(outcome.code).toBeUndefined();
      expect(outcome.message).toMatch(/^it printed more than \d+ (lines|MiB)/);
      expect(outcome.lines.length).toBeLessThan(2000);
      expect(seen).toBe(outcome.lines.length);
      await gone;
    },
  );
});

const part = 'ab'.repeat(16);
const parts = (2 << 20) / part.length;

describe('a line without an end', () => {
  it('is cut to its last 64 KiB, at no more work than its length', () => {
    const lines: string[] = [];
    const take = splitLines((line) => lines.push(line));
    for (let i = 0; i < parts; i++) take(part);
    take('z\n');
    expect(lines).toEqual([`${'ab'.repeat(1 << 15).slice(1)}z`]);
  });

  it('is cut on a terminal too', () => {
    const lines: string[] = [];
    const prompts: string[] = [];
    const take = splitLines(
      (line) => lines.push(line),
      (text) => prompts.push(text),
    );
    for (let i = 0; i < parts; i++) take(part);
    take('z\n');
    expect(lines).toEqual([`${'ab'.repeat(1 << 15).slice(1)}z`]);
    expect(prompts).toEqual([]);
  });
});

describe('lines of a script', () => {
  it.each([
    {
      line: 'ok       transport     virtio; the CID is 61',
      want: { state: 'ok', step: 'transport', message: 'virtio; the CID is 61' },
    },
    { line: 'end      0             done\r', want: { state: 'end', step: '0', message: 'done' } },
    {
      line: 'fix      privsep       mkdir /run/sshd',
      want: { state: 'fix', step: 'privsep', message: 'mkdir /run/sshd' },
    },
    { line: 'Last login: today', want: undefined },
    { line: 'ok', want: undefined },
    { line: '', want: undefined },
  ])('$line', ({ line, want }) => expect(parseProgress(line)).toEqual(want));

  it.each([
    { message: 'x; the CID is 61', cid: 61 },
    { message: 'x; the CID reads as "any"', cid: undefined },
    { message: 'x; the CID is 1', cid: undefined },
    { message: 'the CID is 61 or so', cid: undefined },
  ])('the CID of "$message"', ({ message, cid }) =>
    expect(cidOf([{ state: 'ok', step: 's', message }])).toBe(cid),
  );
});

describe('lines', () => {
  const text = 'Hello\r\n[sudo] password for ann: \r\nok       systemd       it is\r\n';
  it.each(Array.from({ length: text.length }, (_, at) => at))('of a terminal, split at %i', (at) => {
    const lines: string[] = [];
    let shown = '';
    const take = splitLines(
      (line) => lines.push(line),
      (part) => {
        shown += part;
      },
    );
    take(text.slice(0, at));
    take(text.slice(at));
    expect(lines.at(-1)).toBe('ok       systemd       it is\r');
    expect(lines.slice(0, -1).join('') + shown).toHaveLength('Hello\r[sudo] password for ann: \r'.length);
  });

  it('are whole', () => {
    const lines: string[] = [];
    const take = splitLines((line) => lines.push(line));
    for (const part of ['a', 'b\nc', '\n', 'd']) take(part);
    expect(lines).toEqual(['ab', 'c']);
  });
});
