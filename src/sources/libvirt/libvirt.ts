import { readdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { quote } from '../../base/errors.js';
import { now } from '../../base/runtime.js';
import { readText } from '../../files/read-file.js';
import { readTextIfAny } from '../../files/read-sync.js';
import { machineCid, parseGuid } from '../../typed/numbers.js';
import type { Deps, MachineState, Warn, Warning, Warnings } from '../source.js';
import { DiscoveryError } from '../source.js';
import { leadsToItself } from '../tools/cid-space.js';
import { guestsOnly, notLocal } from '../tools/guest-addresses.js';
import { asksElsewhere, exists as isThere, type RunTool, runTool } from '../tools/run-tool.js';
import { configFolder, isOwnPath, runtimeDirs, type Scope } from '../trusted-path.js';

export interface Domain extends MachineState {
  readonly cid?: number;
  /** In the 8-4-4-4-12 form. */
  readonly uuid: string;
  /** The domain's id while it is active. */
  readonly id?: number;
  readonly scope: Scope;
}

export interface DomainList extends Warnings {
  /** The system's first. */
  readonly domains: readonly Domain[];
}

/** By virsh's read-only connection: asking starts no libvirtd, and of the user's it then reads the files. */
export async function listDomains(
  deps: Deps,
  scopes: readonly Scope[] = ['system', 'user'],
  { run, exists, uid } = { run: runTool, exists: isThere, uid: process.getuid?.() },
): Promise<DomainList> {
  const warnings: Warning[] = [...ledElsewhere(deps, uid)];
  const domains = await Promise.all(
    scopes.map(async (scope): Promise<readonly Domain[]> => {
      // Root's "session" is the system's.
      if (scope === 'user' && uid === 0) return [];
      const uri = uriOf({ scope });
      const warn = ({ code, message }: DiscoveryError) => {
        const hint = code === 'ENOENT' ? ', it comes with libvirt-clients' : '';
        warnings.push({ provider: 'libvirt', code, problem: `${uri}: ${message}${hint}` });
      };
      const { sockets, pidFiles } = filesOf(scope, deps, uid);
      try {
        if (!(await Promise.all(sockets.map(exists))).includes(true))
          return scope === 'user' ? await definedDomains(deps, uid) : [];
        return await withOwnCids(await askLibvirt(uri, scope, deps, run), pidFiles, deps, warn);
      } catch (error) {
        if (!(error instanceof DiscoveryError)) throw error;
        warn(error);
        return [];
      }
    }),
  );
  const isOfUser = ({ scope }: Domain) => Number(scope === 'user');
  return { domains: domains.flat().sort((a, b) => isOfUser(a) - isOfUser(b)), warnings };
}

/** The service that virsh asks by itself, if that is another; by a file of libvirt's clients where no variable names it. */
function ledElsewhere(deps: Deps, uid: number | undefined): readonly Warning[] {
  const { env } = deps;
  const folder = uid === 0 ? '/etc' : configFolder(env, env.HOME ?? '', uid);
  const text = readTextIfAny(join(folder, 'libvirt/libvirt.conf'));
  const [, kept] = /^\s*uri_default\s*=\s*["']([^"']+)/m.exec(text) ?? [];
  const uri = env.VIRSH_DEFAULT_CONNECT_URI || env.LIBVIRT_DEFAULT_URI || kept;
  if (uri === undefined || /^qemu(\+unix)?:\/\/\/(system|session)$/.test(uri)) return [];
  return asksElsewhere('libvirt', uri, 'NOT_LISTED').warnings;
}

/** The domains of a user whose libvirtd does not run, as it ends when no machine has run for two minutes: what it reads when it starts. */
async function definedDomains(deps: Deps, uid = 0): Promise<readonly Domain[]> {
  const folder = join(configFolder(deps.env, deps.env.HOME ?? '', uid), 'libvirt/qemu');
  if (!isOwnPath(folder, uid, false)) return [];
  const namesIn = (path: string) => readdir(path).catch((): string[] => []);
  const files = (await namesIn(folder)).filter((file) => file.endsWith('.xml')).slice(0, atOnce);
  const texts = await Promise.all(files.map((file) => readText(join(folder, file), 1 << 20).catch(() => '')));
  const saved = await namesIn(join(folder, 'save'));
  // One whose libvirtd was killed may run on: QEMU's own process lists it.
  const runtime = runtimeDirs(deps).find(({ scope }) => scope === 'user')?.path ?? '';
  const running = await namesIn(join(runtime, 'libvirt/qemu/run'));
  return parseDomains(texts.join('\n'), 'user').flatMap((domain) => {
    if (running.includes(`${domain.name}.xml`)) return [];
    return saved.includes(`${domain.name}.save`) ? { ...domain, status: 'saved' } : domain;
  });
}

/** All domains of one connection with few calls of virsh: one for the list, one for each few hundred domains. */
export async function askLibvirt(
  uri: string,
  scope: Scope,
  deps: Deps,
  run: RunTool = runTool,
): Promise<readonly Domain[]> {
  const virsh = (command: string) => run('virsh', ['--readonly', '--quiet', '--connect', uri, command], deps);
  const states = ['--all', '--state-paused', '--with-managed-save --inactive'];
  const lists = await virsh(states.map((state) => `list --uuid ${state}`).join(`; echo ${mark}; `));
  const [all = [], ...others] = lists.split(mark).map(parseUuids);
  const [paused, saved, ...more] = others.map((uuids) => new Set(uuids));
  if (!saved || more.length > 0) throw unreadable(lists);
  const domains: (readonly Domain[])[] = [];
  for (let from = 0; from < all.length; from += atOnce) {
    const some = all.slice(from, from + atOnce);
    domains.push(parseDomains(await virsh(some.map((uuid) => `dumpxml ${uuid}`).join('; ')), scope));
  }
  return domains.flat().map((domain) => {
    const { uuid } = domain;
    if (paused?.has(uuid)) return { ...domain, status: 'paused' };
    return saved?.has(uuid) ? { ...domain, status: 'saved' } : domain;
  });
}

/** An argument can have 128 KiB (MAX_ARG_STRLEN, execve(2)), and virsh prints some 10 KiB for each domain. */
const atOnce = 500;

// One per line and nothing else: unreadable output is not an empty list.
function parseUuids(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const uuids = lines.map((line) => parseGuid(line) ?? '');
  if (uuids.includes('')) throw unreadable(text);
  return uuids;
}

function unreadable(text: string): DiscoveryError {
  return new DiscoveryError('PROTOCOL', `virsh printed ${quote(text.slice(0, 80))} for a list of UUIDs`);
}

/** The domains in the output of `virsh dumpxml`; an active one counts as running. Throws a DiscoveryError PROTOCOL. */
export function parseDomains(xml: string, scope: Scope): readonly Domain[] {
  return elementsIn(xml).flatMap((domain): Domain[] => {
    const name = at(domain, 'name')?.text;
    const uuid = parseGuid(at(domain, 'uuid')?.text ?? '');
    if (domain.name !== 'domain' || !name || !uuid) return [];
    const number = Number(domain.attributes.id ?? Number.NaN);
    const id = number > 0 ? number : undefined;
    const cid = machineCid(at(domain, 'devices', 'vsock', 'cid')?.attributes.address);
    return [{ name, uuid, scope, status: id === undefined ? 'off' : 'running', id, cid }];
  });
}

function elementsIn(xml: string): readonly Element[] {
  try {
    return parseXml(xml);
  } catch (error) {
    const problem = `virsh printed XML that cannot be read: ${(error as Error).message}`;
    throw new DiscoveryError('PROTOCOL', problem);
  }
}

const mark = '==vmssh==';

// Of the monolithic daemon and of the modular one (https://libvirt.org/daemons.html). systemd listens on the system's.
function filesOf(scope: Scope, deps: Deps, uid = 0) {
  // As libvirt does without a runtime folder (virGetUserRuntimeDirectory).
  const { HOME = '', XDG_CACHE_HOME: cache = `${HOME}/.cache` } = deps.env;
  const folder = runtimeDirs(deps).find((dir) => dir.scope === scope)?.path ?? cache;
  if (scope === 'user' && !isOwnPath(`${folder}/libvirt`, uid, false)) return { sockets: [], pidFiles: [] };
  const [end, pids] = scope === 'system' ? ['sock-ro', folder] : ['sock', `${folder}/libvirt`];
  return {
    sockets: ['libvirt', 'virtqemud'].map((daemon) => `${folder}/libvirt/${daemon}-${end}`),
    pidFiles: ['libvirtd', 'virtqemud'].map((daemon) => `${pids}/${daemon}.pid`),
  };
}

/** The domains, without CIDs that lead elsewhere from here. QEMU is in the network of its daemon; without its file, that of the system's services. */
async function withOwnCids(
  domains: readonly Domain[],
  pidFiles: readonly string[],
  deps: Deps,
  warn: Warn,
): Promise<readonly Domain[]> {
  const [cid] = domains.flatMap((domain) => domain.cid ?? []);
  const [pid = 1] = pidFiles.flatMap((file) => Number(readTextIfAny(file)) || []);
  if (cid === undefined || (await leadsToItself(cid, { pid }, deps, warn))) return domains;
  return domains.map((domain) => ({ ...domain, cid: undefined }));
}

/**
 * A running domain's IP addresses, IPv4 first: of libvirt's DHCP server, else those that this host has talked to, which
 * the guest chooses; none of this host's own. Throws a DiscoveryError.
 */
export async function domainAddresses(
  { uuid, scope }: { readonly uuid?: string; readonly scope: Scope },
  deps: Deps,
  run: RunTool = runTool,
): Promise<readonly string[]> {
  if (uuid === undefined) return [];
  const { timeoutMs } = deps;
  // For both questions.
  const until = now() + (timeoutMs ?? 0);
  for (const source of ['lease', 'arp']) {
    const args = [
      '--readonly',
      '--quiet',
      '--connect',
      uriOf({ scope }),
      'domifaddr',
      uuid,
      '--source',
      source,
    ];
    const left = { ...deps, timeoutMs: timeoutMs && Math.max(1, until - now()) };
    const said = parseAddresses(await run('virsh', args, left));
    const names = await guestsOnly((isGuests) => said.filter(isGuests), deps);
    if (names.length > 0) return names;
  }
  return [];
}

/** Reads a table whose last column is "192.0.2.7/24"; without addresses that are only local. */
export function parseAddresses(text: string): readonly string[] {
  return text
    .split(/\s+/)
    .flatMap((word) => /^(.+)\/\d+$/.exec(word)?.[1] ?? [])
    .filter(notLocal)
    .toSorted((a, b) => isIP(a) - isIP(b));
}

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  readonly children: readonly Element[];
}

interface OpenElement extends Element {
  text: string;
  readonly children: Element[];
}

/** Reads XML elements one after the other, in linear time. Throws a RangeError if it is not XML, or larger than any list of domains. */
export function parseXml(xml: string): readonly Element[] {
  const root: OpenElement = { name: '', attributes: {}, text: '', children: [] };
  const open: OpenElement[] = [root];
  let count = 0;
  for (const match of xml.matchAll(part)) {
    const [, data, text, closing, name, attributes = '', empty] = match;
    const top = open.at(-1) ?? root;
    const isOutside = top === root && text !== undefined && text.trim() !== '';
    if (isOutside || match[0] === '<')
      throw new RangeError(`no element: ${quote(xml.slice(match.index, match.index + 40))}`);
    top.text += data ?? decode(text ?? '');
    if (name === undefined) continue;
    if (closing) {
      if (top.name !== name || top === root) throw new RangeError(`</${name}> closes no element`);
      open.pop();
      continue;
    }
    const element: OpenElement = { name, attributes: readAttributes(attributes), text: '', children: [] };
    top.children.push(element);
    if (++count > maxElements) throw new RangeError(`more than ${maxElements} elements`);
    if (!empty) open.push(element);
    if (open.length > maxLevels + 1) throw new RangeError(`more than ${maxLevels} levels`);
  }
  if (open.length > 1) throw new RangeError(`<${open.at(-1)?.name}> is not closed`);
  return root.children.map(trimmed);
}

/** A comment, CDATA, a declaration, text, a tag; or a "<" that begins none of these. */
const part =
  /<!--.*?-->|<!\[CDATA\[(.*?)\]\]>|<[?!](?!--|\[CDATA\[)[^>]*>|([^<]+)|<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|</gs;

/** A domain has some 300, of 6 levels. */
const maxElements = 1 << 19;
const maxLevels = 64;

/** The first element below `element` at a path of names. */
export function at(element: Element | undefined, ...path: readonly string[]): Element | undefined {
  return path.reduce<Element | undefined>(
    (each, name) => each?.children.find((child) => child.name === name),
    element,
  );
}

function readAttributes(text: string): Element['attributes'] {
  const attributes = [...text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
  const pairs = attributes.map(([, name = '', double, single = '']) => [name, decode(double ?? single)]);
  return Object.fromEntries(pairs);
}

function decode(text: string): string {
  const reference = /&(?:#x([0-9a-f]+)|#(\d+)|(lt|gt|amp|quot|apos));/gi;
  return text.replace(reference, (_, hex, decimal, name: string) => {
    if (name) return entities[name] ?? '';
    return String.fromCodePoint(Math.min(0x10ffff, hex ? Number.parseInt(hex, 16) : Number(decimal)));
  });
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function trimmed(element: Element): Element {
  return { ...element, text: element.text.trim(), children: element.children.map(trimmed) };
}

export function uriOf({ scope }: { readonly scope: Scope }): string {
  return scope === 'system' ? 'qemu:///system' : 'qemu:///session';
}
