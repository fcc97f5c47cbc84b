import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** Checks lines as `npm run typecheck` checks src/ against src/engine/node/. Returns those with a mistake. */
function mistakes(lines: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'vmssh-t-'));
  try {
    const config = {
      extends: resolve('build/engine/tsconfig.json'),
      files: [
        join(folder, 'lines.ts'),
        resolve('build/engine/types/globals.d.ts'),
        resolve('src/engine/natives.d.ts'),
      ],
      include: [],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    writeFileSync(join(folder, 'lines.ts'), `${[...imports, ...lines].join('\n')}\n`);
    const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
    const found = [...stdout.matchAll(/lines\.ts\((\d+),/g)].map(
      ([, line]) => Number(line) - imports.length - 1,
    );
    return lines.filter((_, index) => found.includes(index));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const imports = [
  "import * as child from 'node:child_process';",
  "import * as fs from 'node:fs';",
  "import * as later from 'node:fs/promises';",
  "import * as net from 'node:net';",
  "import * as timers from 'node:timers/promises';",
];

test('what a stand-in does not know is a mistake, though Node has it', () => {
  const lines = [
    "child.spawnSync('x', [], { encoding: 'utf8', stdio: 'ignore', input: 'y' });",
    "child.spawn('x', [], { shell: true });",
    "child.spawn('x', []).once('message', () => {});",
    "net.connect({ path: 'x', timeout: 5 });",
    "net.connect({ path: 'x' }).setNoDelay();",
    'net.createServer({ pauseOnConnect: true }).listen(80);',
    "fs.readdirSync('.', { withFileTypes: true });",
    'fs.watch;',
    "void later.open('x').then((file) => file.appendFile('y'));",
    'void timers.setTimeout(1, undefined, { ref: false });',
    'process.memoryUsage();',
    "Buffer.from('x').readUInt16BE(0);",
    'structuredClone({});',
    "process.on('beforeExit', () => {});",
  ];
  expect(mistakes(lines)).toEqual(lines);
});

test('accepts what the engine has', () => {
  const lines = [
    "child.spawnSync('x', [], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 5 }).stdout.trim();",
    "child.spawn('x', [], { stdio: ['ignore', 'pipe', 1] }).once('exit', (code) => code?.toFixed());",
    "net.connect({ path: 'x', allowHalfOpen: true }).on('error', ({ code }) => code);",
    "fs.statSync('.').isSocket();",
    'void timers.setTimeout(1, 2).then((two) => two.toFixed());',
    "Buffer.from('x', 'latin1').toString('hex');",
    "process.on('SIGINT', (signal) => process.kill(1, signal));",
  ];
  expect(mistakes(lines)).toEqual([]);
});
