import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const page = 'test/packages/tried.md';
const whole = 'installed, `ssh`, upgraded, `ssh`, removed';
const emulated = 'in a root for arm64, under qemu-user';

/** What each artefact is called, and what a run of the channel has tried on it. */
const rows: readonly { name: RegExp; channel?: string; tried: string }[] = [
  { name: /^vmssh-sshd.*\.(?:deb|gz)$/, tried: 'its programs: in containers, by test/vm/suites/containers/' },
  { name: /_arm64\.deb$/, channel: 'arm64 deb', tried: `${whole}, by apt-get, ${emulated}` },
  { name: /\.aarch64\.rpm$/, channel: 'arm64 rpm', tried: `${whole}, by rpm, ${emulated}` },
  { name: /-linux-arm64\.tar\.gz$/, channel: 'arm64 tar', tried: `${whole}, in /usr/local, ${emulated}` },
  {
    name: /^vmssh-linux-arm64-.*\.tgz$/,
    channel: 'arm64 npm',
    tried: `${whole}, by \`npm install -g vmssh\` from a registry on loopback, ${emulated}`,
  },
  { name: /_amd64\.deb$/, channel: 'deb', tried: `${whole}, by apt-get` },
  { name: /\.x86_64\.rpm$/, channel: 'rpm', tried: `${whole}, by rpm` },
  { name: /-linux-x64\.tar\.gz$/, channel: 'tar', tried: `${whole}, in /usr/local` },
  {
    name: /\.tgz$/,
    channel: 'npm',
    tried: `${whole}, by \`npm install -g vmssh\` from a registry on loopback`,
  },
  { name: /\.zip$/, tried: 'its program: under Wine, by `npm run test:windows`' },
];

/** Writes the table of the artefacts in `folder`. `tried`: the channels whose trials have passed; a row of another one stays as it was. */
export function writeTable(folder: string, tried: ReadonlySet<string>): void {
  const names = readdirSync(folder, { withFileTypes: true }).filter((each) => each.isFile());
  const text = readFileSync(page, 'utf8');
  const lines = names
    .flatMap(({ name }) => {
      const row = rows.find((each) => each.name.test(name));
      if (!row) return [];
      const passed = row.channel === undefined || tried.has(row.channel);
      const before = text.split('\n').find((line) => line.startsWith(`| \`${name}\` |`));
      if (!passed && before) return [before];
      return [`| \`${name}\` | ${sizeOf(join(folder, name))} | ${passed ? row.tried : 'not tried'} |`];
    })
    .sort();
  const manifests =
    '| `winget/`, `scoop/` | | their fields, by test/build/manifests.test.ts; not by their tools |';
  const table = ['| artefact | size | tried |', '| --- | --- | --- |', ...lines, manifests].join('\n');
  writeBetween('artefacts', `${table}\n`);
}

/** Writes that two builds of the commit were equal, in all of so many files. */
export function writeEqual(files: number): void {
  writeBetween('equal', `All ${files} files of two builds of one commit were equal.\n`);
}

function writeBetween(mark: string, lines: string): void {
  const [head = '', rest = ''] = readFileSync(page, 'utf8').split(`<!-- ${mark} -->\n`);
  const [, tail = ''] = rest.split(`<!-- /${mark} -->`);
  writeFileSync(page, `${head}<!-- ${mark} -->\n${lines}<!-- /${mark} -->${tail}`);
}

function sizeOf(path: string): string {
  const bytes = statSync(path).size;
  return bytes < 100_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}
