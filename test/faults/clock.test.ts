import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { executable, vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { type Fault, faults, ownEnv } from './fault.js';

const dir = useTempDir();
/** Each look at the clock shows ten years more, and the next ten years less, than it is. */
const jumps = `const years = 315_360_000_000; const now = Date.now; let sign = -1;
Date.now = () => now() + (sign = -sign) * years;
globalThis.Date = new Proxy(Date, {
  construct: (Real, args) => new Real(...(args.length === 0 ? [Date.now()] : args)),
});
`;

/** Only Node lets itself be told another time; no program here may set the machine's clock. */
describe.skipIf(executable)('a clock that is set back and ahead', () => {
  const options = (): Fault['options'] => {
    const file = join(dir, 'jumps.cjs');
    writeFileSync(file, jumps);
    return { env: { ...ownEnv(dir), NODE_OPTIONS: `--require=${file}` } };
  };
  let asked = 0;
  faults('a clock that is set ten years back and ahead', {
    'a deadline holds: a peer stays silent': {
      peer: () => {},
      command: (socket) => [...vmssh, 'nc', '--banner', '--timeout', '1', `unix${socket}`],
      get options() {
        return options() ?? {};
      },
      ends: 3,
      says: /no SSH banner came in 1 s/,
    },
    '`--wait` goes on: a machine that comes up': {
      peer: (socket) => (++asked < 3 ? socket.destroy() : socket.end('SSH-2.0-up\r\n')),
      command: (socket) => [...vmssh, 'nc', '--banner', '--wait=15', `unix${socket}`],
      get options() {
        return options() ?? {};
      },
      prints: /^SSH-2\.0-up\n$/,
    },
  });
});

it('no deadline is measured by the clock that can be set, on either runtime', () => {
  const readers = (folder: string, endings: RegExp, clock: RegExp) => {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const files = names.filter((name) => endings.test(name) && !/^(build|node_modules)\//.test(name));
    return files.filter((name) => clock.test(readFileSync(join(folder, name), 'utf8'))).sort();
  };
  const shown = ['commands/forward/report.ts'];
  const old = ['files/edit-file.ts', 'keys/record.ts', 'files/asked-folder.ts']; // how old a file is
  // The day on which a machine was seen, a key accepted, or a note left.
  const days = ['hosts/decide.ts', 'keys/inbox.ts', 'keys/settle-key.ts'];
  const valid = ['ssh/certificate.ts']; // until when a certificate is valid
  expect(readers('src', /\.ts$/, /Date\.now|new Date\(/)).toEqual(
    [...shown, ...old, ...days, ...valid].sort(),
  );
  const clocks = /CLOCK_REALTIME|gettimeofday|system_clock|\btime\((nullptr|NULL|0)\)|GetSystemTime/;
  expect(readers('native', /\.(cpp|h)$/, clocks)).toEqual([]);
});
