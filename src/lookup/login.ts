import { kinds } from '../kinds/kinds.js';
import { split } from '../target/text.js';

/** A typed login: the machine, and the optional user and port around it. */
export interface Login {
  readonly user: string | undefined;
  /** A target, or a machine's name. */
  readonly host: string;
  /** As typed, unchecked. */
  readonly port: string | undefined;
}

/** "[user@]HOST": a "/", "%" or ":" before the "@" belongs to a target. */
export function splitUser(text: string): Login {
  const [, user, host = text] = /^([^@/%:]+)@(.*)$/s.exec(text) ?? [];
  return { user, host, port: undefined };
}

/** "[user@]HOST", or "ssh://[user@]HOST[:PORT]" as in ssh(1); literal targets keep their colons. */
export function splitLogin(text: string): Login {
  const [, uri] = /^ssh:\/\/(.*?)\/?$/is.exec(text) ?? [];
  if (uri === undefined) return splitUser(text);
  const login = splitUser(uri);
  const [, host, port] = /^(.*):(\d+)$/s.exec(login.host) ?? [];
  return host === undefined || isLiteral(login.host) ? login : { ...login, host, port };
}

/** An address that itself contains colons, "vsock:3:5000". */
function isLiteral(host: string): boolean {
  const { word, separator } = split(host);
  const kind = kinds.find(({ name }) => name === word);
  return separator === ':' && kind !== undefined && kind.rest !== 'name' && kind.separators.includes(':');
}
