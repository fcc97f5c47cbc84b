import { expect, test } from 'vitest';
import { batch } from './scene/batch.js';
import type { Scene } from './scene/scene.js';

/** AF_VSOCK has ENOTCONN in place of end-of-file for a moment: not each round meets it. */
const rounds = [1, 2, 3, 4];

/** In the guest: both sides of a connection end before the relay looks. */
export function bothEnd(scene: () => Scene): void {
  test('a connection over vsock that both sides end at the same time is not an error', async () => {
    const { guest, programs } = scene();
    const relays = programs.flatMap(({ name, vmssh }) =>
      rounds.map((round) => ({ name: `${name} ${round}`, vmssh })),
    );
    const commands = relays.map(({ name, vmssh }, at) => [name, ending(vmssh, 5000 + at)] as const);
    const results = await batch(guest, Object.fromEntries(commands));
    const well = { code: 0, stdout: 'answer\n', stderr: '' };
    expect(results).toEqual(Object.fromEntries(relays.map(({ name }) => [name, well])));
  });
}

/** A relay is stopped while its peer, which has sent its answer, closes, and stdin ends. */
function ending(vmssh: string, port: number): string {
  return `set -e
    mkdir ${port} && cd ${port} && mkfifo input done
    socat VSOCK-LISTEN:${port} SYSTEM:'echo answer; cat done' & peer=$!
    until ss --vsock -l | grep -q :${port}; do sleep 0.2; done
    ${vmssh} nc --pipe vsock/1 ${port} <input >output & relay=$!
    exec 3>input
    until test -s output; do sleep 0.2; done
    kill -STOP $relay
    : >done
    wait $peer
    while ss --vsock state established | grep -q :${port}; do sleep 0.2; done
    exec 3>&-
    kill -CONT $relay
    wait $relay
    cat output`;
}
