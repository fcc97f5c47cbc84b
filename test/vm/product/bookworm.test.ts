import { productSuite } from './suite.js';

productSuite('bookworm');
