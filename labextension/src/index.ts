/** The list of plugins, no more. */

import { active } from './plugins/runs/active';
import { commands } from './plugins/runs/commands';
import { compare } from './plugins/compare/compare';
import { environments } from './plugins/environments/environments';
import { keep } from './plugins/runs/keep';
import { kernels } from './plugins/compute/kernels';
import { library } from './plugins/runs/library';
import { notices } from './plugins/environments/notices';
import { renderer } from './plugins/runs/renderer';
import { repeat } from './plugins/submit/repeat';
import { runs } from './plugins/runs/runs';
import { server } from './plugins/common/server';
import { submit } from './plugins/submit/submit';

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
