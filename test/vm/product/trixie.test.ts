import { productSuite } from './suite.js';

productSuite('trixie');
