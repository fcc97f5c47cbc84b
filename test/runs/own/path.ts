import { resetPath } from '../../helpers/programs.js';

// No test finds a program of this system by chance, not in a process that ran other files either.
resetPath();
