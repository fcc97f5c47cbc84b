import { expect, it } from 'vitest';
import { knownHostsFile } from '../../src/ssh/known-hosts-file.js';

it('the file of host keys lies in the folder of ssh', () => {
  expect(knownHostsFile({ HOME: '/home/u' })).toBe('/home/u/.ssh/vmssh_known_hosts');
});
