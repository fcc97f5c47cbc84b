import { expect, it } from 'vitest';
import { chooseLoopbackPorts, isLoopbackPort, loopbackRange } from '../../src/ssh/loopback.js';

const names = Array.from({ length: 200 }, (_, i) => `vmssh-machine%m${i}`);
const anyPort = { known: new Map<string, number>(), isFree: () => true, seed: '1000' };

it('each of 200 machines has a port of its own, the same when nothing is remembered', () => {
  const ports = chooseLoopbackPorts(names, anyPort);
  expect(new Set(ports.values()).size).toBe(200);
  expect([...ports.values()].every(isLoopbackPort)).toBe(true);
  expect(chooseLoopbackPorts(names, anyPort)).toEqual(ports);
});

it('the range is of no other service, and below what systems hand out', () => {
  expect([29_169, 29_170, 29_998, 29_999].map(isLoopbackPort)).toEqual([false, true, true, false]);
});

it('a machine keeps its port when others come, when it is gone meanwhile, and when somebody listens there', () => {
  const [first = ''] = names;
  const known = chooseLoopbackPorts([first], anyPort);
  const without = chooseLoopbackPorts(names.slice(1), { ...anyPort, known });
  expect(without.get(first)).toBe(known.get(first));
  const again = chooseLoopbackPorts(names, { ...anyPort, known: without, isFree: () => false });
  expect(again).toEqual(without);
});

it('a taken port is passed over, whoever has it', () => {
  const [first = '', second = ''] = names;
  const port = chooseLoopbackPorts([first], anyPort).get(first) ?? 0;
  expect(chooseLoopbackPorts([first], { ...anyPort, isFree: (each) => each !== port }).get(first)).toBe(
    port === loopbackRange.last ? loopbackRange.first : port + 1,
  );
  const known = new Map([[second, port]]);
  expect(chooseLoopbackPorts([first], { ...anyPort, known }).get(first)).not.toBe(port);
});

it('two users of one host have other ports for one machine', () => {
  const of = (seed: string) => [...chooseLoopbackPorts(names, { ...anyPort, seed }).values()];
  expect(of('1000')).not.toEqual(of('1001'));
});

it('a machine that is gone gives its port up only if none is left, and then one machine gets none', () => {
  const many = Array.from({ length: loopbackRange.last - loopbackRange.first + 1 }, (_, i) => `vmssh-${i}`);
  const full = chooseLoopbackPorts(many, anyPort);
  expect(full.size).toBe(many.length);
  const next = chooseLoopbackPorts([...many.slice(1), 'vmssh-new'], { ...anyPort, known: full });
  expect(next.get('vmssh-new')).toBe(full.get('vmssh-0'));
  expect(next.has('vmssh-0')).toBe(false);
  expect(chooseLoopbackPorts([...many, 'vmssh-new'], { ...anyPort, known: full }).has('vmssh-new')).toBe(
    false,
  );
});

it('of two that are remembered with one port only the first keeps it', () => {
  const known = new Map([
    ['vmssh-a', 29_200],
    ['vmssh-b', 29_200],
  ]);
  const ports = chooseLoopbackPorts(['vmssh-a', 'vmssh-b'], { ...anyPort, known });
  expect(ports.get('vmssh-a')).toBe(29_200);
  expect(ports.get('vmssh-b')).not.toBe(29_200);
});
