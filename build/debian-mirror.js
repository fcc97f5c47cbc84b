import { readdirSync, readFileSync } from 'node:fs';

/**
 * The Debian mirror that this machine's own apt uses, so that none is written down here.
 * @param {Readonly<Record<string, string | undefined>>} [env]
 * @param {readonly string[]} [texts] what apt's lists of sources say
 */
export function debianMirror(env = process.env, texts = aptSources()) {
  if (env.VMSSH_TEST_MIRROR) return env.VMSSH_TEST_MIRROR;
  for (const text of texts) {
    const found =
      /^URIs:\s*(\S+\/debian)\/?\s*$/m.exec(text) ?? /^deb\s+(?:\[.*?\]\s+)?(\S+\/debian)\/?\s/m.exec(text);
    if (found?.[1]) return found[1];
  }
  throw new Error(
    'no Debian mirror in this machine’s apt sources\nhint: set VMSSH_TEST_MIRROR to the URL of one',
  );
}

function aptSources(folder = '/etc/apt') {
  const names = ['sources.list', ...list(`${folder}/sources.list.d`).map((name) => `sources.list.d/${name}`)];
  return names.flatMap((name) => {
    try {
      return [readFileSync(`${folder}/${name}`, 'utf8')];
    } catch {
      return [];
    }
  });
}

/** @param {string} folder */
function list(folder) {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
