import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import account from '../../../src/guest/sh/check/account.sh';
import asPart from '../../../src/guest/sh/check/as.sh';
import keyFiles from '../../../src/guest/sh/check/keys.sh';
import login from '../../../src/guest/sh/check/login.sh';
import mayWrite from '../../../src/guest/sh/check/may-write.sh';
import streams from '../../../src/guest/sh/check/streams.sh';
import system from '../../../src/guest/sh/check/system.sh';
import unitSshd from '../../../src/guest/sh/check/unit-sshd.sh';
import attempt from '../../../src/guest/sh/log/attempt.sh';
import journal from '../../../src/guest/sh/log/journal.sh';
import facts from '../../../src/guest/sh/parts/facts.sh';
import report from '../../../src/guest/sh/parts/report.sh';
import { findProgram, lacks } from '../../helpers/programs.js';
import { firstShell } from '../../helpers/shells.js';
import { skip } from '../../helpers/skips.js';
import { makePrivsepFolder } from '../../helpers/sshd.js';
import { eachRow } from '../../helpers/tables/rows.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { given, root, runThere, useRoot } from './guest.js';

useRoot();
const me = userInfo();

/** What systemd 257 and 262 print: the words of a command without their quotes. */
function systemctl(argv: string, properties: Record<string, string> = {}): string {
  const [path = ''] = argv.split(' ');
  const shows = {
    ExecStart: `{ path=${path} ; argv[]=${argv} ; ignore_errors=yes ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }`,
    ...properties,
  };
  const cases = Object.entries(shows).map(
    ([name, text]) => `${name}) printf '%s\\n' '${text.replaceAll("'", "'\\''")}' ;;`,
  );
  return `#!/bin/sh\ncase $4 in\n${cases.join('\n')}\nesac\n`;
}

/** Prints lines of one sshd, those of $journal, if it is asked so. */
function journalctl(asked: string, lines = '$journal'): string {
  return `#!/bin/sh\ncase "$*" in ${asked}) printf '%s\\n' "${lines}" | sed 's/^/Nov 23 10:00:00 sshd[7]: /' ;; esac\n`;
}

const debian = '/usr/sbin/sshd -i $SSHD_OPTS';
const ephemeral = `-o AuthorizedKeysFile \${CREDENTIALS_DIRECTORY}/ssh.ephemeral-authorized_keys-all .ssh/authorized_keys`;
const sshd = findProgram('sshd');

describe.each(firstShell)('$name', ({ command }) => {
  const parts = `${report}${facts}${asPart}${streams}${unitSshd}${system}${mayWrite}${account}${keyFiles}${journal}${attempt}${login}`;
  const tried = "unit=sshd-vsock\nlogin='not tried'\nlogin_about=why\nlogin_cursor=\nover=vsock";
  const run = (script: string) =>
    runThere(command, `${parts}\n${tried}\nsleep() { :; }\npids_above() { :; }\n${script}`);

  const optionsOf = () => run('unit_sshd sshd-vsock@; printf "%s\\n" "$unit_program" "$unit_options"');

  eachRow({
    none: { argv: '/usr/sbin/sshd -i', want: ['-i'] },
    'a value with spaces, as Debian has it with 262': {
      argv: `${debian} ${ephemeral}`,
      want: [
        '-i',
        '-oAuthorizedKeysFile /run/credentials/sshd-vsock@vmssh-look.service/ssh.ephemeral-authorized_keys-all .ssh/authorized_keys',
      ],
    },
    'joined and apart': {
      argv: '/usr/sbin/sshd -ie -f /etc/ssh/other -oUsePAM=no -o PermitRootLogin no -4',
      want: ['-ie', '-f/etc/ssh/other', '-oUsePAM=no', '-oPermitRootLogin no', '-4'],
    },
  })("reads the options of a unit's sshd: $name", ({ argv, want }) => {
    given({ 'bin/systemctl': systemctl(argv) });
    expect(optionsOf()).toBe(`/usr/sbin/sshd\n${want.join('\n')}\n`);
  });

  it('reads variables from Environment= and EnvironmentFile=, of which the file wins', () => {
    const properties = {
      Environment: 'FOO=bar "BAZ=a b" "OTHER=-o \'LogLevel DEBUG\'"',
      EnvironmentFiles: '/etc/default/ssh (ignore_errors=yes)\n/etc/absent (ignore_errors=yes)',
    };
    const argv = `${debian} -o X\${FOO}Y=\${BAZ} $OTHER $UNSET`;
    given({ 'bin/systemctl': systemctl(argv, properties) });
    given({ 'etc/default/ssh': '# a comment\nFOO=file\nSSHD_OPTS="-o PermitRootLogin=no"\n' });
    expect(optionsOf()).toBe('/usr/sbin/sshd\n-i\n-oPermitRootLogin=no\n-oXfileY=a b\n-oLogLevel DEBUG\n');
  });

  it('writes a drop-in that systemd reads back as the same options', () => {
    given({ 'bin/systemctl': systemctl(`${debian} ${ephemeral} /etc/keys/%u`) });
    const fix = run('unit_sshd sshd-vsock@; unit_fix "$unit_options"');
    const folder = '/etc/systemd/system/sshd-vsock@.service.d';
    expect(fix).toBe(
      `mkdir -p ${folder} && printf '%s\\n' '[Service]' 'ExecStart=' 'ExecStart=-/usr/sbin/sshd -i "-oAuthorizedKeysFile \${CREDENTIALS_DIRECTORY}/ssh.ephemeral-authorized_keys-all .ssh/authorized_keys /etc/keys/%%u"' > ${folder}/zz-vmssh.conf && systemctl daemon-reload`,
    );
  });

  const missing = lacks('sshd', 'ssh-keygen');
  describe.skipIf(missing)(`with the real sshd${missing ? `: ${missing}` : ''}`, () => {
    const hostKey = join(useTempDir(), 'key');
    beforeAll(() => {
      makePrivsepFolder();
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', hostKey]);
    });

    /** The unit's command line, and the lines of sshd_config. This user has a key in /home/.ssh/authorized_keys. */
    const site = (argv: string, config: string, fakes: Record<string, string> = {}) => {
      given({ 'etc/ssh/sshd_config': `${config}\n`, 'home/.ssh/authorized_keys': 'ssh-ed25519 AAAA\n' });
      given({ 'login-shell': '#!/bin/sh\n' });
      // The last -f counts, and the first -h, -o or line of a file.
      const real = `#!/bin/sh\nexec ${sshd} -h ${hostKey} -f ${root}/etc/ssh/sshd_config "$@"\n`;
      given({ 'usr/sbin/sshd': real, 'bin/systemctl': systemctl(argv), ...fakes });
      given({ 'bin/journalctl': journalctl('*--after-cursor=here*') });
    };
    const check = (before = '', who = me.username) =>
      run(`getent() { case $1 in
        passwd) echo "${who}:x:${me.uid}:${me.gid}::/home:\${shell_is:-/login-shell}" ;;
        shadow) echo "$shadow" ;;
      esac; }
      id() { case $1 in -u) echo 0 ;; *) echo staff wheel ;; esac; }
      shadow='${who}:*:19000:0:99999:7:::'
      sshd=/usr/sbin/sshd
      ${before}
      account=${who}
      read_attempt ${who}
      check_unit_sshd && check_login ${who}; echo "faults: $faults"`);

    it('promises no login that was not tried, though nothing keeps the account out', () => {
      site(debian, 'PermitRootLogin yes');
      expect(check()).toBe(
        `skipped  login         nothing found here keeps ${me.username} out with the keys of /home/.ssh/authorized_keys, but no login was tried: why\nfaults: 0\n`,
      );
    });

    const keys = (...options: string[]) => options.map((each) => `${each}ssh-ed25519 AAAA me\n`).join('');
    eachRow({
      'only addresses': {
        keys: keys('from="10.0.2.0/24,!10.0.2.7" '),
        says: /has from="10\.0\.2\.0\/24,!10\.0\.2\.7" before the key/,
      },
      'everyone but UNKNOWN': { keys: keys('no-pty,from="*,!unknown" '), says: /has from=/, fixed: false },
      'a time that is over': {
        keys: keys('expiry-time="20200101" '),
        says: /has expiry-time="20200101" before the key: it has expired/,
      },
      'a time that is over, among other options': {
        keys: keys('no-pty,expiry-time="202001011200Z",no-user-rc '),
        says: /it has expired/,
      },
      'two keys, none of which counts': {
        keys: keys('from="192.0.2.1" ', 'expiry-time="20200101",no-pty '),
        says: /has from="192\.0\.2\.1"/,
      },
      'a type that sshd does not take': {
        config: 'PubkeyAcceptedAlgorithms rsa-sha2-512',
        keys: keys(''),
        says: /sets Pubkey\w+ rsa-sha2-512, without ssh-ed25519/,
      },
      'a byte order mark': {
        keys: `\ufeff${keys('')}`,
        says: /authorized_keys begins with a byte order mark/,
      },
      'a key in two lines': {
        keys: `# mine\nssh-ed25519 AAAA\nBBBBBBBB me\n`,
        says: /authorized_keys, line 2: the key is broken into two lines/,
      },
      'a key in two lines, the first with its type alone': {
        keys: `no-pty ssh-ed25519\nAAAABBBB me\n`,
        says: /line 1: the key is broken into two lines/,
      },
      'PAM, which refuses everybody': {
        config: 'UsePAM yes',
        pam: 'account  required pam_deny.so\n',
        keys: keys(''),
        says: /\/etc\/pam\.d\/sshd refuses every account: account +required pam_deny\.so/,
      },
    })(
      'names what keeps a key from being accepted, and the fix works: $name',
      ({ config = '', keys, pam = '', says, fixed = true }) => {
        site(debian, config);
        given({ 'home/.ssh/authorized_keys': keys, 'etc/pam.d/sshd': `auth required pam_deny.so\n${pam}` });
        const said = check();
        expect(said).toMatch(/^failed +login +/);
        expect(said).toMatch(says);
        // It names the paths of the guest.
        const fix =
          /^fix +login +(.*)$/m.exec(said)?.[1]?.replaceAll(/ (?=\/(home|etc)\/)/g, ` ${root}`) ?? 'false';
        execFileSync('sh', ['-c', fix]);
        // Of two keys each needs its own.
        if (fixed) expect(check()).toMatch(/^skipped +login +nothing found here/);
      },
    );

    it.each([
      ...['from="*" ', 'from="10.0.2.0/24,UNKNOWN" ', 'from="unk?own" ', 'expiry-time="99991231" '],
      ...['command="echo, ok" ', 'environment="A=b c",no-pty '],
    ])('finds nothing in a key with %s', (options) => {
      site(debian, 'PubkeyAcceptedAlgorithms ssh-ed25519,rsa-*');
      given({ 'home/.ssh/authorized_keys': `# ssh-dss AAAA\n\n${keys(options)}` });
      expect(check()).toMatch(/^skipped +login +nothing found here/);
    });

    it('says that systemd-homed has a home closed, not that a key is missing', () => {
      site(debian, '');
      rmSync(join(root, 'home'), { recursive: true });
      given({ [`var/lib/systemd/home/${me.username}.identity`]: '{}' });
      expect(check()).toMatch(
        new RegExp(
          `^failed +account +the home of \\S+ is closed: .*\nfix +account +homectl activate ${me.username}\n`,
        ),
      );
    });

    it.skipIf(me.uid !== 0 && skip('needs root')).each([
      { name: 'without a key', hasFile: false },
      { name: 'with a key that the account cannot read', hasFile: true },
    ])("names the owner of another's ~/.ssh, and the chown works: $name", ({ hasFile }) => {
      site(debian, '');
      for (const folder of [dirname(root), root, join(root, 'home')]) chmodSync(folder, 0o755);
      const file = join(root, 'home/.ssh/authorized_keys');
      if (hasFile) chmodSync(file, 0o600);
      else rmSync(file);
      chownSync(join(root, 'home'), 65_534, 65_534);
      chmodSync(join(root, 'home/.ssh'), 0o700);
      const before = `offered=AAAABBBB; ${refused('')}`;
      const said = check(before, 'nobody');
      expect(said).toMatch(
        /^failed +login +\/home\/\.ssh is another's \(drwx------ root:root\), and nobody can put no key there\nfix +login +chown -h nobody: \/home\/\.ssh\n/,
      );
      execFileSync('chown', ['-h', 'nobody:', join(root, 'home/.ssh')]);
      expect(check(before, 'nobody')).toMatch(
        hasFile
          ? /^fix +login +chown -h nobody: \/home\/\.ssh\/authorized_keys$/m
          : /^failed +key .* no keys in/m,
      );
    });

    it('reads no more of the keys than their limit, whatever their account put there', () => {
      site(debian, '');
      given({
        'home/.ssh/authorized_keys': `${keys('from="192.0.2.1" ')}${'#'.repeat(79)}\n`.repeat(30_000),
      });
      const size = run(`account=${me.username}; text_of /home/.ssh/authorized_keys | wc -c`);
      expect(Number(size)).toBe(1_048_577);
      expect(check()).toMatch(/^failed +login .* has from=/);
    });

    const proposes = (said: string, fix?: string | RegExp, hint?: string | RegExp) => {
      for (const [state, want] of Object.entries({ fix, hint })) {
        const found = new RegExp(`^${state} +login +(.*)$`, 'm').exec(said)?.[1];
        if (want !== undefined)
          expect(found).toEqual(typeof want === 'string' ? want : expect.stringMatching(want));
      }
    };
    const refused = (journal: string) =>
      `login=refused login_about='me@x: Permission denied.' login_cursor=here; export journal='${journal}'`;
    it.each([
      {
        journal: '(host=UNKNOWN, required=$(id)) but not from a permitted host',
        says: /the journal has/,
        hint: 'add UNKNOWN to the from= of that key, as in from="192.0.2.0/24,UNKNOWN"',
      },
      {
        journal:
          'userauth_pubkey: signature algorithm rsa-sha2-256 not in PubkeyAcceptedAlgorithms [preauth]',
        says: /without rsa-sha2-256, which the key needs; the journal has/,
        fix: /1i Pubkey\w+ \+rsa-sha2-256' /,
      },
      {
        journal:
          'pam_access(sshd:account): access denied\nfatal: Access denied for user me by PAM account configuration',
        says: /failed: me@x: .*; the journal has: fatal: Access denied .*; the clock here says 2/,
        hint: /^give .* another key or certificate, or correct what refuses it: /,
      },
      {
        journal: `Connection closed by authenticating user ${me.username} UNKNOWN port 65535 [preauth]`,
        says: /a login as .* failed: me@x: Permission denied\.; the journal has: Connection closed/,
        hint: /^put the public key of the one that ssh uses into \/home\/\.ssh\/authorized_keys/,
      },
    ])('a refused login has its cause from the journal: $journal', ({ journal, says, fix, hint }) => {
      site(debian, '');
      const said = check(refused(journal));
      expect(said).toMatch(/^failed +login +/);
      expect(said).toMatch(says);
      proposes(said, fix, hint);
    });

    const about = (text: string) => `login_about='over vsock/42: ${text}'`;
    const ended = (journal: string, text = 'ssh ended with 1') =>
      `login=ended ${about(text)} login_cursor=here; export journal='${journal}'`;
    const accepted = `Accepted publickey for ${me.username} from UNKNOWN port 65535 ssh2: RSA SHA256:x`;
    const permissionDenied = 'Permission denied (publickey).';

    eachRow({
      'MaxSessions 0': {
        config: 'MaxSessions 0',
        before: `${refused(`${accepted}\nerror: no more sessions`)}; ${about('channel 0: open failed')}`,
        says: /its session ends: over vsock\/42: channel 0: open failed; the journal has: error: no more sessions; sshd_config sets MaxSessions 0/,
        fix: /1i MaxSessions 10'/,
      },
      'MaxSessions 0, without a journal': {
        config: 'MaxSessions 0',
        before: `${refused('')}; ${about('channel 0: open failed: connect failed: open failed')}`,
        says: /the key of .* is accepted, but its session ends: .*; sshd_config sets MaxSessions 0/,
        fix: /1i MaxSessions 10'/,
      },
      'no journal, but a log': {
        config: '',
        before: `mkdir -p "$R/var/log"; : >"$R/var/log/messages"; ${refused('')}; ${about('Connection to UNKNOWN closed.')}`,
        says: /a login as .* failed: .* UNKNOWN closed\.$/m,
        fix: 'grep sshd /var/log/messages | tail -n 40',
      },
      'a password that has expired': {
        config: 'UsePAM yes',
        before: `shadow='x:*:0:0:99999:7:::'; ${ended(accepted)}`,
        says: /its session ends: .*; the password of .* has expired, so PAM wants a new one/,
        fix: `chage -d "$(date +%F)" ${me.username}`,
        hint: /^or log in with a terminal/,
      },
      'a password that PAM calls expired': {
        config: 'UsePAM yes',
        before: ended(accepted, 'ssh ended with 1, and says: Password change required but no TTY available.'),
        says: /the password of .* has expired/,
      },
      'a folder for ChrootDirectory that is not there': {
        config: 'ChrootDirectory /nope',
        before: refused(`${accepted}\nfatal: safely_chroot: stat("/nope"): No such file or directory`),
        says: /the journal has: fatal: safely_chroot: .*; sshd_config sets ChrootDirectory \/nope/,
        fix: /1i ChrootDirectory none'/,
      },
      ForceCommand: {
        config: 'ForceCommand exit 4',
        before: ended(accepted, 'ssh ended with 4'),
        says: /its session ends: over vsock\/42: ssh ended with 4; sshd_config makes sshd run only this for .*: exit 4/,
        fix: /1i ForceCommand none'/,
      },
      'command= before the key': {
        config: '',
        keys: 'command="exit 3" ssh-ed25519 AAAA\n',
        before: ended(accepted, 'ssh ended with 3'),
        says: /authorized_keys lets a key run only one command, by command=/,
        hint: 'take command="..." off that key in /home/.ssh/authorized_keys',
      },
      'a module of PAM, which refuses a session': {
        config: 'UsePAM yes',
        before: refused(`${accepted}\nerror: PAM: pam_open_session(): Permission denied`),
        says: /the key of .* is accepted, but its session ends: .*; the journal has: error: PAM/,
        hint: /^see the session lines of \/etc\/pam\.d\/sshd/,
      },
      'a shell that is not there': {
        config: '',
        before: `shell_is=/bin/nope; ${refused('User x not allowed because shell /bin/nope does not exist')}`,
        says: /the shell of .*, \/bin\/nope, is not there or cannot be run; the journal has: User x not allowed/,
        fix: `usermod -s /bin/sh ${me.username}`,
      },
      'an exit in .bashrc': {
        config: '',
        before: ended(accepted, 'ssh ended without running its command'),
        says: /the key of .* is accepted, but its session ends: over vsock\/42: ssh ended without running/,
        hint: /^see what runs at login: an exit in \/home\/\.bashrc, .*, \/login-shell, reads$/,
      },
      'a key that was revoked': {
        config: 'RevokedKeys ROOT/revoked',
        before: refused('error: Authentication key RSA SHA256:x revoked by file /etc/ssh/revoked'),
        says: /failed: .*; the journal has: error: Authentication key RSA SHA256:x revoked by file/,
        hint: /^give .* another key or certificate/,
      },
      'a file of revoked keys that is not there': {
        config: 'RevokedKeys /nope/revoked',
        before: refused(''),
        says: /sshd accepts no key at all: sshd_config sets RevokedKeys \/nope\/revoked/,
        fix: 'touch /nope/revoked',
      },
      'a command for keys that hangs': {
        config: 'AuthorizedKeysCommand /bin/keys of %u\nAuthorizedKeysCommandUser nobody',
        before: `${refused('')}; ${about('it did not end within 60 s')}`,
        says: /failed: over vsock\/42: it did not end within 60 s; sshd takes keys from AuthorizedKeysCommand/,
        hint: /^as nobody that command has to print a key of /,
      },
      'another machine at the target that was typed': {
        config: '',
        before: "login='not proved' login_about='another machine answers (over vsock/9)'",
        says: /no login as .* was proved: another machine answers \(over vsock\/9\)/,
      },
    })(
      'a login that failed for another reason than its key gets no key as a fix: $name',
      ({ config, keys = '', before, says, fix, hint }) => {
        site(debian, config.replace('ROOT', root));
        if (keys) given({ 'home/.ssh/authorized_keys': keys });
        given({ [`${root}/revoked`.slice(1)]: '' });
        const said = check(before);
        expect(said).toMatch(/^failed +login +/);
        expect(said).toMatch(says);
        expect(said).not.toContain('--key');
        expect(said).toMatch(/faults: 1\n$/);
        proposes(said, fix, hint);
      },
    );

    eachRow({
      'in sshd_config': { include: '', file: 'etc/ssh/sshd_config' },
      'with an Include': {
        include: 'Include ROOT/etc/ssh/sshd_config.d/*.conf',
        file: 'etc/ssh/sshd_config',
      },
      'in an included file': {
        include: 'Include ROOT/etc/ssh/sshd_config.d/*.conf',
        file: 'etc/ssh/sshd_config.d/50-own.conf',
      },
    })('fixes a setting of a Match block in a block before it: $name', ({ include, file }) => {
      const block = `Match User ${me.username}\nPubkeyAuthentication no\n`;
      const isMain = file === 'etc/ssh/sshd_config';
      const main = `${include.replace('ROOT', root)}\nUseDNS no\nUsePAM yes\n${isMain ? block : ''}`;
      site(debian, main);
      if (!isMain) given({ [file]: block });
      if (include) mkdirSync(join(root, 'etc/ssh/sshd_config.d'), { recursive: true });
      const said = check();
      expect(said).toMatch(/a Match block of sshd_config results in PubkeyAuthentication no/);
      const fix = /^fix +login +(.*)$/m.exec(said)?.[1] ?? 'false';
      execFileSync('sh', ['-c', fix.replaceAll(/ (?=\/etc\/)/g, ` ${root}`)]);
      expect(check()).toMatch(/^skipped +login +nothing found here/);
    });

    it('quotes nothing of the login by which it runs itself', () => {
      site(debian, '');
      const own = 'pids_above() { echo 7; }';
      expect(check(`${own}; ${refused(accepted)}; ${about(permissionDenied)}`)).toContain('--key does that');
    });

    it.each([
      { about: 'cipher', says: /sets Ciphers /, fix: "1i Ciphers +aes256-gcm@openssh.com'" },
      { about: 'MAC', says: /sets MACs /, fix: "1i MACs +hmac-sha2-256-etm@openssh.com'" },
      {
        about: 'key exchange method',
        says: /sets KexAlgorithms /,
        fix: "1i KexAlgorithms +curve25519-sha256'",
      },
      { about: 'host key type', says: /sets HostKeyAlgorithms /, fix: "1i HostKeyAlgorithms +ssh-ed25519'" },
    ])('knows by what ssh says that there is no common $about, if it hung up before sshd saw it', (row) => {
      site(debian, '');
      const about = `Unable to negotiate with UNKNOWN port 65535: no matching ${row.about} found. Their offer: a,b`;
      const closed = refused('Connection closed by UNKNOWN port 65535 [preauth]');
      const said = check(`${closed}\nlogin_about='${about}'`);
      expect(said).toMatch(row.says);
      expect(said).toContain(`; ssh says: ${about.split(' Their')[0]}\n`);
      expect(said).toContain(row.fix);
    });

    it('reads no journal from before the login, and none if no login was tried', () => {
      site(debian, 'PermitRootLogin no');
      given({ 'bin/journalctl': journalctl('*--sync* | *--after-cursor=*) ;; *', 'ROOT LOGIN REFUSED') });
      for (const login of ['', 'login=refused login_cursor=here'])
        expect(check(login, 'root')).not.toContain('the journal has');
    });

    eachRow({
      'AuthorizedKeysFile none in the unit': {
        argv: '/usr/sbin/sshd -i -o AuthorizedKeysFile=none',
        says: /starts sshd with AuthorizedKeysFile none, so it does not read \/home\/\.ssh\/authorized_keys, where .* has keys/,
        fix: /ExecStart=-\/usr\/sbin\/sshd -i "-oAuthorizedKeysFile \.ssh\/authorized_keys \.ssh\/authorized_keys2"'/,
      },
      "keys where only sshd_config looks, and not the unit of systemd's own": {
        argv: `/usr/sbin/sshd -i ${ephemeral}`,
        config: 'AuthorizedKeysFile .ssh/authorized_keys.d/ignition .ssh/authorized_keys',
        moves:
          'mkdir "$R/home/.ssh/authorized_keys.d"; mv "$R/home/.ssh/authorized_keys" "$R/home/.ssh/authorized_keys.d/ignition"',
        says: /so it does not read \/home\/\.ssh\/authorized_keys\.d\/ignition, where/,
        fix: /ephemeral-authorized_keys-all \.ssh\/authorized_keys \.ssh\/authorized_keys\.d\/ignition /,
      },
      'another configuration file': {
        argv: '/usr/sbin/sshd -i -f ROOT/other',
        other: 'PubkeyAuthentication no',
        says: /sshd_config results in PubkeyAuthentication no/,
        fix: /sed -i '1i PubkeyAuthentication yes' \/.*\/other$/m,
      },
      'a setting in the unit, over that of the file': {
        argv: '/usr/sbin/sshd -i -o PubkeyAuthentication=no',
        config: 'PubkeyAuthentication yes',
        says: /the command line of sshd-vsock@\.service results in PubkeyAuthentication no/,
        fix: /sshd -i "-oPubkeyAuthentication yes"' > /,
      },
      'an option that sshd does not know': {
        argv: '/usr/sbin/sshd -i -o NoSuchThing=yes',
        step: 'sshd-config',
        says: /starts \/usr\/sbin\/sshd -i -oNoSuchThing=yes, which says: .*NoSuchThing/i,
        fix: /^fix +sshd-config +systemctl cat sshd-vsock@\.service\nhint .*take that option out there/m,
      },
      'an sshd that does not take a connection': {
        argv: '/usr/sbin/sshd -D -e -o LogLevel=DEBUG',
        unitText: '# own\n[Service]\n ExecStart=/usr/sbin/sshd -D\n',
        step: 'accept',
        says: /\/etc\/systemd\/system\/sshd-vsock@\.service, line 3, has ExecStart=\/usr\/sbin\/sshd -D: without -i sshd does not/,
        fix: /'ExecStart=-\/usr\/sbin\/sshd -i -e -oLogLevel=DEBUG' > /,
      },
      'an sshd that is elsewhere': {
        argv: '/usr/local/sbin/sshd -i $OPTIONS',
        step: 'accept',
        says: /sshd-vsock@\.service starts \/usr\/local\/sbin\/sshd, which is not there/,
        fix: /'ExecStart=-\/usr\/sbin\/sshd -i' > /,
      },
      'a list without this account': {
        argv: debian,
        config: `AllowUsers somebody ${me.username}@192.0.2.*`,
        says: /sshd does not let .* in: AllowUsers is somebody /,
        fix: new RegExp(`1i AllowUsers somebody .* ${me.username}'`),
      },
      'a folder above the keys that others can change': {
        argv: debian,
        config: 'AuthorizedKeysFile /etc/ssh/keys/%u',
        moves: `mkdir "$R/etc/ssh/keys"; cp "$R/home/.ssh/authorized_keys" "$R/etc/ssh/keys/${me.username}"; chmod 777 "$R/etc/ssh"`,
        says: /\/etc\/ssh can be written by users other than \S+ \(drwxrwxrwx /,
        fix: /^fix +login +chmod go-w \/etc\/ssh$/m,
      },
      'a folder in place of the keys': {
        argv: debian,
        moves: 'rm "$R/home/.ssh/authorized_keys"; mkdir "$R/home/.ssh/authorized_keys"',
        says: /\/home\/\.ssh\/authorized_keys is a folder/,
        fix: /^fix +login +mv (\S+) \1\.folder\nhint +login +put a key into/m,
      },
      'a refusing list': { argv: debian, config: 'DenyGroups wh?el', says: /DenyGroups is wh\?el/ },
      'a locked account without PAM': {
        argv: debian,
        config: 'UsePAM no',
        moves: "shadow='x:!:19000:0:99999:7:::'",
        says: /is locked, and with UsePAM no sshd refuses its keys too/,
        fix: /usermod -p '\*' /,
      },
      'an account that has expired': {
        argv: debian,
        moves: "shadow='x:*:19000:0:99999:7::19001:'",
        says: /has expired/,
        fix: /chage -E -1/,
      },
      'a unit that hides the homes': {
        argv: debian,
        properties: { ProtectHome: 'yes' } as Record<string, string>,
        says: /has ProtectHome=yes: its sshd does not see \/home\/\.ssh\/authorized_keys/,
        fix: /ProtectHome=no/,
      },
      'a unit that hides one': {
        argv: debian,
        properties: { TemporaryFileSystem: '/var /home:ro' } as Record<string, string>,
        says: /has TemporaryFileSystem=\/home:ro: its sshd does not see \/home\/\.ssh\/authorized_keys/,
        fix: /'TemporaryFileSystem=' > /,
      },
      'the key of a credential that only root can read': {
        argv: `/usr/sbin/sshd -i ${ephemeral}`,
        moves:
          'mkdir -p "$R/run/credentials/@system"; mv "$R/home/.ssh/authorized_keys" "$R/run/credentials/@system/ssh.ephemeral-authorized_keys-all"',
        who: 'nobody',
        says: /sshd reads them as nobody, who may not \(systemd#42359\)/,
        fix: /hint .*put a key into \/.*\/\.ssh\/authorized_keys: .*; or log in as root/,
      },
    })(
      'names $name',
      ({ argv, config = '', other = '', unitText, moves, properties, says, fix, who, step = 'login' }) => {
        site(argv.replace('ROOT', root), config);
        given({ other: `${other}\n`, 'etc/systemd/system/sshd-vsock@.service': unitText });
        if (properties) given({ 'bin/systemctl': systemctl(argv, properties) });
        const said = check(moves, who);
        expect(said).toMatch(new RegExp(`^failed +${step} +`));
        expect(said).toMatch(says);
        if (fix) expect(said).toMatch(fix);
        expect(said).toMatch(/faults: 1\n$/);
      },
    );

    it.each([
      { groups: 'wheels staff', there: 'staff', fix: 'usermod -aG staff WHO' },
      // Which of them a pattern means is not known here: it may be one with more rights.
      { groups: '!x s*', there: 'sudo', fix: /1i AllowGroups !x s\* wheel'/ },
    ])('lets the account into a group that is there: $groups, of $there', ({ groups, there, fix }) => {
      site(debian, `AllowGroups ${groups}`);
      const said = check(`groups_there='${there}'
        getent() { case "$1 \${2:-}" in
          'group ') for g in $groups_there; do echo "$g:x:1:"; done ;;
          'group '*) case " $groups_there " in *" $2 "*) echo "$2:x:1:" ;; *) return 2 ;; esac ;;
          passwd*) echo "${me.username}:x:${me.uid}:${me.gid}::/home:/login-shell" ;;
        esac; }
        id() { case $1 in -u) echo 0 ;; -gn) echo wheel ;; *) echo wheel ;; esac; }`);
      expect(said).toMatch(/^failed +login +sshd does not let .* in: AllowGroups is /);
      const [, printed = ''] = /^fix +login +(.*)$/m.exec(said) ?? [];
      if (typeof fix === 'string') expect(printed).toBe(fix.replace('WHO', me.username));
      else expect(printed).toMatch(fix);
    });

    eachRow({
      'keys by a command': {
        config: 'AuthorizedKeysFile none\nAuthorizedKeysCommand /bin/true\nAuthorizedKeysCommandUser nobody',
        says: /^skipped +login +whether .* has keys is not known: they come from authorizedkeyscommand \/bin\/true, which is not run/,
      },
      'a key that is not enough': {
        config: 'AuthenticationMethods publickey,password',
        says: /^skipped +login +a key alone does not let .* in, and ssh asks for the rest: AuthenticationMethods publickey,password/,
      },
    })('promises no login with $name', ({ config, says }) => {
      site(debian, config);
      const said = check();
      expect(said).toMatch(says);
      expect(said).not.toMatch(/^ok/m);
    });

    it('has no fix that ends a second factor, and says what is wrong with the key', () => {
      site(debian, 'AuthenticationMethods publickey,password');
      const closed = `Connection closed by authenticating user ${me.username} UNKNOWN port 65535 [preauth]`;
      const said = check(refused(closed));
      expect(said).toMatch(
        /^skipped +login +a key alone does not let .*\nfailed +login +a login as .* failed: /,
      );
      expect(said).not.toMatch(/^(?:fix|hint) .*AuthenticationMethods/m);
    });

    it('takes the keys of a credential for root, and for all if the unit copies it', () => {
      const store =
        'mkdir -p "$R/run/credentials/@system"; mv "$R/home/.ssh/authorized_keys" "$R/run/credentials/@system/ssh.ephemeral-authorized_keys-all"';
      site(`/usr/sbin/sshd -i ${ephemeral}`, 'PermitRootLogin prohibit-password');
      expect(check(store, 'root')).toMatch(
        /^skipped +login +nothing found here keeps root out with the keys of the credential/,
      );
      site(
        '/usr/sbin/sshd -i -o AuthorizedKeysFile /run/sshd-generated-vmssh-look/authorized_keys .ssh/authorized_keys',
        '',
      );
      expect(check('rm "$R/home/.ssh/authorized_keys"', 'nobody')).toMatch(
        /^skipped +login +nothing found here keeps nobody out with the keys of the credential/,
      );
    });

    it('names the credential that did not get to root of an image-based system', () => {
      site(`/usr/sbin/sshd -i ${ephemeral}`, 'PermitRootLogin prohibit-password');
      const link = `mkdir -p "$R/var/roothome" "$R/run/credentials/@system"; rm -r "$R/home"; ln -s var/roothome "$R/home"
        echo key >"$R/run/credentials/@system/ssh.authorized_keys.root"`;
      const said = check(link, 'root');
      expect(said).toMatch(
        /^failed +login +the credential ssh\.authorized_keys\.root did not get to root: .* give it as ssh\.ephemeral-authorized_keys-all\nfix +login +install -d -m 700 \/home\/\.ssh && install -m 600 /,
      );
      // The mode of a link, 0777, is not the folder's.
      const keys =
        'mkdir -p "$R/home/.ssh"; echo key >"$R/home/.ssh/authorized_keys"; chmod 700 "$R/home/.ssh"';
      if (me.uid === 0)
        expect(check(keys, 'root')).toMatch(/^skipped +login +nothing found here keeps root out/);
    });

    it('knows that a program which is not sshd decides for itself', () => {
      site('/usr/bin/env sshd -i', '', { 'usr/bin/env': '#!/bin/sh\n' });
      expect(check()).toMatch(
        /^skipped +login +sshd-vsock@\.service starts \/usr\/bin\/env, not sshd itself/,
      );
    });

    it('promises nothing to a user who cannot ask sshd', () => {
      site(debian, '');
      given({ 'usr/sbin/sshd': '#!/bin/sh\nexit 1\n' });
      expect(check('id() { echo 1000; }')).toMatch(/^skipped +login +only root can ask sshd/);
    });
  });
});
