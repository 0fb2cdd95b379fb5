/** The list of plugins, no more. */

import { commands } from './plugins/commands';
import { keep } from './plugins/keep';
import { library } from './plugins/library';
import { renderer } from './plugins/renderer';
import { server } from './plugins/server';
import { runs } from './plugins/runs';

export default [server, library, renderer, keep, runs, commands];
