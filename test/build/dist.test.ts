import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingAddon } from '../helpers/addon.js';
import { dist, outcome, run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const native = dist('../native');

describe.skipIf(missingAddon() !== undefined)('the fast path of Node', () => {
  it('loads one file and one addon, and of Node only what can end a wait', async () => {
    const socket = join(dir, 'x.sock');
    const server = createServer((peer) => peer.end('SSH-2.0-x\r\n')).listen(socket);
    const hook = join(dir, 'hook.cjs');
    writeFileSync(
      hook,
      `const before = new Set(process.moduleLoadList);
process.on('exit', () => {
  const late = process.moduleLoadList.filter((name) => !before.has(name) && name.startsWith('NativeModule'));
  const files = Object.keys(require.cache).filter((name) => name !== __filename);
  require('node:fs').writeSync(2, JSON.stringify({ late, files }));
});`,
    );
    const host = `unix${socket}`;
    const args = ['-r', hook, dist('vmssh.js'), 'proxy', '--typed', host, host, '22'];
    const child = spawn(process.execPath, args);
    child.stdout.once('data', () => child.stdin.end());
    const { code, stdout, stderr } = await outcome(child);
    server.close();
    expect({ code, stdout, ...JSON.parse(stderr) }).toEqual({
      code: 0,
      stdout: 'SSH-2.0-x\r\n',
      late: ['NativeModule internal/abort_controller'],
      files: [dist('vmssh.js'), dist('fast-path.js')],
    });
  });

  // V8 checks each literal as it reads the file, and reads ICU's tables for this: 5 of a login's own 32 million instructions.
  it('has no pattern literal with a property of Unicode', () => {
    const lines = readFileSync(dist('fast-path.js'), 'utf8').split('\n');
    expect(lines.filter((line) => /(?<!\\)\\p\{/i.test(line))).toEqual([]);
  });

  it('is ASCII, with the functions of a login in parentheses, and no others', () => {
    const source = readFileSync(dist('fast-path.js'), 'utf8');
    expect(source).toMatch(/^[\0-\x7f]+$/);
    for (const name of ['main', 'parseVsock', 'parseUnix', 'openConnection', 'passFd'])
      expect(source).toMatch(new RegExp(`^const ${name} = \\((async )?function ${name}\\(`, 'm'));
    expect(source).toMatch(/^function similarTo\(/m);
  });

  it.each([
    { name: 'npm install -g', at: 'global/node_modules/vmssh/node_modules', ownLoader: true },
    { name: 'npm install', at: 'local/node_modules', ownLoader: true },
    { name: "Node's own search", at: 'search', folder: 'search/node_modules', ownLoader: false },
  ])('finds the addon of $name', async ({ at, folder = at, ownLoader }) => {
    const [root = ''] = at.split('/');
    const program = join(dir, root, root === 'search' ? 'app/dist' : 'node_modules/vmssh/dist');
    mkdirSync(program, { recursive: true });
    for (const name of readdirSync(dist('')).filter((each) => /\.m?js(on)?$/.test(each)))
      cpSync(dist(name), join(program, name));
    for (const name of ['index.cjs', 'package.json', 'prebuilds'])
      cpSync(join(native, name), join(dir, folder, 'node-hvsock-native', name), { recursive: true });
    const look = `const fastPath = require('./fast-path.js');
fastPath.exportAll();
const { addon } = fastPath.loadAddon();
console.log(typeof addon.connect, Object.keys(require.cache).some((name) => name.endsWith('index.cjs')));`;
    const result = await run([process.execPath, '-e', look], { cwd: program });
    expect(result).toMatchObject({ code: 0, stdout: `function ${!ownLoader}\n`, stderr: '' });
  });
});

it.each(['bundle.mjs', 'bundle.cjs'])('a bundle of the library says what to leave out: %s', async (name) => {
  const text = readFileSync(dist('fast-path.mjs'), 'utf8');
  // As esbuild writes CommonJS.
  const asCommonJs = text
    .replace(/^import (.*) from (.*);$/m, 'const $1 = require($2);')
    .replace('import.meta.url', '({}).url')
    .replace('export const', 'const');
  writeFileSync(join(dir, name), name.endsWith('cjs') ? asCommonJs : text);
  const { code, stderr } = await run([process.execPath, join(dir, name)]);
  expect(code).toBe(1);
  expect(stderr).toContain('cannot be bundled: make vmssh and node-hvsock-native external');
});
