import { appendFileSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { configFiles } from '../../src/hosts/places.js';
import { planInstall } from '../../src/hosts/plan.js';
import { carryOut } from '../../src/hosts/write.js';
import { keyOwner } from '../../src/keys/key-owner.js';
import { machineKeys } from '../../src/keys/machine-keys.js';
import { noteKey, settleKey } from '../../src/keys/settle-key.js';
import type { MachinesFound } from '../../src/machines/find-machines.js';
import type { ListedMachine } from '../../src/sources/merge.js';
import { inboxOf } from '../../src/ssh/folder.js';
import { fakeIo } from '../helpers/fake-io.js';
import { lacks } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { property } from './property.js';

const dir = useTempDir();

/** A machine, and the key that it has: that is what tells it apart, whatever it is called. */
interface Vm {
  readonly name: string;
  readonly provider: 'libvirt' | 'podman' | 'lima';
  readonly uuid: string | undefined;
  readonly key: number;
}

const kindOf = { libvirt: 'qemu', podman: 'podman', lima: 'lima' } as const;
const names = ['a', 'b', 'c', 'd'];
const pick = fc.nat(11);
const change = fc.record({
  what: fc.constantFrom('add', 'add', 'remove', 'rename', 'swap', 'clone', 'make again', 'nothing'),
  at: pick,
  name: fc.constantFrom(...names),
  provider: fc.constantFrom(...(['libvirt', 'podman', 'lima'] as const)),
});
const day = fc.record({
  changes: fc.array(change, { maxLength: 2 }),
  listing: fc.constantFrom('all', 'all', 'all', 'half', 'none', 'hangs', 'fails'),
  logins: fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }),
  later: fc.constantFrom(1, 2, 6, 40),
});
type Day = typeof day extends fc.Arbitrary<infer T> ? T : never;

const targetOf = ({ provider, name }: Vm) => `${kindOf[provider]}/${name}`;
const keyOf = ({ key }: Vm) => {
  const type = 'ssh-ed25519';
  const bytes = Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from(type), Buffer.from([0, 0, 0, 32])]);
  return { type, key: Buffer.concat([bytes, Buffer.alloc(32, key)]).toString('base64') };
};

/** What is there, how it changes, and what a manager lists of it. */
class World {
  all: readonly Vm[] = [];
  #made = 0;

  #new(name: string, provider: Vm['provider']): Vm {
    const key = ++this.#made;
    const id = `${String(key).padStart(8, '0')}-2222-4333-8444-555555555555`;
    return { name, provider, key, uuid: provider === 'lima' ? undefined : id };
  }

  change({ what, at, name, provider }: Day['changes'][number]): void {
    const one = this.all[at % Math.max(this.all.length, 1)];
    const isFree = (named: string, by: string) =>
      !this.all.some((each) => each.name === named && each.provider === by);
    const others = this.all.filter((each) => each !== one);
    const [twin] = others.filter((each) => each.provider === one?.provider);
    if (what === 'add' && isFree(name, provider)) this.all = [...this.all, this.#new(name, provider)];
    if (one === undefined) return;
    if (what === 'remove') this.all = others;
    if (what === 'rename' && isFree(name, one.provider)) this.all = [...others, { ...one, name }];
    if (what === 'make again') this.all = [...others, this.#new(one.name, one.provider)];
    if (what === 'swap' && twin) {
      const rest = others.filter((each) => each !== twin);
      this.all = [...rest, { ...one, name: twin.name }, { ...twin, name: one.name }];
    }
    if (what === 'clone' && isFree(name, one.provider))
      this.all = [...this.all, { ...this.#new(name, one.provider), uuid: one.uuid }];
  }

  listed(how: Day['listing'], today: string): MachinesFound {
    const isThere = (at: number, { provider }: Vm) =>
      how === 'all' || (how === 'half' ? at % 2 === 0 : how !== 'none' && provider !== 'libvirt');
    const code = { hangs: 'TIMEOUT', fails: 'ECONNREFUSED' }[how as string];
    return {
      machines: this.all.filter((each, at) => isThere(at, each)).map(machineOf),
      warnings: code === undefined ? [] : [{ provider: 'libvirt', code, problem: 'it says nothing' }],
      day: today,
    };
  }
}

function machineOf(vm: Vm): ListedMachine {
  const { name, provider, uuid } = vm;
  const { type, key } = keyOf(vm);
  // Podman reads the keys of its containers; the others cannot.
  const hostKeys = provider === 'podman' ? [`${type} ${key}`] : [];
  return { name, provider, uuid, target: targetOf(vm), status: 'running', also: [], hostKeys };
}

/** Two weeks and more of one user. */
class User {
  readonly #env = { HOME: mkdtempSync(join(dir, 'h-')), VMSSH_SSH: 'ssh -F none' };
  readonly #io = fakeIo({ env: this.#env });
  readonly #files = configFiles({ system: false }, this.#io, undefined, () => false);
  /** The machine by its key that each name means; and all that ever were accepted. */
  readonly #means = new Map<string, number>();
  readonly #known = new Set<number>();
  /** The names that were listed. */
  readonly #listed = new Set<string>();

  async list(found: MachinesFound): Promise<void> {
    const options = { system: false } as const;
    const done = await carryOut(
      () => planInstall(options, this.#io, async () => found, this.#files),
      this.#io,
    );
    expect(done.code).toBe(0);
    for (const { host, gone } of done.plan.decision?.state.machines ?? [])
      if (host !== undefined && gone === undefined) this.#listed.add(host);
  }

  /** What `ssh NAME` would have vmssh reach, by the real ssh; undefined: a host of the network. */
  async #called(name: string): Promise<string | undefined> {
    const { stdout } = await run(['ssh', '-F', this.#files.own, '-G', name]);
    return /^proxycommand .*proxy .* (\S+) %p$/m.exec(stdout)?.[1]?.replaceAll(/["']/g, '');
  }

  async login(name: string, world: World): Promise<void> {
    const target = await this.#called(name);
    if (this.#means.has(name) && this.#listed.has(name))
      expect([name, target]).not.toEqual([name, undefined]);
    const vm = world.all.find((each) => targetOf(each) === target);
    if (target === undefined || vm === undefined) return;
    const reached = { text: target, machine: machineOf(vm) };
    const owner = await keyOwner(reached, { typed: name, host: name }, this.#env);
    const keys = await machineKeys(owner, this.#env);
    const question = { keys, plain: keyOf(vm), env: this.#env, platform: 'linux' } as const;
    const answer = await settleKey(keyOf(vm), question, {
      notKept: async (_, error) => expect(error).toBe(undefined),
    });
    const why = answer.do === 'certify' ? undefined : answer.why;
    if (answer.do === 'nothing') {
      // As ssh does that accepts new keys.
      expect(why).toBe('unknown');
      await noteKey(question);
      appendFileSync(inboxOf(keys.path), `${name} ${keyOf(vm).type} ${keyOf(vm).key}\n`);
    }
    const meant = this.#means.get(name);
    if (answer.do !== 'contradict') {
      // The machine that was meant; one that is known by itself; or one for which its manager vouches.
      const isRight =
        meant === undefined || meant === vm.key || this.#known.has(vm.key) || vm.provider === 'podman';
      expect({ name, vm, why, isRight }).toMatchObject({ isRight: true });
      this.#means.set(name, vm.key);
      this.#known.add(vm.key);
    } else if (meant === vm.key) {
      expect({ name, vm, why, refused: 'the machine that was meant' }).toBe(undefined);
    }
  }
}

property(
  'by a name that a machine had, ssh reaches that machine, whatever came, went, or was not listed in these weeks',
  fc.array(day, { minLength: 14, maxLength: 14 }),
  async (days) => {
    const [world, user] = [new World(), new User()];
    let now = 0;
    for (const { changes, listing, logins, later } of days) {
      for (const change of changes) world.change(change);
      const today = new Date(Date.UTC(2026, 0, 1 + now)).toISOString().slice(0, 10);
      await user.list(world.listed(listing, today));
      for (const name of logins) await user.login(name, world);
      now += later;
    }
  },
  1,
  lacks('ssh'),
);
