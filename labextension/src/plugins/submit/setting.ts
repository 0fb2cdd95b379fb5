/** Where a file lies, and with what a kernel executes. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { KernelSpec } from '@jupyterlab/services';
import type { Setting } from '../../models/submit/submitting';
import type { IServer, Trans } from '../../tokens';
import type { WireEnvironment } from '../../wire';

/** Below this key of a kernelspec's metadata stands of which environment it is. */
const OURS = 'jupyter_aml';
const PYTHON = 'python';
/** The target that a line takes which names none. */
export const LOCAL = 'local';
const PLAIN_PYTHON = /^python[\d.]*$/;

/** Where files of a Jupyter server begin on its disk; null where they are not on one. */
export async function folderOf(
  app: JupyterFrontEnd,
  server: IServer,
  path: string
): Promise<string | null> {
  const { contents } = app.serviceManager;
  const drive = contents.driveName(path);
  const { folder } = await server.rest.kernels();
  if (folder === null || (drive !== '' && drive !== 'RTC')) {
    return null;
  }
  const parts = contents.localPath(path).split('/').slice(0, -1);
  return [folder.replace(/\/$/, ''), ...parts].join('/');
}

/** What runs are executed with by default, in words. */
export async function kernelLabel(
  app: JupyterFrontEnd,
  kernel: string | null,
  trans: Trans
): Promise<string> {
  const spec = await specOf(app, kernel, trans);
  const { environment, version } = managedBy(spec);
  const label = environment && version ? `${environment}:${version}` : environment;
  const shown = label ?? spec?.display_name ?? PYTHON;
  return kernel === null
    ? trans('That of the default kernel: %1', shown)
    : trans('That of the kernel: %1', shown);
}

/** What was said of where a run is to be; empty for what a kernel of this name has. */
export interface Wanted {
  kernel: string | null;
  environment?: string;
  compute?: string;
}

/** In the environment that was chosen or is the kernel's, else with the kernel's interpreter. */
export async function settingOf(
  app: JupyterFrontEnd,
  server: IServer,
  workspace: string,
  wanted: Wanted,
  trans: Trans
): Promise<Setting> {
  const spec = await specOf(app, wanted.kernel, trans);
  const program = spec?.argv[0] ?? PYTHON;
  const { python } = await server.rest.kernels();
  const named = wanted.environment ? { environment: wanted.environment } : managedBy(spec);
  return {
    workspace,
    interpreter: PLAIN_PYTHON.test(program) ? python : program,
    environment: named.environment ? await environmentOf(server, workspace, named) : null,
    target: wanted.compute || LOCAL
  };
}

function environmentOf(
  server: IServer,
  workspace: string,
  named: Managed
): Promise<WireEnvironment> {
  const { environment = '', version } = named;
  return server.rest.environment({
    workspace: named.workspace ?? workspace,
    name: environment,
    version
  });
}

type Spec = KernelSpec.ISpecModel | undefined;

/** The kernelspec of this name, or without a name the one that notebooks get by default. */
async function specOf(app: JupyterFrontEnd, kernel: string | null, trans: Trans): Promise<Spec> {
  const { kernelspecs } = app.serviceManager;
  await kernelspecs.ready;
  const name = kernel ?? kernelspecs.specs?.default ?? '';
  const spec = kernelspecs.specs?.kernelspecs[name];
  if (spec && spec.language.toLowerCase() !== PYTHON) {
    throw new Error(trans('The kernel %1 speaks %2; runs are Python.', name, spec.language));
  }
  return spec;
}

/** What a kernelspec tells of the environment that it was made of. */
type Managed = Partial<Record<'workspace' | 'environment' | 'version', string>>;

function managedBy(spec: Spec): Managed {
  return (spec?.metadata?.[OURS] ?? {}) as Managed;
}
