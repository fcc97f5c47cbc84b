import { findProgram } from '../../helpers/programs.js';
import { isWineBuilt } from './cache.js';

/** What a program is in: the packages that test/windows/install-deps installs. */
const packageOf: Readonly<Record<string, string>> = {
  'x86_64-w64-mingw32-g++-posix': 'g++-mingw-w64-x86-64-posix',
  'x86_64-w64-mingw32-gcc': 'gcc-mingw-w64-x86-64-posix',
  zip: 'zip',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  sshd: 'openssh-server',
  unshare: 'util-linux',
};

/** What keeps Windows programs from running here, with the remedy; '' when nothing does. */
export function whatIsMissing(): string {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `the Windows tests need Linux on x64, and this is ${process.platform} on ${process.arch}`;
  }
  const needed = { ...packageOf, ...(isWineBuilt() ? {} : { mmdebstrap: 'mmdebstrap' }) };
  const absent = Object.keys(needed).filter((name) => !findProgram(name));
  if (absent.length > 0) {
    return `the Windows tests need ${absent.join(', ')}: sudo test/windows/install-deps`;
  }
  if (process.getuid?.() !== 0)
    return 'Wine runs in a root of its own, which needs root: sudo npm run test:windows';
  return '';
}
