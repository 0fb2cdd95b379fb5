/** The list of plugins, no more. */

import { compare } from './plugins/compare';
import { commands } from './plugins/commands';
import { environments } from './plugins/environments';
import { keep } from './plugins/keep';
import { kernels } from './plugins/kernels';
import { library } from './plugins/library';
import { notices } from './plugins/notices';
import { renderer } from './plugins/renderer';
import { server } from './plugins/server';
import { runs } from './plugins/runs';

export default [server, library, renderer, keep, runs, commands, compare, environments, kernels, notices];
