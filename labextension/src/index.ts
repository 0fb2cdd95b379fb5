/** The list of plugins, no more. */

import { server } from './plugins/common/server';
import { compare } from './plugins/compare/compare';
import { kernels } from './plugins/compute/kernels';
import { environments } from './plugins/environments/environments';
import { notices } from './plugins/environments/notices';
import { active } from './plugins/runs/active';
import { commands } from './plugins/runs/commands';
import { keep } from './plugins/runs/keep';
import { library } from './plugins/runs/library';
import { renderer } from './plugins/runs/renderer';
import { runs } from './plugins/runs/runs';
import { repeat } from './plugins/submit/repeat';
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
