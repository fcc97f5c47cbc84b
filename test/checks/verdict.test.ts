import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SshTry } from '../../src/checks/users-ssh.js';
import { judgeLogin } from '../../src/checks/verdict.js';
import { readSsh } from '../../src/process/ssh-log.js';
import { missingPrograms } from '../helpers/programs.js';
import { eachRow } from '../helpers/tables/rows.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

const reached = [
  'OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026',
  'debug1: Executing proxy dialer command: exec vmssh',
  'debug1: Local version string SSH-2.0-OpenSSH_9.2p1',
  'debug1: Remote protocol version 2.0, remote software version OpenSSH_10.0',
  "debug1: Authenticating to vsock/3:22 as 'ann'",
  'debug1: SSH2_MSG_KEXINIT received',
  'debug1: Server host key: ssh-ed25519 SHA256:HKLn',
  'debug1: SSH2_MSG_NEWKEYS received',
  'debug1: SSH2_MSG_SERVICE_ACCEPT received',
  'debug1: Authentications that can continue: publickey,password',
];
const upTo = (sign: string) => reached.slice(0, reached.findIndex((line) => line.includes(sign)) + 1);
const key = '/none/ann/.ssh/id ED25519 SHA256:FO5w explicit';
const accepted = [`debug1: Offering public key: ${key}`, `debug1: Server accepts key: ${key}`];

interface Row {
  readonly lines: readonly string[];
  readonly code?: number | null;
  readonly settings?: string;
  readonly stdout?: string;
  readonly agent?: SshTry['agent'];
  readonly state: string;
  readonly reach?: string;
  readonly says: RegExp;
  readonly fix?: RegExp;
}

const tried = ({ lines, code = 255, settings = '', agent = { keys: [] }, stdout = '' }: Row): SshTry => {
  const stderr = `${lines.join('\r\n')}\r\n`;
  return {
    end: { code, stdout, stderr },
    said: readSsh(stderr),
    ms: 300,
    agent,
    settings,
  };
};
const denied = 'ann@vsock/3: Permission denied (publickey,password).';
const crowd = [
  'debug1: Offering public key: one ED25519 SHA256:AAAA agent',
  'debug1: Offering public key: /none/ann/.ssh/tried ED25519 SHA256:BBBB explicit agent',
  'Received disconnect from UNKNOWN port 65535:2: Too many authentication failures',
];
const isIn = [...reached, ...accepted, 'Authenticated to vsock/3 (via proxy) using "publickey".'];

describe('a login by ssh -v', () => {
  const dir = useTempDir();
  eachRow<Row>({
    'that worked': {
      lines: isIn,
      code: 0,
      state: 'ok',
      says: /^ssh logs in as ann with ~\/\.ssh\/id \(0\.3 s\)$/,
    },
    'that kept a key': {
      lines: [
        ...upTo('host key'),
        "Warning: Permanently added 'x' (ED25519) to the list of known hosts.",
        ...reached.slice(7),
      ],
      code: 0,
      state: 'ok',
      says: /its host key was new, and ssh keeps it: SHA256:HKLn$/,
    },
    'that went to the network': {
      lines: ['ssh: Could not resolve hostname mint: Name or service not known'],
      state: 'failed',
      reach: 'network',
      says: /has no Host of that name, .*: Name or service not known$/,
    },
    'that got no socket': {
      lines: [
        ...upTo('Executing'),
        'mm_receive_fd: no message header',
        'proxy dialer did not pass back a connection',
      ],
      state: 'failed',
      reach: 'proxy',
      says: /proxy dialer did not/,
    },
    'that vmssh could not pass on': {
      lines: [
        ...upTo('Executing'),
        'vmssh: cannot connect to "mint": ENOSPC: no space left on device',
        'hint: set XDG_RUNTIME_DIR',
        'proxy dialer did not pass back a connection',
      ],
      state: 'failed',
      reach: 'proxy',
      says: /gives it no connection: cannot connect to "mint": ENOSPC/,
      fix: /^set XDG_RUNTIME_DIR$/,
    },
    'by a Node that is gone': {
      lines: [
        ...upTo('Executing'),
        '/bin/bash: line 1: /none/ann/.nvm/v20/bin/node: No such file or directory',
        'mm_receive_fd: recvmsg: expected received 1 got 0',
        'proxy dialer did not pass back a connection',
      ],
      state: 'failed',
      reach: 'proxy',
      says: /gives it no connection: .*node: No such file or directory$/,
      fix: /^vmssh config install, /,
    },
    'as root of a namespace that denies setgroups': {
      lines: [
        ...upTo('Remote protocol'),
        'KnownHostsCommand-ORDER: initgroups(root, 0): Operation not permitted',
        'KnownHostsCommand failed',
      ],
      state: 'failed',
      says: /before the key exchange: KnownHostsCommand failed/,
      fix: /^in this user namespace .*ssh -o KnownHostsCommand=none NAME$/,
    },
    // SSSD/sssd#7759: a desktop with another group; newgrp docker.
    'with another group than that of the password database': {
      lines: [
        ...upTo('Remote protocol'),
        'KnownHostsCommand-ORDER: setresgid 2000: Operation not permitted',
        'KnownHostsCommand failed',
      ],
      state: 'failed',
      says: /before the key exchange: KnownHostsCommand failed/,
      fix: /^newgrp, without a name, /,
    },
    'to a silent server': {
      lines: upTo('Local version'),
      code: null,
      state: 'failed',
      reach: 'socket',
      says: /no SSH server answers/,
    },
    'without a common algorithm': {
      lines: [...upTo('KEXINIT'), 'Unable to negotiate with UNKNOWN port 65535: no matching cipher found.'],
      state: 'failed',
      reach: 'key exchange',
      says: /no matching cipher/,
    },
    'to an sshd with old algorithms alone': {
      lines: [
        ...upTo('KEXINIT'),
        'Unable to negotiate with UNKNOWN port 65535: no matching key exchange method found. Their offer: kex-strict-s-v00@openssh.com,diffie-hellman-group1-sha1',
      ],
      state: 'failed',
      reach: 'key exchange',
      says: /no matching key exchange method found\. .*: sshd there is older than what this ssh takes by itself$/,
      fix: /^if you trust .*: ssh -o KexAlgorithms=\+diffie-hellman-group1-sha1 NAME; for good, .*Host NAME, and below it KexAlgorithms \+diffie/,
    },
    'to an sshd that offers a command': {
      lines: [
        ...upTo('KEXINIT'),
        'Unable to negotiate with UNKNOWN port 65535: no matching cipher found. Their offer: $(id),;id,-o',
      ],
      state: 'failed',
      says: /no matching cipher found/,
      fix: /^give the machine a newer sshd$/,
    },
    'to an sshd with an old host key': {
      lines: [
        ...upTo('KEXINIT'),
        'Unable to negotiate with UNKNOWN port 65535: no matching host key type found. Their offer: ssh-rsa,ssh-dss',
      ],
      state: 'failed',
      says: /older than what this ssh takes/,
      fix: /ssh -o HostKeyAlgorithms=\+ssh-rsa NAME; /,
    },
    'with an RSA key to an sshd that knows only its old signature': {
      lines: [
        ...reached,
        'debug1: Offering public key: /none/ann/.ssh/id_rsa RSA SHA256:AAAA',
        'debug1: send_pubkey_test: no mutual signature algorithm',
        denied,
      ],
      state: 'skipped',
      says: /^ssh makes no signature that sshd there takes with ~\/\.ssh\/id_rsa: .* older .*; ssh would ask for a password$/,
      fix: /^ssh-keygen -t ed25519, then vmssh setup; or if you trust .*: ssh -o PubkeyAcceptedAlgorithms=\+ssh-rsa NAME; /,
    },
    'to a machine whose host key has a type that ssh does not take': {
      lines: [
        ...upTo('KEXINIT'),
        'Unable to negotiate with UNKNOWN port 65535: no matching host key type found. Their offer: ssh-ed25519',
      ],
      state: 'failed',
      reach: 'key exchange',
      says: /no matching host key type found.*: the ssh here takes no key of that type/,
    },
    'to a new key, of which ssh would ask': {
      lines: [...upTo('host key'), 'Host key verification failed.'],
      settings: 'stricthostkeychecking ask',
      state: 'skipped',
      reach: 'host key',
      says: /would ask about its host key, .* ssh-ed25519 SHA256:HKLn$/,
    },
    'to a certificate that ssh does not take, whoever is asked': {
      lines: [...upTo('host key'), 'Certificate invalid: expired', 'Host key verification failed.'],
      settings: 'stricthostkeychecking ask',
      state: 'failed',
      reach: 'host key',
      says: /does not accept the host key: Certificate invalid: expired$/,
    },
    'to a new key under strict': {
      lines: [...upTo('host key'), 'Host key verification failed.'],
      settings: 'stricthostkeychecking true',
      state: 'failed',
      reach: 'host key',
      says: /does not accept the host key/,
    },
    'to a changed key': {
      lines: [
        ...upTo('host key'),
        '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @',
        'Host key verification failed.',
      ],
      settings: 'stricthostkeychecking ask',
      state: 'failed',
      reach: 'host key',
      says: /does not accept the host key/,
    },
    'to a key that vmssh refuses': {
      lines: [
        ...upTo('host key'),
        'vmssh: web has another host key than before',
        'hint: vmssh forget web',
        'KnownHostsCommand /vmssh failed: exited with 1',
        'Host key verification failed.',
      ],
      state: 'failed',
      reach: 'host key',
      says: /does not accept the host key: web has another host key than before$/,
      fix: /^vmssh forget web$/,
    },
    'with a silent agent': {
      lines: upTo('NEWKEYS'),
      code: null,
      agent: { keys: [], problem: 'the ssh-agent at /a does not answer', isSilent: true },
      state: 'failed',
      reach: 'agent',
      says: /^the ssh-agent at \/a does not answer/,
    },
    'with a silent agent, of an ssh that asks it after sshd': {
      lines: reached,
      code: null,
      agent: { keys: [], problem: 'the ssh-agent at /a does not answer', isSilent: true },
      state: 'failed',
      reach: 'authentication',
      says: /^the ssh-agent at \/a does not answer, and ssh waits for it/,
    },
    'that a PAM ends while the machine boots': {
      lines: [
        ...reached,
        ...accepted,
        'System is booting up. Unprivileged users are not permitted to log in yet.',
        '',
        'Connection closed by UNKNOWN port 65535',
      ],
      state: 'failed',
      reach: 'authentication',
      says: /^sshd takes \S+\/id, and then ends the connection: System is booting up\. .* log in yet\.$/,
      fix: /^wait, if the machine is booting; else .*chage -l USER$/,
    },
    'that sshd ends without a word after it took a key': {
      lines: [...reached, ...accepted, 'Connection reset by UNKNOWN port 65535'],
      state: 'failed',
      says: /, and then ends the connection$/,
    },
    'that needs a passphrase': {
      lines: [...reached, ...accepted, denied],
      state: 'skipped',
      says: /passphrase of ~\/\.ssh\/id,/,
    },
    'that needs a passphrase, where ssh never asks': {
      lines: [...reached, ...accepted, denied],
      settings: 'batchmode yes',
      state: 'failed',
      says: /no key of yours/,
    },
    'whose signature sshd refuses': {
      lines: [...reached, ...accepted, 'debug1: Authentications that can continue: publickey', denied],
      state: 'failed',
      says: /no key of yours in as ann/,
    },
    'with more keys than sshd takes, and one in a file': {
      lines: ['debug1: identity file /none/ann/.ssh/id type 3', ...reached, ...crowd],
      state: 'failed',
      says: /Too many authentication failures/,
      fix: /before the right one: ssh -o IdentitiesOnly=yes/,
    },
    'with more keys than sshd takes, all in the agent': {
      lines: [
        'debug1: identity file /none/ann/.ssh/id type -1',
        'debug1: identity file /none/ann/.ssh/tried type 3',
        ...reached,
        ...crowd,
      ],
      state: 'failed',
      says: /Too many authentication failures/,
      fix: /only the agent has that: .*-o IdentityFile=~\/\.ssh\/vm\.pub -o IdentitiesOnly=yes$/,
    },
    'whose key has a type that ssh does not use': {
      lines: [
        ...upTo('NEWKEYS'),
        'debug1: Skipping ssh-ed25519 key /none/ann/.ssh/id - corresponding algo not in PubkeyAcceptedAlgorithms',
        ...reached.slice(upTo('NEWKEYS').length, -1),
        'debug1: Authentications that can continue: publickey',
        denied,
      ],
      state: 'failed',
      says: /^ssh does not offer ~\/\.ssh\/id: the ssh here takes no key of that type/,
      fix: /^a key of another type: ssh-keygen -t ecdsa, then vmssh setup$/,
    },
    'whose key has a type that ssh 8.4 does not use': {
      lines: [
        ...upTo('NEWKEYS'),
        'debug1: Skipping ssh-ed25519 key /none/ann/.ssh/id - not in PubkeyAcceptedKeyTypes',
        ...reached.slice(upTo('NEWKEYS').length),
        denied,
      ],
      state: 'skipped',
      says: /^ssh does not offer ~\/\.ssh\/id: the ssh here takes no key of that type.*; ssh would ask for a password$/,
    },
    'with no agent to ask': {
      lines: ['debug1: identity file /none/ann/.ssh/id_rsa type -1', ...reached, denied],
      agent: { keys: [], unset: 'SSH_AUTH_SOCK' },
      state: 'skipped',
      says: /; ssh has none to offer: no key file, and SSH_AUTH_SOCK is not set$/,
    },
    'with a key file that is empty': {
      lines: ['debug1: identity file /none/ann/.ssh/id_rsa type 0', ...reached, denied],
      agent: { keys: [], unset: 'SSH_AUTH_SOCK' },
      state: 'skipped',
      says: /; ssh has none to offer$/,
    },
    'with a key of an agent that shows no name': {
      lines: [
        ...reached,
        ...['Offering public key', 'Server accepts key'].map(
          (what) => `debug1: ${what}: (none) RSA SHA256:CCCC agent`,
        ),
        'sign_and_send_pubkey: signing failed for RSA "(none)" from agent: agent refused operation',
        denied,
      ],
      state: 'skipped',
      says: /sshd takes RSA SHA256:CCCC, but ssh cannot use it: .*refused operation; ssh would ask for a password$/,
      fix: /updatestartuptty/,
    },
    'with Kerberos alone': {
      lines: [
        ...reached.slice(0, -1),
        'debug1: Authentications that can continue: gssapi-keyex,gssapi-with-mic',
        denied,
      ],
      state: 'failed',
      says: /no ticket/,
      fix: /^kinit$/,
    },
    'that a command ended': {
      lines: [...isIn, 'fatal: What do you think I am? A shell?'],
      code: 128,
      state: 'skipped',
      reach: 'session',
      says: /lets ann in, and ends the session with 128: fatal: What/,
    },
    'whose shell goes over to another program': {
      lines: isIn,
      code: null,
      stdout: 'welcome\r\n\x1b[?2004h~# ',
      state: 'failed',
      reach: 'session',
      says: /lets ann in, and the session does not end: a start file .*~\/\.bashrc, starts a program that takes the terminal/,
    },
    'whose password is to be changed': {
      lines: isIn,
      stdout: 'WARNING: Your password has expired.\r\nYou must change your password now',
      code: null,
      state: 'skipped',
      reach: 'session',
      says: /^sshd lets ann in, and first asks for a new password$/,
      fix: /^log in by ssh at a terminal/,
    },
    'whose start file prints, and does not end': {
      lines: isIn,
      code: null,
      stdout: '\x1b[1mwelcome\x1b[0m\r\n',
      state: 'failed',
      reach: 'session',
      says: /lets ann in, and the session fails: /,
    },
    'of an account that is off': {
      lines: [...isIn, 'This account is currently not available.'],
      code: 1,
      state: 'failed',
      reach: 'session',
      says: /not available/,
    },
  })('$name', async (row) => {
    const verdict = await judgeLogin(tried(row), '/none/ann');
    expect(verdict).toMatchObject({
      state: row.state,
      ...(row.reach && { reach: row.reach }),
      ...(row.fix && { fix: expect.stringMatching(row.fix) }),
      message: expect.stringMatching(row.says),
    });
  });

  it('has no key where ssh uses another home than HOME', async () => {
    const judge = (home = '/pw') => {
      const lines = [`debug1: identity file ${home}/.ssh/id_rsa type -1`, ...reached, denied];
      return judgeLogin(tried({ lines, state: '', says: /x/ }), dir);
    };
    expect((await judge()).message).toMatch(/lets no key of yours in/);
    writeTree(dir, { '.ssh/id_ed25519': '' });
    expect(await judge()).toMatchObject({
      message: expect.stringMatching(
        /it looks in \/pw\/\.ssh, by the password database, and not in \S+\.ssh,/,
      ),
      fix: `name both: ssh -F ${dir}/.ssh/config -i ${dir}/.ssh/id_ed25519 NAME`,
    });
    expect((await judge(dir)).message).not.toMatch(/by the password database/);
  });

  it('names the line by which ssh and sshd have nothing in common', async () => {
    writeTree(dir, { config: 'Host *\n  Ciphers 3des-cbc\n  KnownHostsCommand /bin/false\n' });
    const read = [`debug1: Reading configuration data ${dir}/config`];
    const block = `debug1: ${dir}/config line 1: Applying options for *`;
    const judge = (...end: string[]) =>
      judgeLogin(tried({ lines: [...read, block, ...end], state: '', says: /x/ }), dir);
    const none =
      'Unable to negotiate with UNKNOWN port 65535: no matching cipher found. Their offer: aes256-ctr';
    expect(await judge(...upTo('KEXINIT'), none)).toMatchObject({
      message: expect.stringMatching(/: Ciphers in \S+\/config line 2 has none of these$/),
      fix: `take Ciphers out of ${dir}/config line 2`,
    });
    const failed = ['KnownHostsCommand-ORDER /bin/false failed, status 1', 'KnownHostsCommand failed'];
    expect(await judge(...upTo('Remote protocol'), ...failed)).toMatchObject({
      message: expect.stringMatching(/: KnownHostsCommand-ORDER \/bin\/false failed, status 1$/),
      fix: `put the KnownHostsCommand of ${dir}/config line 3 below the Include of vmssh.conf`,
    });
  });

  describe('with a key file of this host', () => {
    const pub = (key: string) => readFileSync(`${key}.pub`, 'utf8').split(' ')[1] ?? '';
    const keygen = (path: string) =>
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
    const home = join(dir, 'keys-home');
    const key = join(home, '.ssh/id_ed25519');
    const judge = (...lines: string[]) => {
      const file = `debug1: identity file ${key} type ${lines.length > 1 ? 3 : -1}`;
      return judgeLogin(tried({ lines: [file, ...reached, ...lines, denied], state: '', says: /x/ }), home);
    };
    const offered = `debug1: Offering public key: ${key} ED25519 SHA256:AAAA`;
    const noLoad = `Load key "${key}": error in libcrypto`;

    it.skipIf(missingPrograms({ 'ssh-keygen': 'openssh-client' }))(
      'that ssh cannot read says why',
      async () => {
        mkdirSync(join(home, '.ssh'), { recursive: true });
        keygen(key);
        const text = readFileSync(key, 'utf8');
        const said = async (changed: string) => {
          writeFileSync(key, changed);
          const { message, fix } = await judge(offered, noLoad);
          return [message, fix];
        };
        const cannot = 'ssh cannot read ~/.ssh/id_ed25519';
        const [windows, sed] = await said(text.replaceAll('\n', '\r\n'));
        expect(windows).toMatch(`${cannot}: its lines end as on Windows; ssh would ask for a password`);
        execFileSync('sh', ['-c', sed ?? '']);
        expect(readFileSync(key, 'utf8')).toBe(text);
        const [cut, echo] = await said(text.trimEnd());
        expect(cut).toMatch(`${cannot}: its last line has no end`);
        execFileSync('sh', ['-c', echo ?? '']);
        expect(readFileSync(key, 'utf8')).toBe(text);
        expect(await said('PuTTY-User-Key-File-3: ssh-ed25519\r\n')).toMatchObject([
          expect.stringMatching(`${cannot}: it is a key of PuTTY`),
          expect.stringMatching(/^puttygen \S+ -O private-openssh -o \S+\.new && mv -i /),
        ]);
        expect((await said(readFileSync(`${key}.pub`, 'utf8')))[0]).toMatch(`${cannot}: it is a public key`);
        expect((await said('x'))[0]).toMatch('sshd lets no key of yours in');
        // What a server says of a file that is none of ssh's counts for nothing.
        const other = join(home, 'other');
        keygen(other);
        writeFileSync(`${other}.pub`, `ssh-ed25519 ${'A'.repeat(68)}\n`);
        expect((await judge(offered.replace(key, other), 'x')).message).toMatch(
          'sshd lets no key of yours in',
        );
        const lie = noLoad.replace(key, `${key}.pub`);
        expect((await judge(offered, lie)).message).toMatch('sshd lets no key of yours in');
      },
    );

    it.skipIf(missingPrograms({ 'ssh-keygen': 'openssh-client' }))(
      'that does not fit its public key, or that ssh does not try, says so',
      async () => {
        for (const path of [key, `${key}.pub`]) rmSync(path, { force: true });
        mkdirSync(join(home, '.ssh'), { recursive: true });
        keygen(key);
        const right = pub(key);
        keygen(join(home, '.ssh/work'));
        expect((await judge(offered, 'x')).message).toMatch('sshd lets no key of yours in');
        writeFileSync(`${key}.pub`, `ssh-ed25519-cert-v01@openssh.com ${pub(join(home, '.ssh/work'))} ann\n`);
        expect((await judge(offered, 'x')).message).toMatch('sshd lets no key of yours in');
        writeFileSync(`${key}.pub`, `ssh-ed25519 ${pub(join(home, '.ssh/work'))} ann\n`);
        const { message, fix } = await judge(offered, 'x');
        expect(message).toMatch(
          /id_ed25519\.pub is not the public key of \S+, and ssh shows that one; ssh would/,
        );
        execFileSync('sh', ['-c', fix ?? '']);
        expect(pub(key)).toBe(right);
        for (const path of [key, `${key}.pub`]) rmSync(path);
        expect(await judge('x')).toMatchObject({
          message: 'ssh offers no key: it does not try ~/.ssh/work by itself; ssh would ask for a password',
          fix: `ssh -i ${home}/.ssh/work NAME; for good vmssh setup --key ${home}/.ssh/work.pub NAME`,
        });
      },
    );
  });

  it('has no private key where only the public one is there', async () => {
    writeTree(dir, { 'keys/id.pub': '' });
    const shown = `${dir}/keys/id RSA SHA256:CCCC`;
    const lines = [
      ...reached,
      ...['Offering public key', 'Server accepts key'].map((what) => `debug1: ${what}: ${shown}`),
      denied,
    ];
    const judge = () => judgeLogin(tried({ lines, state: '', says: /x/ }));
    expect(await judge()).toMatchObject({
      message: expect.stringMatching(
        /sshd takes \S+\/keys\/id, whose private key is not here, but only id\.pub; ssh would ask for a password$/,
      ),
      fix: expect.stringMatching(/^put it there, or give an agent that key$/),
    });
    writeTree(dir, { 'keys/id': '' });
    expect((await judge()).message).toMatch(/would ask for the passphrase/);
  });

  it('is not believed where a server sends lines as ssh’s own before the key exchange', async () => {
    const start = upTo('Remote protocol');
    const say = (...lines: string[]) => judgeLogin(tried({ lines, state: '', says: /x/ }), dir);
    const key = 'debug1: Server host key: ssh-ed25519 SHA256:REAL';
    const forged = key.replace('REAL', 'FORGED');
    const asks = 'Host key verification failed.';
    for (const first of [['debug1: Remote: hi'], []]) {
      const { message } = await say(
        ...start,
        ...first,
        forged,
        'debug1: SSH2_MSG_KEXINIT received',
        key,
        asks,
      );
      expect(message).not.toContain('FORGED');
    }
    const ends = 'Received disconnect from UNKNOWN port 65535:2: hi';
    const { fix } = await say(...upTo('KEXINIT'), ends, 'KnownHostsCommand-HOSTNAME: initgroups(');
    expect(fix).toBe(undefined);
    writeTree(dir, { 'not-ours': 'a\r\n' });
    const file = join(dir, 'not-ours');
    const named = ['debug1: Remote: hi', `debug1: identity file ${file} type 0`];
    for (const from of [1, 0]) {
      const load = `Load key "${file}": error in libcrypto`;
      const judged = await say(
        ...start,
        ...named.slice(1 - from),
        ...reached.slice(start.length),
        load,
        denied,
      );
      expect(`${judged.message} ${judged.fix}`).not.toContain('not-ours');
    }
  });

  it('is not believed if a machine speaks as ssh before the login', () => {
    const lie = 'debug1: Server host key: ssh-ed25519 SHA256:LIES\n';
    const said = readSsh(`${reached.join('\n')}\n${lie}`);
    expect(said).toMatchObject({ reach: 'authentication', hostKey: { fingerprint: 'SHA256:HKLn' } });
    expect(
      readSsh(`debug1: Remote protocol version 2.0, remote software version x\n${isIn.at(-1)}\n`).reach,
    ).toBe('banner');
  });
});
