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

/** A fault put into a source file of the addon: the first text becomes the second. */
const mutants: readonly { name: string; file: string; from: string; to: string }[] = [
  {
    name: 'Data1 big-endian',
    file: 'address/address_hyperv_win32.cpp',
    from: 'bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]',
    to: 'bytes[3] << 24 | bytes[2] << 16 | bytes[1] << 8 | bytes[0]',
  },
  {
    name: 'Data2 big-endian',
    file: 'address/address_hyperv_win32.cpp',
    from: 'bytes[4] << 8 | bytes[5]',
    to: 'bytes[5] << 8 | bytes[4]',
  },
  {
    name: 'Data3 big-endian',
    file: 'address/address_hyperv_win32.cpp',
    from: 'bytes[6] << 8 | bytes[7]',
    to: 'bytes[7] << 8 | bytes[6]',
  },
  {
    name: 'Data4 backwards',
    file: 'address/address_hyperv_win32.cpp',
    from: 'bytes[8 + i]',
    to: 'bytes[15 - i]',
  },
  {
    name: 'reserved field set',
    file: 'address/address_hyperv_win32.cpp',
    from: 'to->Reserved = 0',
    to: 'to->Reserved = 1',
  },
  {
    name: 'ids swapped',
    file: 'address/address_hyperv_win32.cpp',
    from: 'toGuid(function, "address.vmId", vmId)',
    to: 'toGuid(function, "address.vmId", vmId.empty() ? vmId : serviceId)',
  },
  {
    name: 'length of 32',
    file: 'address/address_hyperv_win32.cpp',
    from: 'address.length = sizeof *to',
    to: 'address.length = 32',
  },
  {
    name: 'no protocol',
    file: 'operations/connect_win32.cpp',
    from: 'SOCK_STREAM, streamProtocol(family)',
    to: 'SOCK_STREAM, 0',
  },
  {
    name: 'no time-out option',
    file: 'operations/connect_win32.cpp',
    from: 'HV_PROTOCOL_RAW, HVSOCKET_CONNECT_TIMEOUT,',
    to: 'HV_PROTOCOL_RAW, 77,',
  },
  {
    name: 'no suspend option',
    file: 'operations/connect_win32.cpp',
    from: 'keepWhilePaused(socket);',
    to: ';',
  },
  {
    name: 'no half-close',
    file: 'relay/relay_loop_win32.cpp',
    from: '::shutdown(socket_.fd(), SD_SEND);',
    to: ';',
  },
  {
    name: 'both halves closed',
    file: 'relay/relay_loop_win32.cpp',
    from: '::shutdown(socket_.fd(), SD_SEND);',
    to: '::shutdown(socket_.fd(), SD_BOTH);',
  },
  {
    name: 'a short send taken for all',
    file: 'relay/pump_win32.cpp',
    from: 'source.take(outcome.length)',
    to: 'source.take(source.size())',
  },
  {
    name: 'a lost byte',
    file: 'stream/transfer_win32.cpp',
    from: 'end_ += outcome.length;',
    to: 'end_ += outcome.length > 60000 ? outcome.length - 1 : outcome.length;',
  },
];

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
    const main = join(repo, 'src/bin/executable.ts');
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
  const env = withHvsock({
    PORT: await startPeer(echoWithTail(tail)),
    SHORT: '70001',
    LOG: workFile('mutant/log'),
  });
  const output = `${folder}/output`;
  const program = onWindows([
    workFile('mutant.exe'),
    'nc',
    '--pipe',
    'hvsock:86e0c1e9-782c-47e0-b7c2-99f8167f5178:vsock-2222',
  ]);
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
