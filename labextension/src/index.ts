/** The list of plugins, no more. */

import { active } from './plugins/active';
import { commands } from './plugins/commands';
import { compare } from './plugins/compare';
import { environments } from './plugins/environments';
import { keep } from './plugins/keep';
import { kernels } from './plugins/kernels';
import { library } from './plugins/library';
import { notices } from './plugins/notices';
import { renderer } from './plugins/renderer';
import { repeat } from './plugins/repeat';
import { runs } from './plugins/runs';
import { server } from './plugins/server';
import { submit } from './plugins/submit';

export default [
  server,
  library,
  renderer,
  keep,
  runs,
  commands,
  compare,
  repeat,
  submit,
  active,
  environments,
  kernels,
  notices
];
