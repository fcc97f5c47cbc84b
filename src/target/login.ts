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
  const [, host, port] = /^(?!(?:unix|vsock|vsock-mux|hvsock):)(.*):(\d+)$/is.exec(login.host) ?? [];
  return host === undefined ? login : { ...login, host, port };
}
