import { tryWorlds } from './try-world.js';
import { worlds } from './worlds.js';

tryWorlds(worlds.filter(({ isFirst }) => !isFirst));
