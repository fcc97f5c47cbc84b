import { type Command, shownOn } from '../cli/command.js';
import { check } from '../commands/check/check.js';
import { completion } from '../commands/completion/completion.js';
import { configDiff, configInstall, configUninstall } from '../commands/config/install.js';
import { configPrint } from '../commands/config/print.js';
import { configRefresh } from '../commands/config/refresh.js';
import { doctor } from '../commands/doctor/doctor.js';
import { forward } from '../commands/forward/forward.js';
import { guestCheck } from '../commands/guest/check.js';
import { guestCredentials } from '../commands/guest/credentials.js';
import { guestInstall, guestOff } from '../commands/guest/install.js';
import { guestPrint } from '../commands/guest/print.js';
import { setup } from '../commands/guest/setup.js';
import { inventory } from '../commands/inventory/inventory.js';
import { list } from '../commands/list/list.js';
import { nc } from '../commands/proxy/nc.js';
import { proxy } from '../commands/proxy/proxy.js';
import { sourceAdd, sourceList, sourceRemove } from '../commands/source/source.js';
import { forget } from '../commands/ssh/forget.js';
import { toolCommands } from '../commands/ssh/ssh.js';
import { guid, port } from '../commands/windows/guid.js';
import { serviceList, serviceRegister, serviceUnregister } from '../commands/windows/service.js';

export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly Command<unknown>[];
  readonly platform?: NodeJS.Platform;
}

/** All commands, in the order of the help; those of a group share their first word. */
export const commandGroups: readonly CommandGroup[] = [
  { title: 'Every day', commands: [list, ...toolCommands, forward] },
  {
    title: 'Set up',
    commands: [
      setup,
      configInstall,
      configUninstall,
      configDiff,
      configPrint,
      configRefresh,
      sourceList,
      sourceAdd,
      sourceRemove,
      inventory,
      completion,
    ],
  },
  { title: 'When something fails', commands: [check, doctor, forget] },
  { title: 'Inside guests', commands: [guestInstall, guestPrint, guestCredentials, guestCheck, guestOff] },
  { title: 'For ssh and scripts', commands: [proxy, nc] },
  {
    title: 'Hyper-V sockets',
    commands: [guid, port, serviceList, serviceRegister, serviceUnregister],
    platform: 'win32',
  },
];

export const commands = commandGroups.flatMap((group) => group.commands);

/** The commands that completion and the man pages of a system have. */
export function commandsOn(platform: NodeJS.Platform): readonly Command<unknown>[] {
  return shownOn(platform, commandGroups).flatMap((group) => group.commands);
}
