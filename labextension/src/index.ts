/** The list of plugins, no more. */

import { server } from './plugins/common/server';
import { compare } from './plugins/compare/compare';
import { compute, computeSection } from './plugins/compute/compute';
import { kernels } from './plugins/compute/kernels';
import { targets } from './plugins/compute/targets';
import { data } from './plugins/data/data';
import { dataList, dataSection } from './plugins/data/list';
import { environments } from './plugins/environments/environments';
import { environmentsList, environmentsSection } from './plugins/environments/list';
import { notices } from './plugins/environments/notices';
import { models } from './plugins/models/models';
import { modelsList, modelsSection } from './plugins/models/list';
import { active } from './plugins/runs/active';
import { commands } from './plugins/runs/commands';
import { keep } from './plugins/runs/keep';
import { library } from './plugins/runs/library';
import { links } from './plugins/runs/links';
import { origin } from './plugins/runs/origin';
import { renderer } from './plugins/runs/renderer';
import { runs, runsSection } from './plugins/runs/runs';
import { sidebar } from './plugins/sidebar/sidebar';
import { repeat } from './plugins/submit/repeat';
import { submit } from './plugins/submit/submit';

export default [
  server,
  library,
  renderer,
  keep,
  sidebar,
  active,
  runs,
  runsSection,
  commands,
  origin,
  links,
  compare,
  repeat,
  submit,
  environmentsList,
  environmentsSection,
  environments,
  compute,
  computeSection,
  kernels,
  targets,
  notices,
  dataList,
  dataSection,
  data,
  modelsList,
  modelsSection,
  models
];
