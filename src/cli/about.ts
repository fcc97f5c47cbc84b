import { type AddonState, loadAddon } from '../base/native.js';
import { isCompiled } from '../base/runtime.js';
import { commit, version } from '../base/version.js';
import { type Envelope, envelope } from './json.js';

export interface About {
  readonly vmssh: string;
  /** In full; null if the sources were no git checkout. */
  readonly commit: string | null;
  readonly engine: { readonly name: 'QuickJS-ng' | 'Node'; readonly version: string };
  /** As Node names them: "linux-x64". */
  readonly platform: string;
  readonly features: readonly Feature[];
}

/** Kinds of sockets that it opens itself; "fd-passing": it hands them to ssh; "native-relay": its bytes pass no JavaScript. */
type Feature = (typeof features)[number];

export const features = ['unix', 'vsock', 'hyper-v', 'fd-passing', 'native-relay'] as const;

/** The output of `vmssh --version --json`. */
export interface VersionJson extends Envelope<'version'>, About {}

interface Runtime {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** With a "v" before it. */
  readonly version: string;
}

/** Without the addon there are only unix sockets, and Node relays. */
export function about(
  { addon }: AddonState = loadAddon(),
  { platform, arch, version: engineVersion }: Runtime = process,
): About {
  const families: readonly string[] = addon?.families ?? [];
  const has: Readonly<Record<Feature, boolean>> = {
    unix: true,
    vsock: families.includes('vsock'),
    'hyper-v': families.includes('hyper-v'),
    'fd-passing': addon !== undefined && platform !== 'win32',
    'native-relay': addon !== undefined,
  };
  return {
    vmssh: version,
    commit,
    engine: { name: isCompiled ? 'QuickJS-ng' : 'Node', version: engineVersion.slice(1) },
    platform: `${platform}-${arch}`,
    features: features.filter((name) => has[name]),
  };
}

export function versionJson(): VersionJson {
  return { ...envelope('version', 0), ...about() };
}
