export type Environment = Record<string, string | undefined>;

/** process.env of "NAME=value" each. Windows asks for a name in whatever case, and keeps the one that it was given. */
export function environmentOf(pairs: readonly string[], platform: NodeJS.Platform): Environment {
  // Without a prototype: a variable may be called "__proto__".
  const own: Environment = Object.create(null);
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at > 0) own[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return platform === 'win32' ? new Proxy(own, ignoringCase) : own;
}

const ignoringCase: ProxyHandler<Environment> = {
  get: (own, name) => own[known(own, name)],
  has: (own, name) => known(own, name) in own,
  set(own, name, value) {
    own[known(own, name)] = String(value);
    return true;
  },
  deleteProperty: (own, name) => delete own[known(own, name)],
  getOwnPropertyDescriptor: (own, name) => Object.getOwnPropertyDescriptor(own, known(own, name)),
};

function known(own: Environment, name: string | symbol): string {
  const wanted = String(name);
  if (wanted in own) return wanted;
  const upper = wanted.toUpperCase();
  return Object.keys(own).find((each) => each.toUpperCase() === upper) ?? wanted;
}
