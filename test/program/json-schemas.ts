import { z } from 'zod';
import { noBannerReasons } from '../../src/base/errors.js';
import { stageNames } from '../../src/checks/result.js';
import { features, type VersionJson } from '../../src/cli/about.js';
import type { FailedJson } from '../../src/cli/json.js';
import type { CheckJson } from '../../src/commands/check/check.js';
import type { DoctorJson } from '../../src/commands/doctor/checks.js';
import type { ForwardListJson } from '../../src/commands/forward/installed.js';
import type { ForwardJson } from '../../src/commands/forward/report.js';
import type { GuestCheckJson } from '../../src/commands/guest/check.js';
import type { GuestCredentialsJson } from '../../src/commands/guest/credentials.js';
import type { SetupJson } from '../../src/commands/guest/setup.js';
import type { ListJson } from '../../src/commands/list/output.js';
import type { SourceListJson } from '../../src/commands/source/source.js';
import type { ServiceListJson } from '../../src/commands/windows/service.js';
import { hypervisors } from '../../src/guest/credentials.js';
import type { Target } from '../../src/kinds/kinds.js';
import { routeNames } from '../../src/typed/route.js';

const envelope = <Name extends string>(...commands: readonly [Name, ...Name[]]) => ({
  version: z.literal(1),
  command: z.literal(commands),
  ok: z.boolean(),
  exitCode: z.int().min(0).max(255),
});

const failure = z
  .strictObject({
    op: z
      .enum(['parse', 'resolve', 'connect', 'handshake', 'relay'])
      .optional()
      .describe('the step that failed'),
    target: z.string().optional(),
    code: z.string().describe("an errno's name, or one of docs/reference/errors.md"),
    problem: z.string(),
    hint: z.string().optional().describe('what fixes it'),
    reason: z.enum(noBannerReasons).optional().describe('of NO_BANNER: why no SSH banner came'),
  })
  .meta({ id: 'failure', description: 'why it failed' });

const stage = z
  .strictObject({
    stage: z.enum(stageNames),
    ms: z.number().min(0),
    found: z.string(),
  })
  .meta({ id: 'stage', description: 'a stage that was passed' });

const routeName = z.enum(routeNames).describe('docs/routes.md');

const finding = z
  .strictObject({
    name: z.string(),
    state: z
      .enum(['ok', 'changed', 'skipped', 'failed'])
      .describe('"skipped": it does not matter here, or cannot be seen'),
    found: z.string(),
    fix: z.string().optional().describe('inside a guest a command to paste there, as root'),
    hint: z.string().optional().describe('inside a guest what to do there, in words'),
    by: z.enum(['guest']).optional().describe("in a guest's own words, which may be anything"),
  })
  .meta({ id: 'finding', description: 'what was looked at' });

const machine = z
  .strictObject({
    status: z
      .enum(['running', 'starting', 'stopping', 'paused', 'saved', 'off', 'unknown'])
      .describe('"unknown": traces of a machine that may be gone'),
    name: z.string().describe('as its manager has it; names need not be unique'),
    ids: z.array(z.string()).optional().describe('what else it can be called'),
    slug: z.string().describe('the name as ssh takes it for a host; may be empty'),
    sshName: z
      .string()
      .nullable()
      .describe('its Host, by which ssh knows it after vmssh config install; null if it has none'),
    target: z.string().describe('what to type after ssh'),
    provider: z.string().describe('who knows it'),
    part: z.string().optional().describe('the part of its manager that has it'),
    also: z.array(z.string()).describe('targets of the same machine by other sources'),
    cid: z.int().min(0).max(0xfffffffe).optional().describe('its vsock CID'),
    uuid: z.string().optional().describe('in the 8-4-4-4-12 form; a machine id of systemd too'),
    address: z
      .string()
      .optional()
      .describe('where its SSH server is: vsock/42, vsock-mux/PATH, an IP address, HOST:PORT'),
    routes: z
      .array(
        z.discriminatedUnion('route', [
          z.strictObject({
            route: z.enum(['export', 'vsock', 'vsock-mux', 'hyper-v', 'ip']),
            address: z.string(),
          }),
          z.strictObject({ route: z.literal('exec'), command: z.array(z.string()) }),
        ]),
      )
      .describe('how it is reached, best first; an IP address after the first only with --route ip'),
    user: z.string().optional().describe('the user that its manager made for logging in'),
    identityFile: z.string().optional().describe('the private key that its manager made for logging in'),
    container: z
      .strictObject({
        id: z.string().describe('64 hexadecimal digits'),
        labels: z.record(z.string(), z.string()),
      })
      .optional()
      .describe('what Podman or Docker knows of its container besides'),
    authority: z
      .enum(['user', 'other'])
      .optional()
      .describe(
        "whose word its name, UUID and CID are: this user's (user), or another user's, a cluster's or a container's (other); absent: root's or a system user's",
      ),
    via: z.string().optional().describe('the hypervisor that has it, with vmssh list --via'),
  })
  .meta({ id: 'machine', description: 'a machine' });

const warning = z
  .strictObject({
    provider: z.string(),
    code: z
      .string()
      .describe(
        "an errno's name, a service's error name, FAILED, PROTOCOL, TIMEOUT, CLOSED, UNTRUSTED, FOREIGN, LINK, INCOMPLETE, NOT_LISTED, ADDRESS_TWICE, TWICE, LEFT_OUT, TOO_LONG or TOO_MANY",
      ),
    problem: z.string(),
    machine: z
      .string()
      .optional()
      .describe(
        'the name of the only machine that could not be asked; absent: it may be about any machine of the source',
      ),
  })
  .meta({ id: 'warning', description: 'what could not be asked, or is wrong' });

export const listSchema = z
  .strictObject({
    ...envelope('list'),
    machines: z.array(machine),
    warnings: z.array(warning),
    errors: z
      .array(failure)
      .describe(
        'for each name that no machine has, or several have, and each hypervisor that did not answer',
      ),
  })
  .describe('vmssh list --json');

const port = z.int().min(0).max(0xffffffff);
const path = { path: z.string(), decodedPath: z.string().optional() };
const scopes = z.enum(['any', 'system', 'session']);
/** The kinds whose targets have a name and no more. */
const named = z.enum([
  ...(['machine', 'container', 'wsl', 'firecracker', 'cloud-hypervisor', 'lima'] as const),
  ...(['incus', 'multipass', 'podman', 'docker', 'kubevirt', 'kubectl'] as const),
]);

const target = z
  .union([
    z
      .strictObject({ kind: z.literal('outside'), source: z.string(), name: z.string() })
      .describe('a machine of a source of the user or of root'),
    z.strictObject({
      kind: z.literal('via'),
      host: z.string(),
      target: z.string().describe('as it is typed on that host'),
      inner: z.object({ kind: z.string() }).optional().describe('the same, understood; absent for a name'),
    }),
    z.strictObject({ kind: z.literal('unix'), ...path }),
    z.strictObject({ kind: z.literal('vsock'), cid: z.int(), port: port.optional() }),
    z.strictObject({ kind: z.literal('vsock-mux'), ...path, port: port.optional() }),
    z.strictObject({ kind: z.literal('hyper-v'), name: z.string() }),
    z.strictObject({ kind: z.literal('hyper-v'), vmId: z.string() }),
    z.strictObject({ kind: z.literal('hvsock'), vmId: z.string(), serviceId: z.string() }),
    z.strictObject({ kind: z.literal('qemu'), scope: scopes, name: z.string() }),
    z.strictObject({ kind: named, name: z.string() }),
  ])
  .meta({ id: 'target', description: 'the target, understood' });

const otherPath = z.string().optional().describe('the other reading of the path');

const via = z.strictObject({
  family: z.literal('via'),
  host: z.string(),
  target: z.string(),
  port,
  get at() {
    return z
      .union([
        z.strictObject({ family: z.literal('unix'), path: z.string(), otherPath }),
        z.strictObject({ family: z.literal('vsock'), cid: z.int(), port }),
        z.strictObject({ family: z.literal('vsock-mux'), path: z.string(), otherPath, port }),
        via,
      ])
      .optional();
  },
});

const endpoint = z
  .union([
    via,
    z.strictObject({ family: z.literal('unix'), path: z.string() }),
    z.strictObject({ family: z.literal('vsock'), cid: z.int(), port }),
    z.strictObject({ family: z.literal('vsock-mux'), path: z.string(), port }),
    z.strictObject({ family: z.literal('tcp'), host: z.string(), port }),
    z.strictObject({
      family: z.literal('exec'),
      command: z.array(z.string()).describe('the program whose stdin and stdout are the connection'),
      machine: z.string(),
      into: z
        .enum(['shell', 'port', 'ssh'])
        .describe('whether it starts sshd in a shell there, or is connected to the port'),
      port,
    }),
    z.strictObject({ family: z.literal('hyper-v'), vmId: z.string(), serviceId: z.string() }),
  ])
  .meta({ id: 'endpoint', description: 'the socket that would be opened' });

const checkedRoute = z
  .strictObject({
    route: routeName,
    address: z.string().optional().describe('the endpoint as a literal target'),
    endpoint: endpoint.optional(),
    steps: z.array(z.string()).optional().describe('how it was found out'),
    state: z.enum(['ok', 'failed', 'skipped']).describe('"skipped": it was not tried'),
    found: z.string().describe('its banner, why it failed, or what it costs and needs'),
  })
  .meta({ id: 'checkedRoute', description: 'a route of a machine, and what came of it' });

export const checkSchema = z
  .strictObject({
    ...envelope('check'),
    results: z.array(
      z.strictObject({
        target: z.string().describe('as it was typed'),
        ok: z.boolean(),
        exitCode: z.int().min(0).max(255),
        parsed: target.optional(),
        address: z.string().optional().describe('the endpoint as a literal target: vsock:3:22'),
        endpoint: endpoint.optional(),
        steps: z.array(z.string()).optional().describe('how it was found out'),
        user: z.string().optional().describe('who logs in'),
        identityFile: z.string().optional(),
        stages: z.array(stage),
        routes: z.array(checkedRoute).optional().describe('best first'),
        error: failure.optional(),
        checks: z.array(finding),
        suspects: z
          .array(z.strictObject({ name: z.string(), title: z.string(), fix: z.string() }))
          .describe('what it may be, the likeliest first, if nobody could look from inside'),
        guest: z
          .strictObject({ checks: z.array(finding), error: failure.optional() })
          .optional()
          .describe('what was found inside the guest'),
      }),
    ),
  })
  .describe('vmssh check --json');

export const doctorSchema = z
  .strictObject({ ...envelope('doctor'), checks: z.array(finding) })
  .describe('vmssh doctor --json');

export const guestCheckSchema = z
  .strictObject({ ...envelope('guest check'), checks: z.array(finding) })
  .describe('vmssh guest check --json');

export const setupSchema = z
  .strictObject({
    ...envelope('setup'),
    machines: z.array(
      z.strictObject({
        name: z.string().describe('as typed'),
        target: z.string(),
        host: z.string().optional().describe('what to type after ssh'),
        user: z.string().optional(),
        steps: z.array(finding),
        lines: z.string().optional().describe('with --no-config: the lines for ssh'),
      }),
    ),
  })
  .describe('vmssh setup --json');

export const guestCredentialsSchema = z
  .strictObject({
    ...envelope('guest credentials'),
    name: z.string(),
    for: z.enum(hypervisors),
    arguments: z.array(z.string()).optional().describe("for the hypervisor's command line"),
    text: z.string().describe('what is printed without --json'),
    hasPrivateKey: z.boolean().describe('whether the private host key is in the text'),
    notes: z.array(z.string()),
    hostKey: z.strictObject({ type: z.string(), fingerprint: z.string() }),
    logins: z.array(z.string()).describe('the public keys that may log in'),
    identityFile: z.string().optional().describe('the private login key, if it was made'),
    folder: z.string().describe('where the keys are'),
  })
  .describe('vmssh guest credentials --json');

export const serviceListSchema = z
  .strictObject({
    ...envelope('service list'),
    services: z.array(
      z.strictObject({ id: z.string(), port: port.optional(), name: z.string() }).describe('a service'),
    ),
  })
  .describe('vmssh service list --json');

export const sourceListSchema = z
  .strictObject({
    ...envelope('source list'),
    sources: z.array(
      z
        .strictObject({
          name: z.string(),
          state: z.enum(['available', 'added', 'own']),
          about: z.string().describe('what it lists; of an own one its command'),
        })
        .describe('a source'),
    ),
  })
  .describe('vmssh source list --json');

const tcp = { host: z.string(), port: z.int().min(1).max(65535) };

const local = [z.strictObject(tcp), z.strictObject({ path: z.string() })] as const;

export const forwardSchema = z
  .union([
    z.strictObject({
      ...envelope('forward'),
      event: z.literal('listening'),
      listener: z
        .union([...local, z.strictObject({ port })])
        .describe(
          'with --reverse the vsock port of this host, or the path of the socket beside the multiplexer',
        ),
      target: z.string(),
      port: port.describe("the machine's; with --reverse this host's"),
      local: z.union(local).optional().describe('with --reverse: where the connections go'),
    }),
    z.strictObject({
      ...envelope('forward'),
      event: z.literal('closed'),
      from: z.strictObject(tcp).optional().describe('the client; absent at a unix socket'),
      ms: z.number().min(0),
      sent: z.int().optional().describe('bytes to the machine; with --reverse to LOCAL'),
      received: z.int().optional().describe('bytes from the machine; with --reverse from LOCAL'),
      end: z
        .enum(['both', 'client', 'stopped', 'failed'])
        .describe('both sides ended; the client closed; vmssh was stopped; it failed'),
      error: failure.optional(),
    }),
  ])
  .describe('a line of vmssh forward --json');

export const forwardListSchema = z
  .strictObject({
    ...envelope('forward'),
    installed: z.array(
      z
        .strictObject({
          unit: z.string().describe("of the user's systemd"),
          listener: z.union(local),
          target: z.string(),
          port: port.describe("the machine's"),
          listening: z
            .boolean()
            .optional()
            .describe(
              'whether a program of this user listens there, as systemd does; absent if that cannot be seen',
            ),
        })
        .meta({ id: 'installedForward', description: 'what vmssh forward --install made' }),
    ),
  })
  .describe('vmssh forward --list --json');

export const versionSchema = z
  .strictObject({
    ...envelope('version'),
    vmssh: z.string().describe('its version'),
    commit: z.string().nullable().describe('that it was built from, in full; null if that is not known'),
    engine: z.strictObject({ name: z.enum(['QuickJS-ng', 'Node']), version: z.string() }),
    platform: z.string().describe('linux-x64, win32-x64 …'),
    features: z.array(z.enum(features)).describe('what this build can do on this system'),
  })
  .describe('vmssh --version --json');

export const failedSchema = z
  .strictObject({
    version: z.literal(1),
    command: z.string(),
    ok: z.literal(false),
    exitCode: z.int().min(1).max(255),
    error: failure,
  })
  .describe('a command that failed before it had a result');

const all = [
  ...[listSchema, checkSchema, doctorSchema, guestCheckSchema],
  ...[setupSchema, guestCredentialsSchema, serviceListSchema, sourceListSchema],
  ...[forwardSchema, forwardListSchema, versionSchema, failedSchema],
] as const;

/** The JSON Schema of docs/: it allows more fields, since a later vmssh may add some. */
export function jsonSchema(): unknown {
  const strict = JSON.stringify(z.toJSONSchema(z.union(all).describe('what vmssh prints with --json')));
  return JSON.parse(strict, (key, value) => (key === 'additionalProperties' ? undefined : value));
}

// The program's own types and the schemas say the same.
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : Differing<A, B>) : Differing<A, B>;
// Named in the error of the type checker.
type Differing<A, B> = {
  'the schema differs in': {
    [K in keyof A & keyof B]: [A[K], B[K]] extends [B[K], A[K]] ? never : K;
  }[keyof A & keyof B];
};
type Has<A, B> = [B] extends [A] ? true : { 'there is no schema for': Exclude<B, A> };
type Plain<T> = T extends string
  ? T extends object
    ? string
    : T
  : T extends object
    ? { -readonly [K in keyof T]: Plain<Exclude<T[K], undefined>> }
    : T;
type Matches<Json, Schema extends z.ZodType> = Same<Plain<Json>, Plain<z.infer<Schema>>>;
export const same: readonly true[] = [
  true satisfies Has<z.infer<typeof target>['kind'], Target['kind']>,
  true satisfies Matches<ListJson, typeof listSchema>,
  true satisfies Matches<CheckJson, typeof checkSchema>,
  true satisfies Matches<DoctorJson, typeof doctorSchema>,
  true satisfies Matches<GuestCheckJson, typeof guestCheckSchema>,
  true satisfies Matches<SetupJson, typeof setupSchema>,
  true satisfies Matches<GuestCredentialsJson, typeof guestCredentialsSchema>,
  true satisfies Matches<ServiceListJson, typeof serviceListSchema>,
  true satisfies Matches<SourceListJson, typeof sourceListSchema>,
  true satisfies Matches<ForwardJson, typeof forwardSchema>,
  true satisfies Matches<ForwardListJson, typeof forwardListSchema>,
  true satisfies Matches<VersionJson, typeof versionSchema>,
  true satisfies Matches<FailedJson, typeof failedSchema>,
];
