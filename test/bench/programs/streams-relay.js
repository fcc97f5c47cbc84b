// A relay as Node's streams make it: what a proxy would be without native code. streams-relay.js SOCKET
import { connect } from 'node:net';

const socket = connect({ path: process.argv[2], allowHalfOpen: true });
process.stdin.pipe(socket).pipe(process.stdout);
