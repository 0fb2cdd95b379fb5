/** The plugin that tells of active runs wherever Lab tells of what goes on. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { IRunningSessionManagers } from '@jupyterlab/running';
import type { IRunningSessions } from '@jupyterlab/running';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Token } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import * as React from 'react';
import { cause, numbered } from '../../models/common/words';
import { ActiveRuns } from '../../models/runs/active';
import { Commands, IServer, ISidebar } from '../../tokens';
import type { Trans } from '../../tokens';
import { useSignal } from '../../views/common/hooks';
import type { WireRun } from '../../wire';
import { flaskIcon } from '../common/icons';
import { IRunLibrary } from './library';

const SETTINGS = 'jupyter-aml:commands';
const LONGEST = 140;

type Told = 'off' | 'failures' | 'all';

/** The runs of the workspace that go on. */
export type IActiveRuns = ActiveRuns;

export const IActiveRuns = new Token<IActiveRuns>(
  'jupyter-aml:IActiveRuns',
  'The runs of the workspace that have not ended yet.'
);

/** Tells how many runs are active: in the status bar, in the Running panel, and when one ends. */
export const active: JupyterFrontEndPlugin<IActiveRuns> = {
  id: 'jupyter-aml:active',
  description: 'Shows the active runs in the status bar and the Running panel; tells of their end.',
  autoStart: true,
  requires: [IServer, IRunLibrary, ISidebar],
  optional: [IStatusBar, IRunningSessionManagers, ISettingRegistry],
  provides: IActiveRuns,
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    sidebar: ISidebar,
    statusBar: IStatusBar | null,
    running: IRunningSessionManagers | null,
    settings: ISettingRegistry | null
  ) => {
    const runs = new ActiveRuns(server, sidebar.workspace);
    const follow = (): void => runs.show(sidebar.workspace);
    sidebar.changed.subscribe(follow);
    let told: Told = 'off';
    runs.onEnd = run => tell(app, run, told, trans);
    if (settings) {
      void settings.load(SETTINGS).then(loaded => {
        const read = (): void => void (told = loaded.get('notifications').composite as Told);
        loaded.changed.connect(read);
        read();
      });
    }
    statusBar?.registerStatusItem('jupyter-aml:active', {
      item: new StatusItem(app, runs, trans),
      align: 'left',
      rank: 10
    });
    running?.add(new Manager(app, runs, server, trans));
    // Nobody waits for this number while the page is still being made.
    void app.restored.then(() => {
      follow();
      runs.start();
    });
    return runs;
  }
};

function tell(app: JupyterFrontEnd, run: WireRun, told: Told, trans: Trans): void {
  const hasFailed = run.status === 'Failed';
  if (told !== 'all' && !(told === 'failures' && hasFailed)) {
    return;
  }
  const name = `${run.experiment} #${run.number}`;
  const what = run.error
    ? trans('%1 failed: %2', name, cause(run.error))
    : trans(run.status === 'Canceled' ? '%1 was canceled' : '%1 is completed', name);
  Notification.emit(what.slice(0, LONGEST), hasFailed ? 'error' : 'success', {
    autoClose: hasFailed ? false : 5000,
    actions: [
      {
        label: trans('Open run'),
        callback: () => void app.commands.execute(Commands.open, { runId: run.runId })
      }
    ]
  });
}

/** The number of active runs, at the bottom of the page. */
class StatusItem extends ReactWidget {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly runs: ActiveRuns,
    private readonly trans: Trans
  ) {
    super();
    this.addClass('jp-aml-StatusItem');
  }

  protected override render(): JSX.Element {
    return (
      <Count
        runs={this.runs}
        trans={this.trans}
        open={() => void this.app.commands.execute(Commands.show, { filter: 'status:active' })}
      />
    );
  }
}

interface CountProps {
  runs: ActiveRuns;
  trans: Trans;
  open(): void;
}

function Count({ runs, trans, open }: CountProps): JSX.Element | null {
  useSignal(runs.changed, 250);
  if (!runs.isKnown || runs.runs.length === 0) {
    return null;
  }
  return (
    <button
      type="button"
      className="jp-aml-StatusItem-button"
      title={trans('Show the runs of workspace %1', runs.workspace)}
      onClick={open}
    >
      <flaskIcon.react tag="span" height="14px" width="14px" />
      {runs.words(trans)}
    </button>
  );
}

/** The active runs in the panel of what is running. */
class Manager implements IRunningSessions.IManager {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly runs: ActiveRuns,
    private readonly server: IServer,
    private readonly trans: Trans
  ) {
    this.name = trans('AML runs');
    this.shutdownLabel = trans('Cancel run');
    this.shutdownAllLabel = trans('Cancel all');
    runs.changed.subscribe(() => this.runningChanged.emit());
  }

  readonly name: string;
  readonly shutdownLabel: string;
  readonly shutdownAllLabel: string;
  readonly supportsMultipleViews = false;
  readonly runningChanged = new Signal<this, void>(this);

  get shutdownAllConfirmationText(): string {
    return this.trans('Cancel all active runs of workspace %1?', this.runs.workspace);
  }

  running(): IRunningSessions.IRunningItem[] {
    return this.runs.runs.map(run => this.item(run));
  }

  shutdownAll(): void {
    this.runs.runs.forEach(run => this.cancel(run));
  }

  refreshRunning(): void {
    void this.runs.refresh();
  }

  private item(run: WireRun): IRunningSessions.IRunningItem {
    return {
      open: () => void this.app.commands.execute(Commands.open, { runId: run.runId }),
      shutdown: () => this.cancel(run),
      icon: () => flaskIcon,
      label: () => numbered(run),
      labelTitle: () => `${run.experiment} #${run.number}\n${run.status}\n${run.reason ?? ''}`,
      detail: () => run.experiment
    };
  }

  private cancel(run: WireRun): void {
    void this.server.rest.cancel(run.runId).catch((error: Error) => {
      Notification.error(error.message.slice(0, LONGEST));
    });
  }
}
