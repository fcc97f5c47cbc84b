import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseState } from '../../src/ssh/config/state.js';
import { useConfigHome } from '../commands/config/home.js';

const home = useConfigHome();
const proxies = () => readFileSync(home.own, 'utf8').match(/(?<=ProxyCommand ).*/g);
const kept = () => parseState(readFileSync(home.state, 'utf8')).state.options.start;

it('config install --start is for the Hosts of machines only, stays, and is taken back', async () => {
  await home.install({ start: true });
  const started = proxies()?.filter((line) => line.includes(' --start '));
  expect(started).toEqual([expect.stringMatching(/ proxy (--fdpass )?--start qemu\/mint %p$/)]);
  expect(proxies()?.length).toBe(2);
  expect(kept()).toBe(true);
  await home.install({ names: undefined });
  expect({ kept: kept(), started: proxies()?.filter((line) => line.includes(' --start ')) }).toEqual({
    kept: true,
    started,
  });
  await home.install({ start: false });
  expect({ kept: kept(), lines: proxies()?.join() }).toEqual({
    kept: undefined,
    lines: expect.not.stringContaining('--start'),
  });
});
