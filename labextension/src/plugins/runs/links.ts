/** Addresses that open something: `lab?aml=run:<id>`, an experiment's, a compute target's. */

import { IRouter } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import { targetOf, withoutTarget } from '../../models/common/links';
import { Commands, ComputeCommands, ISidebar } from '../../tokens';
import { ITargetPages } from '../compute/targets';
import { IRunOfCommand } from './commands';
import { IRunLibrary } from './library';

const FOLLOW = 'jupyter-aml:follow-link';

/** Follows what `get_portal_url()` of runs and experiments gives. */
export const links: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:links',
  description: 'Opens the run, the experiment or the compute target that an address names.',
  autoStart: true,
  // The commands must be there before an address is followed.
  requires: [IRunLibrary, ISidebar, IRunOfCommand, IRouter],
  optional: [ITargetPages],
  activate: (app: JupyterFrontEnd, library: IRunLibrary, sidebar: ISidebar, _: unknown, router) => {
    const routing = router as IRouter;
    app.commands.addCommand(FOLLOW, {
      label: library.trans('Follow a link of AML'),
      describedBy: { args: { type: 'object', properties: { search: { type: 'string' } } } },
      isVisible: () => false,
      execute: args => {
        const { path, search, hash } = args as unknown as IRouter.ILocation;
        if (/[?&](reset|clone)([=&]|$)/.test(search ?? '')) {
          return; // JupyterLab empties the page first, and comes back to the address then.
        }
        // The application is restored when its address was routed, so nothing here may wait for it.
        void app.restored.then(async () => {
          // What is reloaded or kept as a bookmark later is the page itself.
          routing.navigate(`${path ?? ''}${withoutTarget(search ?? '')}${hash ?? ''}`, {
            skipRouting: true
          });
          await open(app, sidebar, library, search ?? '');
        });
      }
    });
    routing.register({ command: FOLLOW, pattern: /[?&]aml=/, rank: 30 });
  }
};

async function open(
  app: JupyterFrontEnd,
  sidebar: ISidebar,
  { trans }: IRunLibrary,
  search: string
): Promise<void> {
  const target = targetOf(search);
  if (target === null) {
    const words = trans(
      'The address names no run, no experiment and no compute target: %1',
      // JupyterLab may have escaped it on the way.
      `?aml=${new URLSearchParams(search).get('aml') ?? ''}`
    );
    // Not a toast, which JupyterLab may not show while its page is being made.
    await showErrorMessage(trans('A link of AML'), words);
  } else if (target.kind === 'run') {
    await app.commands.execute(Commands.open, { runId: target.name });
  } else if (target.kind === 'compute') {
    const { name, workspace } = target;
    await app.commands.execute(ComputeCommands.open, { name, workspace });
  } else {
    sidebar.turnTo(target.workspace);
    await app.commands.execute(Commands.show, { filter: `experiment:${target.name}` });
  }
}
