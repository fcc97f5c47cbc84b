import { check } from './check.js';
import type { Command } from './command.js';
import { completion } from './completion.js';
import { configDiff } from './config-diff.js';
import { configInstall } from './config-install.js';
import { configPrint } from './config-print.js';
import { configUninstall } from './config-uninstall.js';
import { doctor } from './doctor.js';
import { forget } from './forget.js';
import { guestCheck } from './guest-check.js';
import { guestCloudInit } from './guest-cloud-init.js';
import { guestGenerator } from './guest-generator.js';
import { guestInstall } from './guest-install.js';
import { guestScript } from './guest-script.js';
import { guestUnits } from './guest-units.js';
import { guid } from './guid.js';
import { list } from './list.js';
import { nc } from './nc.js';
import { port } from './port.js';
import { proxy } from './proxy.js';
import { resolveCommand } from './resolve.js';
import { serviceList, serviceRegister, serviceUnregister } from './service.js';
import { toolCommands } from './ssh.js';

/** Every command; one of a group has both words in its name. */
export const commands: readonly Command<unknown>[] = [
  ...[list, ...toolCommands, proxy, check, nc, resolveCommand, forget],
  ...[configInstall, configUninstall, configDiff, configPrint, completion],
  ...[doctor, guestInstall, guestScript, guestUnits, guestGenerator, guestCloudInit, guestCheck],
  ...[guid, port, serviceList, serviceRegister, serviceUnregister],
];
