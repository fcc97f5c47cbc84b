import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseAst } from 'rolldown/parseAst';

/**
 * Rewrites the fast path so that V8 has less to do at each login. A login of each common form, with a stand-in for the addon, shows
 * which functions are called.
 * @param {string} file
 */
export function prepareForV8(file) {
  const called = new Set(['vsock/3', 'unix/run/x'].flatMap((target) => functionsCalled(file, target)));
  writeFileSync(file, exportingLater(asAscii(inParentheses(readFileSync(file, 'utf8'), called))));
}

/**
 * Lets `exportAll` make all exports but `main`: only modules need them, and 130 properties, each with a new shape of the object,
 * take 1 of a login's own 22 million instructions.
 * @param {string} source
 */
export function exportingLater(source) {
  /** @type {string[]} */
  const later = [];
  const rest = source.replaceAll(/^exports\.([\w$]+) = [\w$]+;\n/gm, (line, name) => {
    if (name === 'main') return line;
    later.push(line);
    return '';
  });
  return `${rest}exports.exportAll = () => {\n${later.join('')}};\n`;
}

/**
 * Puts escapes into strings and patterns: with a single other character, V8 keeps a file at two bytes each, 130 kB here.
 * @param {string} source
 */
export function asAscii(source) {
  const escaped = (/** @type {string} */ unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return source.replaceAll(/[^\0-\x7f]/g, escaped);
}

/**
 * Puts functions in parentheses: V8 compiles these while it reads the file. It reads any other function then only for errors, and again
 * at its first call, which takes 2 of a login's own 24 million instructions. They come first, as declarations are hoisted.
 * @param {string} source without directives
 * @param {ReadonlySet<string>} names
 */
export function inParentheses(source, names) {
  const eager = [];
  const rest = [];
  let end = 0;
  for (const node of parseAst(source, { lang: 'js' }).body) {
    if (node.type !== 'FunctionDeclaration' || !names.has(node.id?.name ?? '')) continue;
    eager.push(`const ${node.id?.name} = (${source.slice(node.start, node.end)});\n`);
    rest.push(source.slice(end, node.start));
    end = node.end;
  }
  return [...eager, ...rest, source.slice(end)].join('');
}

/**
 * The names of the functions that are called until the socket is passed, or until a system that cannot reach such a target says so.
 * @param {string} file
 * @param {string} target
 */
function functionsCalled(file, target) {
  const folder = mkdtempSync(join(tmpdir(), 'vmssh-for-v8-'));
  const NODE_V8_COVERAGE = join(folder, 'coverage');
  // CommonJS by its name, whatever package.json is beside the file.
  const copy = join(folder, 'fast-path.cjs');
  try {
    copyFileSync(file, copy);
    const { stderr, pid } = spawnSync(
      process.execPath,
      ['-e', standIn, copy, 'proxy', '--fdpass', '--record', target, '22'],
      {
        // Here a pipe is a socket, as ssh's stdout is; stdin is not.
        ...{ stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' },
        // The same for each build. What a login leaves for ssh goes with the folder.
        env: { PATH: process.env.PATH, HOME: folder, NODE_V8_COVERAGE },
      },
    );
    const names = readdirSync(NODE_V8_COVERAGE).flatMap((name) => {
      const { result } = JSON.parse(readFileSync(join(NODE_V8_COVERAGE, name), 'utf8'));
      return namesIn(result, pathToFileURL(copy).href);
    });
    // One login of sixteen, by its pid, also looks for old notes: two builds would differ.
    if (pid % 2 === 0) return functionsCalled(file, target);
    if (!names.includes('main')) throw new Error(`${file} has no main that can be called: ${stderr}`);
    return names;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const standIn = `
const addon = {
  connect: () => ({ promise: Promise.resolve({}), cancel() {} }),
  watchHangup: () => ({ promise: new Promise(() => {}), cancel() {} }),
  sendFd() {},
};
process.dlopen = (module) => {
  module.exports = addon;
};
require(process.argv[1]).main('vmssh');`;

/** @param {{ url: string, functions: { functionName: string, ranges: { count: number }[] }[] }[]} coverage @param {string} url */
function namesIn(coverage, url) {
  return coverage
    .filter((script) => script.url === url)
    .flatMap(({ functions }) => functions.filter(({ ranges: [whole] }) => whole && whole.count > 0))
    .map(({ functionName }) => functionName);
}
