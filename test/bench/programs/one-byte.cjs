'use strict';

const { writeSync } = require('node:fs');

writeSync(1, 'SSH-\n');
