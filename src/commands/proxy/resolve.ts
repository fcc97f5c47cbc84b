import type { Command } from '../../cli/command.js';
import { type Envelope, envelope, formatJson, jsonOption } from '../../cli/json.js';
import { givenPort, portOption } from '../../cli/port-option.js';
import { runOverInterop, windowsVmssh } from '../../cli/reach/over-interop.js';
import { behindVia, routesOption, viaOption } from '../../cli/shared-options.js';
import { portArgument, positionals } from '../../cli/values.js';
import { type Endpoint, formatEndpoint } from '../../endpoint.js';
import { exitCode, printable } from '../../errors.js';
import type { Target } from '../../kinds/kinds.js';
import { resolveTarget } from '../../kinds/kinds.js';
import { findTarget } from '../../lookup/find-target.js';
import { type Route, type RouteName, routeFacts } from '../../route.js';
import { allRoutes, chosenRoutes } from '../../routes/plan.js';

export interface ResolveCommandOptions {
  readonly text: string;
  /** Undefined: the port of an ssh:// form, or 22. */
  readonly port: number | undefined;
  readonly routes?: readonly RouteName[] | undefined;
  readonly json: boolean;
}

/** The output of `vmssh resolve --json`. */
export interface ResolveJson extends Envelope<'resolve'> {
  readonly typed: string;
  readonly target: Target;
  /** The endpoint as a literal target. */
  readonly address: string;
  readonly endpoint: Endpoint;
  /** How it was found. */
  readonly steps: readonly string[];
  /** All routes, best first; the endpoint is that of the first. */
  readonly routes: readonly RouteJson[];
  readonly user?: string | undefined;
  readonly identityFile?: string | undefined;
}

export interface RouteJson {
  readonly route: RouteName;
  /** The endpoint as a literal target. */
  readonly address: string;
  readonly endpoint: Endpoint;
  readonly steps: readonly string[];
  readonly costs: string;
  readonly needs: string;
}

/** vmssh resolve TARGET [PORT]: what a target would connect to, and how that was found. Opens nothing. */
export const resolveCommand: Command<ResolveCommandOptions> = {
  name: 'resolve',
  summary: 'show what a target connects to, and how it was found',
  usage: 'TARGET [PORT]',
  options: [portOption, viaOption, routesOption, jsonOption],
  examples: [
    { line: 'vmssh resolve mint', about: 'which machine is this, and how is it reached?' },
    { line: 'vmssh resolve machine/web', about: 'ask systemd-machined' },
    { line: 'vmssh resolve --json unix%run%host.sock', about: 'for scripts' },
  ],

  parse(raw) {
    const [text = '', after] = positionals(raw, 1, 2, 'TARGET [PORT]');
    return {
      text: behindVia(raw, text),
      port: givenPort(raw, after),
      routes: routesOption.read(raw),
      json: jsonOption.read(raw),
    };
  },

  async run({ text: typed, port: given, routes: chosen, json }, io) {
    const { text, target, machine, ...login } = await findTarget(typed, io);
    const port = given ?? portArgument(login.port);
    const windows = windowsVmssh(target, io);
    if (windows !== undefined) {
      const route = chosen ? [`--route=${chosen.join(',')}`] : [];
      const args = ['resolve', ...(json ? ['--json'] : []), ...route, '--', text, String(port)];
      return runOverInterop(windows, args, text);
    }
    const { env, platform } = io;
    const resolution = await resolveTarget(target, { text, port, routes: chosen, env, platform });
    const { identityFile, user } = resolution;
    const routes = await (chosen ? chosenRoutes(resolution, chosen, text) : allRoutes(resolution));
    const { endpoint, steps } = routes[0] ?? resolution;
    const address = formatEndpoint(endpoint);
    if (json) {
      const found = {
        typed,
        target,
        address,
        endpoint,
        steps,
        routes: routes.map(routeJson),
        user,
        identityFile,
      };
      const result: ResolveJson = { ...envelope('resolve', exitCode.ok), ...found };
      io.out(formatJson(result));
      return exitCode.ok;
    }
    const named = machine ? [`${machine.name} of ${machine.provider} is ${text}`] : [];
    const how = [
      ...named,
      ...steps,
      ...(identityFile === undefined ? [] : [`its private key is ${identityFile}`]),
      ...routes.slice(1).map((each) => `other route: ${each.name}, ${formatEndpoint(each.endpoint)}`),
      ...(resolution.ip && !chosen ? [`other route: ip, ${routeFacts.ip.needs}`] : []),
    ];
    io.out([printable(address), ...how.map((step) => `  ${printable(step)}`), ''].join('\n'));
    return exitCode.ok;
  },
};

function routeJson({ name, endpoint, steps }: Route): RouteJson {
  return { route: name, address: formatEndpoint(endpoint), endpoint, steps, ...routeFacts[name] };
}
