import { atStart } from 'engine:system';
import { spawnSync } from 'node:child_process';

/**
 * Run by the engine: `main SUBJECT` prints one thing as JSON. What stands here outside of a function is made when the program is
 * built, if it has an image; the rest in the process.
 */
class Machine {
  readonly #secret = 7;
  kind = 'guest';
  get doubled(): number {
    return this.#secret * 2;
  }
  static made = 0;
  readonly name: string;
  constructor(name: string) {
    this.name = name;
    Machine.made += 1;
  }
}

const key = { key: true };
const symbol = Symbol('own');
const machines = ['web', 'db'].map((name) => new Machine(name));
const byName = new Map<unknown, number>([
  ...machines.map((each, index) => [each.name, index] as const),
  [key, 5],
  [symbol, 6],
]);
const weak = new WeakMap<object, string>([[key, 'kept']]);
const pattern = /m(?<letter>[a-z])/giu;
const bytes = Uint8Array.from({ length: 300 }, (_, index) => index);
const settled = Promise.resolve('settled');
let counter = 10n ** 15n;
const count = () => ++counter;
const tree: { next?: object } = {};
tree.next = { back: tree };

const subjects: Readonly<Record<string, (rest: readonly string[]) => unknown>> = {
  /** The same with an image and without. */
  async values() {
    const other = new Machine('new');
    Object.assign(machines[0] ?? {}, { added: 1, [symbol]: 2 });
    Reflect.deleteProperty(machines[1] ?? {}, 'kind');
    byName.set('later', 9).delete('db');
    delete tree.next;
    // Enough for the engine to look for circles, also among what was made before.
    const held = Array.from({ length: 60_000 }, (_, index) => ({ index, list: [index] }));
    return {
      names: Object.keys(globalThis).sort(),
      machines,
      made: Machine.made,
      doubled: other.doubled,
      kinds: [...machines, other].map((each) => each instanceof Machine && each.constructor === Machine),
      shape: Object.getOwnPropertyNames(machines[0]),
      found: ['web', 'db', key, symbol, 'later', {}].map((each) => byName.get(each)),
      keys: [...byName.keys()].map(String),
      weak: weak.get(key),
      matches: [...'mame'.matchAll(pattern)].map(({ groups }) => groups?.letter),
      replaced: 'x.y.z'.replaceAll(/\./g, '-').split('-'),
      bytes: bytes.reduce((sum, each) => sum + each),
      text: Buffer.from(bytes.subarray(200, 210)).toString('hex'),
      settled: await settled,
      counter: [count(), count()].map(String),
      held: held.length,
      json: JSON.parse('{"kind":"guest","name":"text"}'),
      error: attempt(() => JSON.parse('{')),
      sorted: ['b', 'a', 'C'].sort((a, b) => a.localeCompare(b)),
      atoms: Atomics.add(new Int32Array(new SharedArrayBuffer(4)), 0, 1),
      platform: process.platform,
      exec: process.execArgv,
      date: new Date(0).toISOString(),
    };
  },
  recursion: () => attempt(() => deeper(0)),
  'recursion in a promise': async () => attempt(await Promise.resolve().then(() => () => deeper(0))),
  random: () => Array.from({ length: 4 }, () => Math.random()),
  clock: () => ({ uptime: process.uptime(), date: Date.now() }),
  'source text': () => attempt(() => Reflect.construct(Function, ['return 1'])),
  process: (rest) => ({
    rest,
    argv0: process.argv0,
    home: process.env.HOME,
    cwd: process.cwd(),
    pid: process.pid,
  }),
  'a child': () =>
    spawnSync('printenv', ['MARK'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).stdout,
};

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return String(error);
  }
}

function deeper(depth: number): number {
  return deeper(depth + 1) + 1;
}

atStart(async () => {
  const [name = '', ...rest] = process.argv.slice(2);
  console.log(JSON.stringify(await subjects[name]?.(rest)));
});
