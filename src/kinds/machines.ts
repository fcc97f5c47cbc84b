import { quote } from '../base/errors.js';
import type { SearchWords } from '../sources/no-machine.js';
import { outsideLines } from '../sources/outside/file.js';
import type { Reachable, ResolveContext } from '../sources/source.js';
import { machineName, type SourceEntry, sourceBy, sources } from '../sources/sources.js';
import { parseName, split } from '../typed/names.js';
import { isBareId, parseGuid } from '../typed/numbers.js';
import { routeToSocket } from '../typed/socket-target.js';
import {
  type AnyTarget,
  type HyperVTarget,
  type NamedTarget,
  type OutsideTarget,
  type QemuTarget,
  thisHost,
  type UnixTarget,
} from '../typed/target.js';
import type { Kind } from './kind.js';

function isDotHost(name: string): boolean {
  return name.toLowerCase() === '.host';
}

const named = {
  separators: '/%',
  rest: 'name',
  takesPort: true,
  resolve(this: Kind, target: AnyTarget, context: ResolveContext) {
    return find(this, target as NamedTarget, context);
  },
} as const;

/** Asks the sources of a kind. `asked`: who is named in errors, if not the first of them. */
async function find(
  { sources }: { readonly sources: Kind['sources'] },
  target: NamedTarget,
  context: ResolveContext,
  asked?: SearchWords,
): Promise<Reachable> {
  const { findMachine } = await import('../sources/find.js');
  const loads = sources.flatMap(({ load }) => (load ? [() => load(target)] : []));
  return findMachine(loads, target.name, context, asked);
}

export const dotHostKind: Kind<UnixTarget> = {
  name: '.host',
  form: '.host',
  summary: 'this host itself, by its local unix socket',
  separators: '',
  also: ['machine/.host', 'machine%.host'],
  rest: 'address',
  from: 'anywhere',
  takesPort: false,
  sources: [],
  isBare: isDotHost,
  parse: () => thisHost,
  resolve: (target, context) => ({ steps: [], routes: [routeToSocket(target, context)] }),
};

export const machineKind: Kind<NamedTarget<'machine'> | UnixTarget> = {
  ...named,
  name: 'machine',
  form: 'machine/NAME',
  summary: 'a VM or container registered with systemd-machined',
  from: 'linux',
  sources: [sourceBy('machined'), { name: 'nspawn' }],
  parse: ({ rest }) =>
    isDotHost(rest) ? thisHost : { kind: 'machine', name: parseName(rest, 'machine name') },
};

export const containerKind: Kind<NamedTarget<'container'>> = {
  ...named,
  name: 'container',
  form: 'container/NAME',
  summary: 'a container: of systemd-nspawn by the socket it exports, else of Podman or Docker',
  from: 'linux',
  takesPort: false,
  sameMachinesAs: 'machine',
  sources: [
    { name: 'machined' },
    sourceBy('nspawn'),
    { name: 'podman', load: async () => (await import('../sources/containers/podman.js')).podmanOrDocker },
    { name: 'docker' },
  ],
  parse: ({ rest }) => ({ kind: 'container', name: parseName(rest, 'container name') }),
  async resolve(target, context) {
    const { askedForExport } = await import('../sources/machined/nspawn.js');
    return find(this, target, context, askedForExport(target.name));
  },
};

const scopes = ['system', 'session'] as const;

export const scopesOf: Readonly<Record<QemuTarget['scope'], readonly ('system' | 'user')[]>> = {
  any: ['system', 'user'],
  system: ['system'],
  session: ['user'],
};

export const askedForQemu = {
  title: 'QEMU',
  hints: { unknown: 'see vmssh list, and for libvirt virsh list --all' },
};

/** qemu/NAME as in libvirt-ssh-proxy; with :system or :session for only one libvirtd. */
export const qemuKind: Kind<QemuTarget> = {
  ...named,
  name: 'qemu',
  form: 'qemu[:system|:session]/NAME',
  summary: 'a libvirt domain by its name, UUID or id',
  separators: '/%:',
  sshForms: scopes.map((scope) => `qemu:${scope}/*`),
  from: 'linux-mac',
  sources: [
    {
      name: 'libvirt',
      load: async ({ scope }) => (await import('../sources/libvirt/source.js')).libvirtOf(scopesOf[scope]),
    },
    sourceBy('qemu'),
  ],
  parse({ separator, rest }) {
    if (separator !== ':') return { kind: 'qemu', scope: 'any', name: parseName(rest, 'domain name') };
    const scoped = split(rest);
    const scope = scopes.find((scope) => scope === scoped.word);
    if (!scope || scoped.separator === '' || scoped.separator === ':')
      throw new RangeError(`expected ${scopes.join(' or ')} after "qemu:", and a name after that`);
    return { kind: 'qemu', scope, name: parseName(scoped.rest, 'domain name') };
  },
  resolve(target, context) {
    return find(this, target, context, askedForQemu);
  },
};

export const hyperVKind: Kind<HyperVTarget> = {
  ...named,
  name: 'hyper-v',
  form: 'hyper-v/NAME|GUID',
  summary:
    "a Hyper-V virtual machine by its name or its id (from Windows and WSL2); the id's GUID works without a prefix",
  from: 'windows-wsl2',
  sources: [sourceBy('hyper-v')],
  isBare: isBareId,
  parse({ text, separator, rest }) {
    const isAlone = separator === '';
    const name = isAlone ? text : rest;
    const vmId = parseGuid(name);
    if (vmId) return { kind: 'hyper-v', vmId };
    if (isAlone || /^\{[\da-f-]*\}$/i.test(name))
      throw new RangeError(`${quote(name)} is not a GUID: expected 8-4-4-4-12 hexadecimal digits`);
    return { kind: 'hyper-v', name: parseName(name, 'machine name') };
  },
  async resolve(target, context) {
    if (!('vmId' in target)) return find(this, target, context);
    return (await import('../sources/hyper-v/source.js')).resolveHyperVId(target.vmId, context);
  },
};

export const wslKind: Kind<NamedTarget<'wsl'>> = {
  ...named,
  name: 'wsl',
  form: 'wsl/DISTRO',
  summary: 'a WSL2 distribution (from Windows)',
  from: 'windows',
  sources: [sourceBy('wsl')],
  parse: ({ rest }) => ({ kind: 'wsl', name: parseName(rest, 'distribution name') }),
};

type Managed = Extract<(typeof sources)[number], { readonly machines: string }>;

/** The kinds of the sources whose machines are typed NAME/MACHINE. */
export const managedKinds = sources
  .filter((source): source is Managed => 'machines' in source)
  .map((source) => managed<Managed['name']>(source));

export function managed<Name extends string>({
  name,
  machines = '',
  form = `${name}/NAME`,
  ofProcess,
  parse = machineName,
  load,
}: SourceEntry & { readonly name: Name }): Kind<NamedTarget<Name>> {
  return {
    ...named,
    name,
    form,
    summary: machines,
    from: ofProcess ? 'linux' : 'linux-mac',
    ...(ofProcess ? { keyHasOwner: true } : { network: true }),
    sources: [{ name, load }],
    parse: ({ rest }) => ({ kind: name, name: parse(rest) }),
  };
}

/** SOURCE/NAME: a machine of a source that the user or root has added. Its words are read only for a text that is of no other kind. */
export const outsideKind: Kind<OutsideTarget> = {
  ...named,
  name: 'outside',
  words: () => outsideLines().lines.map(({ name }) => name),
  form: 'SOURCE/NAME',
  summary: 'a machine of a source of your own: docs/sources.md',
  from: 'linux-mac',
  network: true,
  sources: [],
  parse: ({ word, rest }) => ({ kind: 'outside', source: word, name: machineName(rest) }),
  async resolve(target, context) {
    const line = outsideLines().lines.find(({ name }) => name === target.source);
    const { outsideSource } = await import('../sources/outside/outside.js');
    const sources = line ? [{ name: line.name, load: async () => outsideSource(line) }] : [];
    return find({ sources }, target, context);
  },
};
