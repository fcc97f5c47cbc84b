import { machineCid } from '../../address/cid.js';
import { parseGuid } from '../../address/guid.js';
import { DiscoveryError } from '../discovery-error.js';
import type { Deps, Status, Warning } from '../provider.js';
import { exists } from '../tools/exists.js';
import { type RunTool, runTool } from '../tools/run-tool.js';
import { runtimeDirs, type Scope } from '../tools/runtime-dirs.js';
import { at, parseXml } from './xml.js';

/** A domain of libvirt. */
export interface Domain {
  readonly name: string;
  /** In the 8-4-4-4-12 form. */
  readonly uuid: string;
  /** Its id while it is active. */
  readonly id?: number | undefined;
  readonly cid?: number | undefined;
  readonly status: Status;
  readonly scope: Scope;
}

export interface DomainList {
  /** The system's first, then the user's. */
  readonly domains: readonly Domain[];
  readonly warnings: readonly Warning[];
}

export interface LibvirtEffects {
  readonly run: RunTool;
  readonly exists: (path: string) => Promise<boolean>;
  /** The libvirtd of "session"; for root it is the system's. */
  readonly uid: number | undefined;
}

const effects: LibvirtEffects = {
  run: runTool,
  exists,
  get uid() {
    return process.getuid?.();
  },
};

/** The domains of both libvirtds, if they run, by virsh's read-only connection; asking starts none. */
export async function listDomains(
  deps: Deps,
  scopes: readonly Scope[] = ['system', 'user'],
  { run, exists, uid }: LibvirtEffects = effects,
): Promise<DomainList> {
  const warnings: Warning[] = [];
  const domains = await Promise.all(
    scopes.map(async (scope): Promise<readonly Domain[]> => {
      if (scope === 'user' && uid === 0) return [];
      const uri = scope === 'system' ? 'qemu:///system' : 'qemu:///session';
      const sockets = socketsOf(scope, deps, uid);
      if (!(await Promise.all(sockets.map(exists))).includes(true)) return [];
      try {
        return await ask(uri, scope, deps, run);
      } catch (error) {
        if (!(error instanceof DiscoveryError)) throw error;
        const hint = error.code === 'ENOENT' ? ', it comes with libvirt-clients' : '';
        warnings.push({ provider: 'libvirt', code: error.code, problem: `${uri}: ${error.message}${hint}` });
        return [];
      }
    }),
  );
  return { domains: domains.flat().sort(bySystemFirst), warnings };
}

/** All domains of one connection with few calls of virsh: one for the list, one for each few hundred domains. */
export async function ask(
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
  return new DiscoveryError(
    'PROTOCOL',
    `virsh printed ${JSON.stringify(text.slice(0, 80))} for a list of UUIDs`,
  );
}

/** The domains in the output of `virsh dumpxml`; an active one counts as running. Throws a DiscoveryError PROTOCOL. */
export function parseDomains(xml: string, scope: Scope): readonly Domain[] {
  const elements = (() => {
    try {
      return parseXml(xml);
    } catch (error) {
      throw new DiscoveryError(
        'PROTOCOL',
        `virsh printed XML that cannot be read: ${(error as Error).message}`,
      );
    }
  })();
  return elements
    .filter(({ name }) => name === 'domain')
    .flatMap((domain): Domain[] => {
      const name = at(domain, 'name')?.text;
      const uuid = parseGuid(at(domain, 'uuid')?.text ?? '');
      if (!name || !uuid) return [];
      const id = Number(domain.attributes.id ?? Number.NaN);
      return [
        {
          name,
          uuid,
          scope,
          status: id > 0 ? 'running' : 'off',
          id: id > 0 ? id : undefined,
          cid: machineCid(at(domain, 'devices', 'vsock', 'cid')?.attributes.address),
        },
      ];
    });
}

const mark = '==vmssh==';

function bySystemFirst(a: Domain, b: Domain): number {
  return Number(a.scope === 'user') - Number(b.scope === 'user');
}

// Of the monolithic daemon and of the modular one (https://libvirt.org/daemons.html). systemd listens on the system's.
function socketsOf(scope: Scope, deps: Deps, uid: number | undefined): readonly string[] {
  const names =
    scope === 'system' ? ['libvirt-sock-ro', 'virtqemud-sock-ro'] : ['libvirt-sock', 'virtqemud-sock'];
  const folder =
    scope === 'system'
      ? `${deps.runDir ?? '/run'}/libvirt`
      : `${runtimeDirs(deps).find((dir) => dir.scope === 'user')?.path ?? `/run/user/${uid}`}/libvirt`;
  return names.map((name) => `${folder}/${name}`);
}
