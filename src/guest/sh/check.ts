import { answer } from './check/answer.js';
import { socket } from './check/socket.js';
import { system } from './check/system.js';
import { transport } from './check/transport.js';

/**
 * One function a failure; each says one line, with the evidence that it saw, and where it failed the cure. They are in
 * the order in which a connection meets them, and read only. src/guest/failures.ts lists the names.
 */
export const check = [system, transport, socket, answer].join('\n');
