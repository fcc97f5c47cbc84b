import { productSuite } from './suite.js';

productSuite('sid');
