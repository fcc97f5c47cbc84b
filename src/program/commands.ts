import type { Command } from '../cli/command.js';
import { check } from '../commands/check/check.js';
import { completion } from '../commands/completion/completion.js';
import { configDiff } from '../commands/config/diff.js';
import { configInstall } from '../commands/config/install.js';
import { configPrint } from '../commands/config/print.js';
import { configUninstall } from '../commands/config/uninstall.js';
import { doctor } from '../commands/doctor/doctor.js';
import { guestCheck } from '../commands/guest/check.js';
import { guestCloudInit } from '../commands/guest/cloud-init.js';
import { guestGenerator } from '../commands/guest/generator.js';
import { guestInstall } from '../commands/guest/install.js';
import { guestScript } from '../commands/guest/script.js';
import { guestUnits } from '../commands/guest/units.js';
import { list } from '../commands/list/list.js';
import { nc } from '../commands/proxy/nc.js';
import { proxy } from '../commands/proxy/proxy.js';
import { resolveCommand } from '../commands/proxy/resolve.js';
import { forget } from '../commands/ssh/forget.js';
import { toolCommands } from '../commands/ssh/ssh.js';
import { guid } from '../commands/windows/guid.js';
import { port } from '../commands/windows/port.js';
import { serviceList, serviceRegister, serviceUnregister } from '../commands/windows/service.js';

/** Every command; one of a group has both words in its name. */
export const commands: readonly Command<unknown>[] = [
  ...[list, ...toolCommands, proxy, check, nc, resolveCommand, forget],
  ...[configInstall, configUninstall, configDiff, configPrint, completion],
  ...[doctor, guestInstall, guestScript, guestUnits, guestGenerator, guestCloudInit, guestCheck],
  ...[guid, port, serviceList, serviceRegister, serviceUnregister],
];
