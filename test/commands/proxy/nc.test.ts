import { expect, it } from 'vitest';
import { type RawArgs, scanArgs } from '../../../src/cli/command.js';
import { nc } from '../../../src/commands/proxy/nc.js';
import { fakeIo } from '../../helpers/fake-io.js';

it.each([
  { line: 'mint', means: 'mint' },
  { line: '-t vsock mint', means: 'hyper-v/mint' },
  { line: '--ssh mint', means: 'hyper-v/mint' },
  { line: '--ssh --host-prefix hyper-v/ hyper-v/mint', means: 'hyper-v/mint' },
  { line: '--host-prefix hyper-v/ mint', means: 'hyper-v/mint' },
  { line: '-t vsock wsl/mint', means: 'wsl/mint' },
])('on Windows nc $line means $means: a name is of Hyper-V only with options of hvc', ({ line, means }) => {
  const raw = scanArgs(nc.options, line.split(' ')) as RawArgs;
  expect(nc.parse(raw, fakeIo({ platform: 'win32' }))).toMatchObject({ text: means });
});
