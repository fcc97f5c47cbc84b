import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askLibvirt, listDomains, parseDomains, parseXml } from '../../../src/sources/libvirt/libvirt.js';
import { discoveredDomains } from '../../../src/sources/libvirt/source.js';
import { DiscoveryError } from '../../../src/sources/source.js';
import type { RunTool } from '../../../src/sources/tools/run-tool.js';
import { missingPrograms } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { fixture } from '../fixture.js';

const plain = '21111111-2222-4333-8444-555555555555';
const mint = '11111111-2222-4333-8444-555555555555';

/** Answers as virsh did while its domain was in a state. */
const virsh =
  (lists: string): RunTool =>
  async (_program, args) =>
    fixture(args.at(-1)?.startsWith('list') ? `virsh/${lists}.txt` : 'virsh/libvirt9.0.0-dumpxml.txt');

const dir = useTempDir();
/** Whose the folders of these tests are, and never root. */
const uid = process.getuid?.() || 1000;

describe('domains', () => {
  it.each([
    { lists: 'libvirt9.0.0-lists', status: 'running' },
    { lists: 'libvirt9.0.0-lists-paused', status: 'paused' },
    { lists: 'libvirt9.0.0-lists-saved', status: 'saved' },
  ])('are listed by two calls, as recorded: one is $status', async ({ lists, status }) => {
    const domains = await askLibvirt('qemu:///session', 'user', { env: {} }, virsh(lists));
    expect(domains).toEqual([
      { name: 'plain', uuid: plain, id: 4, status, scope: 'user' },
      { name: 'Mint 22', uuid: mint, cid: 42, status: 'off', scope: 'user' },
    ]);
  });

  it('are read from XML by their elements, not by text in their descriptions', () => {
    expect(parseDomains(fixture('virsh/libvirt9.0.0-test-driver-dumpxml.txt'), 'system')).toMatchObject([
      { name: 'mint', id: 1, cid: 42, status: 'running' },
      { name: 'my vm & "co"', id: 2, cid: 43, status: 'running' },
    ]);
  });

  it('are more than one command line can name', async () => {
    const script = `#!/bin/sh
case "$5" in
list*) seq -f '%08.0f-2222-4333-8444-555555555555' 5000; printf '==vmssh====vmssh==' ;;
dumpxml*) echo "$5" | tr -d ' ' | tr ';' '\\n' | sed 's,^dumpxml\\(.*\\)$,<domain><name>\\1</name><uuid>\\1</uuid></domain>,' ;;
esac
`;
    writeFileSync(join(dir, 'virsh'), script, { mode: 0o755 });
    const env = { PATH: `${dir}:${process.env.PATH}` };
    const domains = await askLibvirt('qemu:///system', 'system', { env });
    expect(new Set(domains.map(({ name }) => name)).size).toBe(5000);
  });

  it.each(['', 'hello\n', `${mint}\nhello\n==vmssh====vmssh==`, `${mint}\n`])(
    'are not a list if virsh prints %j',
    async (printed) => {
      const asked = askLibvirt('qemu:///system', 'system', { env: {} }, async () => printed);
      await expect(asked).rejects.toMatchObject({ name: 'DiscoveryError', code: 'PROTOCOL' });
    },
  );

  it('cannot be read from a broken answer', () => {
    expect(() => parseDomains('hello', 'system')).toThrow(DiscoveryError);
    expect(() => parseDomains('<domain><name>a</domain>', 'system')).toThrow(DiscoveryError);
  });

  const exists = async () => true;
  it('of a libvirtd that does not run are not asked for, so that none is started', async () => {
    const run = () => Promise.reject(new Error('asked'));
    const result = await listDomains({ env: {} }, undefined, { run, exists: async () => false, uid });
    expect(result).toEqual({ domains: [], warnings: [] });
  });

  it("of the user's libvirtd that has ended are off or saved, as its files say", async () => {
    const folder = join(dir, '.config/libvirt/qemu');
    const [saves, runs] = [join(folder, 'save'), join(dir, 'run/libvirt/qemu/run')];
    for (const each of [saves, runs]) mkdirSync(each, { recursive: true });
    chownSync(folder, uid, process.getgid?.() ?? 0);
    for (const name of ['a', 'b', 'c']) {
      const xml = `<domain type='kvm'><name>${name}</name><uuid>${mint.replace('1', name)}</uuid></domain>`;
      writeFileSync(join(folder, `${name}.xml`), `<!--\nWARNING: AUTO-GENERATED\n-->\n\n${xml}\n`);
    }
    writeFileSync(join(saves, 'b.save'), '');
    // Of one that was killed.
    writeFileSync(join(runs, 'c.xml'), '');
    const run = () => Promise.reject(new Error('asked'));
    const env = { HOME: dir, XDG_RUNTIME_DIR: join(dir, 'run') };
    const found = await listDomains({ env }, ['user'], { run, exists: async () => false, uid });
    expect(found).toMatchObject({
      domains: [
        { name: 'a', status: 'off' },
        { name: 'b', status: 'saved' },
      ],
      warnings: [],
    });
  });

  it("of the user's own libvirtd are looked for where virsh does if nobody else can be there, and never for root", async () => {
    const theirs = join(dir, 'theirs/libvirt');
    mkdirSync(theirs, { recursive: true });
    chmodSync(theirs, 0o777);
    const looked: string[] = [];
    const effects = { run: virsh(''), exists: async (path: string) => looked.push(path) < 0, uid };
    await listDomains({ env: { XDG_RUNTIME_DIR: '/run/user/5' } }, ['user'], effects);
    await listDomains({ env: { HOME: dir } }, ['user'], effects);
    await listDomains({ env: { HOME: dir, XDG_CACHE_HOME: dirname(theirs) } }, ['user'], effects);
    await listDomains({ env: { HOME: dir } }, ['user'], { ...effects, uid: 0 });
    expect(looked).toEqual([
      ...['/run/user/5/libvirt/libvirt-sock', '/run/user/5/libvirt/virtqemud-sock'],
      ...['libvirt', 'virtqemud'].map((daemon) => `${dir}/.cache/libvirt/${daemon}-sock`),
    ]);
  });

  it('of a libvirtd that fails are replaced by a warning, without hiding the other', async () => {
    const run: RunTool = async (program, args, deps) => {
      if (args.includes('qemu:///system')) throw new DiscoveryError('FAILED', 'virsh: no');
      return virsh('libvirt9.0.0-lists')(program, args, deps);
    };
    const result = await listDomains({ env: { HOME: dir } }, undefined, { run, exists, uid });
    expect(result.domains).toHaveLength(2);
    const warning = { provider: 'libvirt', code: 'FAILED', problem: 'qemu:///system: virsh: no' };
    expect(result.warnings).toEqual([warning]);
  });

  it('with the same name in both libvirtds are distinguished', () => {
    const domain = { name: 'a', uuid: mint, status: 'running', scope: 'system' } as const;
    const other = { ...domain, uuid: plain, scope: 'user' } as const;
    const all = [domain, other];
    expect(discoveredDomains(all)).toMatchObject([
      { target: 'qemu:system/a', part: 'system' },
      { target: 'qemu:session/a', part: 'session' },
    ]);
    expect(discoveredDomains([{ ...domain, name: 'a/b' }])).toMatchObject([{ target: `qemu/${mint}` }]);
  });

  it.skipIf(missingPrograms({ virsh: 'libvirt-clients' }))('are asked of the real virsh', async () => {
    const [domain] = await askLibvirt('test:///default', 'system', { env: process.env, timeoutMs: 20_000 });
    expect(domain).toMatchObject({ name: 'test', id: 1, status: 'running', scope: 'system' });
  });
});

describe('XML', () => {
  const a = { name: 'a', attributes: {}, text: '', children: [] };
  it.each([
    { input: '<a b=\'1\' c="&lt;2&#x33;"/>', want: [{ ...a, attributes: { b: '1', c: '<23' } }] },
    {
      input: '<?xml version="1.0"?><!-- <a> --><a>x &amp; y<![CDATA[<z>]]></a>',
      want: [{ ...a, text: 'x & y<z>' }],
    },
    { input: '', want: [] },
  ])('$input', ({ input, want }) => expect(parseXml(input)).toEqual(want));

  it.each(['<a>', '</a>', '<a><b></a></b>'])('%s does not fit together', (input) => {
    expect(() => parseXml(input)).toThrow(RangeError);
  });

  const unfinished = ['<', '<a', '<a b=c/>', '<!--', '<![CDATA[ ]]', '<?xml', '<!DOCTYPE x'];
  it.each([...unfinished, '< a/>'])('%s is refused', (input) => {
    expect(() => parseXml(`<a/>${input}`)).toThrow(RangeError);
  });

  // A megabyte would take minutes if each one searched the rest.
  it.each(['<!--', '<![CDATA[', '<?', '<!a', '<a b="', '<a ', '<a', '<'])(
    '%s without end is read in one pass',
    (input) => {
      expect(() => parseXml(input.repeat((1 << 20) / input.length))).toThrow(RangeError);
    },
  );

  it('of more levels or elements than a list of domains has is not read', () => {
    expect(() => parseXml(`${'<a>'.repeat(65)}${'</a>'.repeat(65)}`)).toThrow('more than 64 levels');
    expect(() => parseXml('<a/>'.repeat(600_000))).toThrow('more than 524288 elements');
  });
});
