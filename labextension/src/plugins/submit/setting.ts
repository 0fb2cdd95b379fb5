import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { Setting } from '../../models/submit/submitting';
import type { IServer, Trans } from '../../tokens';

/** Below this key of a kernelspec's metadata stands of which environment it is. */
const OURS = 'jupyter_aml';
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

/** With what a kernel executes: in its environment, if that is one of ours, else its interpreter. */
export async function settingOf(
  app: JupyterFrontEnd,
  server: IServer,
  workspace: string,
  kernel: string | null,
  trans: Trans
): Promise<Setting> {
  const { kernelspecs } = app.serviceManager;
  await kernelspecs.ready;
  const name = kernel ?? kernelspecs.specs?.default ?? '';
  const spec = kernelspecs.specs?.kernelspecs[name];
  if (spec && spec.language.toLowerCase() !== 'python') {
    throw new Error(trans('The kernel %1 speaks %2; runs are Python.', name, spec.language));
  }
  const told = spec?.metadata?.[OURS] as Partial<Record<string, string>> | undefined;
  if (told?.environment) {
    const wanted = {
      workspace: told.workspace ?? workspace,
      name: told.environment,
      version: told.version ?? undefined
    };
    const { definition } = await server.rest.environment(wanted);
    return { workspace, interpreter: 'python', environment: definition };
  }
  const program = spec?.argv[0] ?? 'python';
  const { python } = await server.rest.kernels();
  const interpreter = PLAIN_PYTHON.test(program) ? python : program;
  return { workspace, interpreter, environment: null };
}
