import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { signed } from '../../../src/ssh/config/file.js';
import { askSsh } from '../../../src/ssh/policy/ask-ssh.js';
import { lacks } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const missing = lacks('ssh');
/** VMSSH_TEST_SSH=/path/to/ssh tries another version. */
const ssh = process.env.VMSSH_TEST_SSH ?? 'ssh';
const top = useTempDir();
const yes = '    StrictHostKeyChecking yes\n';
const no = '    StrictHostKeyChecking no\n';
let [dir, file] = ['', ''];

beforeEach(() => {
  dir = mkdtempSync(join(top, 'h-'));
  file = join(dir, 'own');
});

const write = (text: string) => writeFileSync(file, text, { mode: 0o600 });
const asked = (...words: readonly string[]) => askSsh([ssh, '-F', file, ...words], process.env);
const policyOf = async (...words: readonly string[]) => (await asked(...words)).policy;

describe.skipIf(missing)('what ssh says of a login', () => {
  it.each<[what: string, text: string, words: readonly string[], want: string | undefined]>([
    ['nothing', 'Host web\n    Port 1\n', ['web'], undefined],
    ['a yes for another host', `Host other\n${yes}`, ['web'], undefined],
    ['a no, meant for other hosts', `Host *\n${no}`, ['web'], 'accept-new'],
    ['an ask for whichever host', 'Host other\n    StrictHostKeyChecking=ask\n', ['web'], 'ask'],
    ['an ask in a comment', '# StrictHostKeyChecking ask\n', ['web'], undefined],
    ['a no for another host', `Host other\n${no}`, ['web'], undefined],
    ['another user', `Match user toor\n${yes}`, ['web'], undefined],
    ['toor@', `Match user toor\n${yes}`, ['toor@web'], 'strict'],
    ['-l', `Match user toor\n${yes}`, ['-l', 'toor', 'web'], 'strict'],
    ['-o User', `Match user toor\n${yes}`, ['web', '-oUser=toor'], 'strict'],
    ['a URI', `Match user toor\n${yes}`, ['ssh://toor@web'], 'strict'],
    ['two Match exec', `Match exec false\n${no}Match exec true\n${yes}`, ['web'], 'strict'],
    ['one Match with both', `Match exec true !exec false\n${yes}`, ['web'], 'strict'],
    ['a Match exec that fails', `Match exec false\n${yes}`, ['web'], undefined],
    ['the host itself', `Host web\n${yes}`, ['web'], 'strict'],
    ['Match final', `Match final host web\n${yes}`, ['web'], 'strict'],
    ['a quoted keyword', '"StrictHostKeyChecking" "yes"\n', ['web'], 'strict'],
    ['a quoted ask', '"StrictHostKeyChecking" "ask"\n', ['web'], 'ask'],
    ['an option', '', ['-oStrictHostKeyChecking=yes', 'web'], 'strict'],
    ['an option that asks', '', ['-oStrictHostKeyChecking ask', 'web'], 'ask'],
    [
      'the first of two',
      '',
      ['-o"StrictHostKeyChecking" yes', '-oStrictHostKeyChecking=no', 'web'],
      'strict',
    ],
    ['an option after the host', '', ['web', '-oStrictHostKeyChecking=yes'], 'strict'],
    ['one of a command there', '', ['web', 'ssh', '-oStrictHostKeyChecking=ask', 'other'], undefined],
    ['an option among letters', '', ['-4qoStrictHostKeyChecking=yes', 'web'], 'strict'],
    ['-q, which is left out', 'StrictHostKeyChecking ask\n', ['-Tq', 'web'], 'ask'],
    ['-y and -E', 'StrictHostKeyChecking ask\n', ['-yE', '/dev/null', '-E/dev/null', 'web'], 'ask'],
    ['a LogLevel', 'StrictHostKeyChecking ask\nLogLevel QUIET\n', ['-oLogLevel=QUIET', 'web'], 'ask'],
    ['a name that DNS would be asked for', yes, ['-oCanonicalizeHostname=always', 'web'], 'strict'],
    ['a tag', `Match tagged strict\n${yes}`, ['-P', 'strict', 'web'], 'strict'],
    ['a session type', `Match sessiontype exec\n${yes}`, ['web', 'true'], 'strict'],
    ['a command', `Match command "true"\n${yes}`, ['web', 'true'], 'strict'],
  ])('%s', async (_what, text, words, want) => {
    write(text);
    // Before 9.4 there are no tags, and before 10.0 a Match knows no command.
    const said = await policyOf(...words).catch(({ message }) => message);
    if (!/^Unsupported Match attribute/.test(said ?? '')) expect(said).toBe(want);
    else expect(text).toMatch(/^Match (tagged|sessiontype|command)/);
  });

  it('is of the files that it includes, as ssh expands their names', async () => {
    const more = join(dir, 'b ä\\');
    mkdirSync(more);
    writeFileSync(join(more, 'x.conf'), 'StrictHostKeyChecking ask\n');
    write(`Include "${join(dir, '[[:alpha:]]*')}/*.conf"\n`);
    expect(await policyOf('web')).toBe('ask');
    expect((await asked('web')).texts).toHaveLength(2);
  });

  it('lets in any key by a no only', async () => {
    write('');
    expect(await asked('web', '-oStrictHostKeyChecking=no')).toMatchObject({ takesAny: true });
    expect(await asked('web', '-oStrictHostKeyChecking=accept-new')).toMatchObject({ takesAny: false });
    expect(await asked('web', '-oCASignatureAlgorithms=ssh-ed25519')).toMatchObject({
      caAlgorithms: ['ssh-ed25519'],
    });
  });

  it('is not what vmssh writes, and strict by a yes in its lines', async () => {
    const ours = join(dir, 'vmssh.conf');
    write(`Include ${ours}\n`);
    writeFileSync(ours, signed('Host web\n    KnownHostsCommand /vmssh host-key %I\n'));
    expect(await policyOf('web')).toBeUndefined();
    writeFileSync(ours, signed(`Host web\n${yes}    KnownHostsCommand /vmssh host-key %I\n`));
    expect(await policyOf('web')).toBe('strict');
    expect(await policyOf('other')).toBeUndefined();
    expect(await policyOf('-oStrictHostKeyChecking=yes', 'web')).toBe('strict');
  });

  it.each<[what: string, make: () => void, why: RegExp]>([
    ['ssh does not accept it', () => write('No 1\n'), /line 1: Bad configuration option/],
    ['the -F is gone', () => {}, /which is not there/],
    ['the -F is a pipe', () => execFileSync('mkfifo', [file]), /cannot be read twice/],
    ['it is too long', () => write(`#${'x'.repeat(1000)}\n`.repeat(17000)), /cannot be read: EFBIG/],
    [
      'a path is too long',
      () => {
        const long = join(dir, 'x'.repeat(200));
        writeFileSync(long, '');
        write(`Include ${long}\n`);
      },
      /is too long/,
    ],
  ])('cannot be known, with the reason, if %s', async (_what, make, why) => {
    make();
    await expect(asked('web')).rejects.toThrow(why);
  });

  it.each(['/dev/stdin', '/dev/fd/63', '/proc/self/fd/0'])(
    'cannot be known by a -F of the process: %s',
    async (path) => {
      await expect(askSsh([ssh, '-F', path, 'web'], process.env)).rejects.toThrow(/cannot be read twice/);
    },
  );

  it.each(['none', '/dev/null'])('is nothing by -F %s', async (path) => {
    expect((await askSsh([ssh, '-F', path, 'web'], process.env)).policy).toBeUndefined();
  });

  it('runs a Match exec once', async () => {
    const ran = join(dir, 'ran');
    write(`Match exec "echo >>${ran}"\n    Port 1\n`);
    await asked('web');
    expect(readFileSync(ran, 'utf8')).toBe('\n');
  });
});
