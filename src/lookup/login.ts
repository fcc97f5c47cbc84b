import { kinds } from '../kinds/kinds.js';
import { split } from '../target/split.js';

/** What was typed for a login: the machine, and what may stand around it. */
export interface Login {
  readonly user: string | undefined;
  /** A target, or a machine's name. */
  readonly host: string;
  /** As it stands there; not checked. */
  readonly port: string | undefined;
}

/** "[user@]HOST": a "/", "%" or ":" in front of the "@" belongs to a target. */
export function splitUser(text: string): Login {
  const [, user, host = text] = /^([^@/%:]+)@(.*)$/s.exec(text) ?? [];
  return { user, host, port: undefined };
}

/** "[user@]HOST", or "ssh://[user@]HOST[:PORT]" as ssh(1) has it; the literal forms keep their colons. */
export function splitLogin(text: string): Login {
  const [, uri] = /^ssh:\/\/(.*?)\/?$/is.exec(text) ?? [];
  if (uri === undefined) return splitUser(text);
  const login = splitUser(uri);
  const [, host, port] = /^(.*):(\d+)$/s.exec(login.host) ?? [];
  return host === undefined || isLiteral(login.host) ? login : { ...login, host, port };
}

/** An address with colons of its own, "vsock:3:5000". */
function isLiteral(host: string): boolean {
  const { word, separator } = split(host);
  const kind = kinds.find(({ name }) => name === word);
  return separator === ':' && kind !== undefined && kind.rest !== 'name' && kind.separators.includes(':');
}
