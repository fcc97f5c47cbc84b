import { expect, it } from 'vitest';
import { explain } from '../../../src/cli/rows.js';
import { lasting } from '../../../src/commands/proxy/lasting.js';
import { relayError, relayFailures } from '../../../src/deliver/relay.js';
import { fakeIo } from '../../helpers/fake-io.js';

const codes = [...relayFailures.flatMap(({ codes }) => codes), 'ESTALE'];

it.each([
  { name: 'vmssh', env: {} },
  { name: 'vsock-nc', env: {} },
  { name: 'vmssh', env: { FORCE_COLOR: '1' } },
] as const)('leaves the message for each code, as $name with $env', async ({ name, env }) => {
  const text = 'unix/a\u001b\n';
  const handOff = await lasting(fakeIo({ program: name, env }), {}, text, undefined, true, true);
  for (const code of codes) {
    const io = fakeIo({ program: name, env });
    expect(await explain(relayError(text, code), io)).toBe(1);
    expect(printed(handOff?.onFailure ?? [], code)).toBe(io.stderr.join(''));
  }
});

it('stays with Node, and with the engine with -v and over a hop; VMSSH_NO_SANDBOX leaves out the filter', async () => {
  const io = fakeIo();
  expect(await lasting(io, {}, 'vsock/3', undefined, true, false)).toBeUndefined();
  expect(await lasting(io, {}, 'vsock/3', () => {}, true, true)).toBeUndefined();
  expect(
    await lasting(io, { confirmEnd: async () => {} }, 'via/hv1/vsock/3', undefined, true, true),
  ).toBeUndefined();
  expect(await lasting(io, {}, 'vsock/3', undefined, true, true)).toMatchObject({ confined: true });
  const free = fakeIo({ env: { VMSSH_NO_SANDBOX: '1' } });
  expect(await lasting(free, {}, 'vsock/3', undefined, false, true)).toMatchObject({
    confined: false,
    ignoreInterrupts: false,
  });
});

/** What native/engine/relay prints of them. */
function printed([begin, hintBegin, ...rest]: readonly string[], code: string): string {
  for (let i = 0; i < rest.length; i += 3) {
    const [codes = '', problem, hint] = rest.slice(i, i + 3);
    if (codes !== '' && !codes.split(' ').includes(code)) continue;
    return `${begin}${problem} (${code})\n${hint ? `${hintBegin}${hint}\n` : ''}`;
  }
  return '';
}
