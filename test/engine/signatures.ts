import type * as nodeChild from 'node:child_process';
import type * as nodeCrypto from 'node:crypto';
import type * as nodeDns from 'node:dns/promises';
import type * as nodeEvents from 'node:events';
import type * as nodeFs from 'node:fs';
import type * as nodeFsPromises from 'node:fs/promises';
import type * as nodeNet from 'node:net';
import type * as nodeOs from 'node:os';
import type * as nodePath from 'node:path';
import type * as nodeTimers from 'node:timers/promises';
import type * as nodeTty from 'node:tty';
import type * as nodeUtil from 'node:util';
import type { EngineBuffer } from '../../src/engine/bytes.js';
import type * as engineChild from '../../src/engine/node/child_process.js';
import type * as engineCrypto from '../../src/engine/node/crypto.js';
import type * as engineDns from '../../src/engine/node/dns/promises.js';
import type * as engineEvents from '../../src/engine/node/events.js';
import type * as engineFsPromises from '../../src/engine/node/fs/promises.js';
import type * as engineFs from '../../src/engine/node/fs.js';
import type * as engineNet from '../../src/engine/node/net.js';
import type * as engineOs from '../../src/engine/node/os.js';
import type * as enginePath from '../../src/engine/node/path.js';
import type * as engineTimers from '../../src/engine/node/timers/promises.js';
import type * as engineTty from '../../src/engine/node/tty.js';
import type * as engineUtil from '../../src/engine/node/util.js';
import type { EngineProcess } from '../../src/engine/process.js';

/** The type checker refuses a signature of the engine's that Node's function would not serve. */
type Serves<Node extends Engine, Engine> = [Node, Engine];
type But<T, K extends string> = Omit<T, K | 'default'>;
/** Of a class, what others see. */
type Seen<T> = Pick<T, keyof T>;
/** The type checker refuses a name of the engine's that Node has not, but for its own. */
type Names<Node extends Record<Exclude<Extract<keyof Engine, string>, Own>, unknown>, Engine, Own = never> = [
  Node,
  Own,
];
/** The type checker refuses an option of the engine's that Node would not take. */
type Takes<Node, Engine extends Node> = [Node, Engine];

type Utf8 = { encoding: 'utf8' };
/** What a stream's two sides see of it. */
type Sides = 'open' | 'isRead' | 'readEnded' | 'writeFinished' | 'failed';

export type Signatures = [
  Serves<typeof nodeFs, But<typeof engineFs, never>>,
  Serves<typeof nodeFsPromises, But<typeof engineFsPromises, never>>,
  Serves<typeof nodePath, But<typeof enginePath, never>>,
  Serves<typeof nodeOs, But<typeof engineOs, never>>,
  Serves<typeof nodeCrypto, But<typeof engineCrypto, 'generateKeyPair'>>,
  Serves<typeof nodeDns, But<typeof engineDns, never>>,
  Serves<typeof nodeTimers, But<typeof engineTimers, never>>,
  Serves<typeof nodeTty, But<typeof engineTty, 'WriteStream'>>,
  Serves<typeof nodeUtil, But<typeof engineUtil, never>>,
  Serves<Buffer, Seen<EngineBuffer>>,
  Names<typeof nodeChild, typeof engineChild>,
  Names<Required<nodeChild.ChildProcess>, engineChild.ChildProcess>,
  Takes<nodeChild.SpawnOptions, Omit<engineChild.SpawnOptions, 'stdio'>>,
  Takes<nodeChild.SpawnSyncOptionsWithStringEncoding, Parameters<typeof engineChild.spawnSync>[2] & Utf8>,
  Names<typeof nodeNet, typeof engineNet>,
  Names<nodeNet.Socket, engineNet.Socket, Sides>,
  Names<nodeNet.Server, engineNet.Server>,
  Takes<nodeNet.ServerOpts, engineNet.ServerOptions>,
  Names<nodeEvents.EventEmitter, engineEvents.EventEmitter>,
  Names<Required<NodeJS.Process>, EngineProcess>,
];
