import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildEngineProgram } from '../../../build/engine/build.js';
import { execute } from '../../vm/bed/execute.js';
import { describeWindows } from '../bed/describe.js';
import { repo, workFile } from '../bed/paths.js';
import { echoWithTail, startPeer } from '../bed/peer.js';
import { onWindows, withHvsock } from '../bed/run.js';
import { workFolder } from '../bed/work-folder.js';

/** Faults put into source files of the addon: of each its name, a text, and what that becomes. */
const faults: Readonly<Record<string, readonly (readonly [name: string, from: string, to: string])[]>> = {
  'address/address_win32.cpp': [
    [
      'Data1 big-endian',
      'bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]',
      'bytes[3] << 24 | bytes[2] << 16 | bytes[1] << 8 | bytes[0]',
    ],
    ['Data2 big-endian', 'bytes[4] << 8 | bytes[5]', 'bytes[5] << 8 | bytes[4]'],
    ['Data3 big-endian', 'bytes[6] << 8 | bytes[7]', 'bytes[7] << 8 | bytes[6]'],
    ['Data4 backwards', 'bytes[8 + i]', 'bytes[15 - i]'],
    ['reserved field set', 'to->Reserved = 0', 'to->Reserved = 1'],
    [
      'ids swapped',
      'toGuid(function, "address.vmId", vmId)',
      'toGuid(function, "address.vmId", vmId.empty() ? vmId : serviceId)',
    ],
    ['length of 32', 'address.length = sizeof *to', 'address.length = 32'],
  ],
  'operations/connect_win32.cpp': [
    ['no protocol', 'SOCK_STREAM, streamProtocol(family)', 'SOCK_STREAM, 0'],
    ['no time-out option', 'HV_PROTOCOL_RAW, HVSOCKET_CONNECT_TIMEOUT,', 'HV_PROTOCOL_RAW, 77,'],
    ['no suspend option', 'keepWhilePaused(socket);', ';'],
  ],
  'relay/relay_win32.cpp': [
    ['no half-close', '::shutdown(socket_.fd(), SD_SEND);', ';'],
    ['both halves closed', '::shutdown(socket_.fd(), SD_SEND);', '::shutdown(socket_.fd(), SD_BOTH);'],
    ['a short send taken for all', 'source.take(outcome.length)', 'source.take(source.size())'],
  ],
  'stream/transfer_win32.cpp': [
    [
      'a lost byte',
      'end_ += outcome.length;',
      'end_ += outcome.length > 60000 ? outcome.length - 1 : outcome.length;',
    ],
  ],
};
const mutants = Object.entries(faults).flatMap(([file, all]) =>
  all.map(([name, from, to]) => ({ name, file, from, to })),
);

/** Each is a build of its own: every third one, unless all are asked for. */
const tried = process.env.VMSSH_ALL_MUTANTS ? mutants : mutants.filter((_, at) => at % 3 === 0);

describeWindows('a fault in the addon', () => {
  it('is not found in the unchanged addon', async () => {
    cpSync(join(repo, 'dist/win32-x64/vmssh.exe'), mutant());
    expect(await whatIsWrong()).toEqual([]);
  });

  it.each(tried)('is noticed: $name', async ({ file, from, to }) => {
    const name = `src/${file}`;
    const text = readFileSync(join(repo, 'native', name), 'utf8');
    expect(text.split(from)).toHaveLength(2);
    const main = join(repo, 'src/program/executable.ts');
    const changed = { [name]: text.replace(from, to) };
    await buildEngineProgram(main, mutant(), { target: 'win32-x64', changed });
    // Whether a send is short depends on how fast the peer reads.
    let wrong = await whatIsWrong();
    for (let tries = 0; tries < 4 && wrong.length === 0; tries++) wrong = await whatIsWrong();
    expect(wrong).not.toEqual([]);
  });
});

const calls = [
  'socket 34 1 1',
  expect.stringMatching(/^setsockopt 1 1 [0-9a-f]{4}0000$/),
  'setsockopt 1 4 01000000',
  'connect 22000000e9c1e0862c78e047b7c299f8167f5178ae080000cbfae611bd5864006a7986d3',
  'shutdown 1',
];

function mutant(): string {
  return join(workFolder(), 'mutant.exe');
}

/** What the executable with a fault does otherwise than it should: nothing, or one entry. */
async function whatIsWrong(): Promise<readonly unknown[]> {
  const folder = join(workFolder(), 'mutant');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const tail = randomBytes(100_000);
  const input = randomBytes(300_000);
  const port = await startPeer(echoWithTail(tail));
  const env = withHvsock({ PORT: port, SHORT: '70001', LOG: workFile('mutant/log') });
  const output = `${folder}/output`;
  const target = 'hvsock:86e0c1e9-782c-47e0-b7c2-99f8167f5178:vsock-2222';
  const program = onWindows([workFile('mutant.exe'), 'nc', '--pipe', target]);
  const { code, stderr } = await execute(
    'bash',
    ['-c', 'out=$1; shift; timeout 6 "$@" > "$out"', 'bash', output, ...program],
    { env, timeout: 30, allowFailure: true, input },
  );
  try {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readFileSync(join(folder, 'log'), 'latin1').trim().split('\n')).toEqual(calls);
    expect(readFileSync(output).equals(Buffer.concat([input, tail]))).toBe(true);
    return [];
  } catch (error) {
    return [error];
  }
}
