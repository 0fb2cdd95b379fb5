import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import type { Cell, CodeCellModel } from '@jupyterlab/cells';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { PartialJSONObject, ReadonlyJSONObject } from '@lumino/coreutils';
import {
  cellBody,
  notebookBody,
  parametersOf,
  scriptBody,
  sendsItself,
  typed,
  wordsOf
} from '../../models/submit/submitting';
import type { Parameter } from '../../models/submit/submitting';
import { Commands, IServer, SubmitCommands } from '../../tokens';
import type { Trans } from '../../tokens';
import { RUN_MIME } from '../../wire';
import type { WireBundle, WireRun } from '../../wire';
import { attempt } from '../common/attempt';
import { askFor, isChecked } from '../common/form';
import type { Field, Part } from '../common/form';
import { sendIcon } from '../common/icons';
import { IRunLibrary } from '../runs/library';
import { IRunsPanel } from '../runs/runs';
import { folderOf, settingOf } from './setting';

const PARAMETERS = 'parameters';
const NO_ARGUMENTS: { args: ReadonlyJSONObject } = { args: { type: 'object', properties: {} } };
const FILE_ARGUMENTS: { args: ReadonlyJSONObject } = {
  args: {
    type: 'object',
    properties: {
      path: {
        type: 'string',
        description: 'The path of the script; without it, the one that is selected.'
      }
    }
  }
};

/** Sends off what is open or selected: a cell, a notebook, a script. */
export const submit: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-aml:submit',
  description: 'Runs cells, notebooks and scripts as experiments.',
  autoStart: true,
  requires: [IServer, IRunLibrary, IRunsPanel],
  optional: [INotebookTracker, IDefaultFileBrowser, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    server: IServer,
    { trans }: IRunLibrary,
    panel: IRunsPanel,
    notebooks: INotebookTracker | null,
    files: IDefaultFileBrowser | null,
    palette: ICommandPalette | null
  ) => {
    const sender = new Sender(app, server, panel, trans);
    if (notebooks) {
      addNotebookCommands(app, sender, notebooks, trans);
      palette?.addItem({ command: SubmitCommands.cell, category: 'AML' });
      palette?.addItem({ command: SubmitCommands.notebook, category: 'AML' });
    }
    const selected = (path: unknown): string | null => {
      const found = typeof path === 'string' ? path : files?.selectedItems().next().value?.path;
      return found?.endsWith('.py') ? found : null;
    };
    app.commands.addCommand(SubmitCommands.file, {
      label: trans('Run as experiment'),
      caption: trans('Run the script as a tracked experiment'),
      icon: sendIcon,
      describedBy: FILE_ARGUMENTS,
      isVisible: args => selected(args.path) !== null,
      execute: args =>
        attempt(trans('The script cannot be run'), async () => {
          const path = selected(args.path);
          if (path !== null) {
            await sender.sendFile(path);
          }
        })
    });
  }
};

function addNotebookCommands(
  app: JupyterFrontEnd,
  sender: Sender,
  notebooks: INotebookTracker,
  trans: Trans
): void {
  const isCode = (): boolean => notebooks.activeCell?.model.type === 'code';
  app.commands.addCommand(SubmitCommands.cell, {
    label: trans('Run as experiment'),
    caption: trans('Run this cell as a tracked experiment, also while the kernel is busy'),
    icon: sendIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: isCode,
    isVisible: isCode,
    execute: () =>
      attempt(trans('The cell cannot be run'), async () => {
        const { currentWidget, activeCell } = notebooks;
        if (currentWidget && activeCell) {
          await sender.sendCell(currentWidget, activeCell);
        }
      })
  });
  app.commands.addCommand(SubmitCommands.notebook, {
    label: trans('Submit notebook…'),
    caption: trans('Run the whole notebook as a tracked experiment, with parameters'),
    icon: sendIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => notebooks.currentWidget !== null,
    execute: () =>
      attempt(trans('The notebook cannot be run'), async () => {
        if (notebooks.currentWidget) {
          await sender.sendNotebook(notebooks.currentWidget);
        }
      })
  });
}

/** Makes runs of what is open in the page. */
class Sender {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly server: IServer,
    private readonly panel: IRunsPanel,
    private readonly trans: Trans
  ) {}

  async sendCell(panel: NotebookPanel, cell: Cell): Promise<void> {
    const code = cell.model.sharedModel.getSource();
    if (sendsItself(code)) {
      await this.app.commands.execute('notebook:run-cell');
      return;
    }
    const { path } = panel.context;
    const model = cell.model as CodeCellModel;
    const origin = { notebook: path, cellId: model.id, executionCount: null };
    const job = { code, path, origin, cells: otherCells(panel.content.model, model) };
    const run = await this.server.rest.submit(cellBody(job, await this.settingOf(panel)));
    this.panel.model.take(run);
    if (!model.isDisposed) {
      showRun(model, run);
    }
  }

  async sendNotebook(panel: NotebookPanel): Promise<void> {
    const { trans } = this;
    const { context } = panel;
    const model = panel.content.model;
    if (!model) {
      return;
    }
    const parameters = parametersOf(parametersCell(model));
    const folder = await folderOf(this.app, this.server, context.path);
    const answer = await askFor(
      trans('Submit %1', context.path.split('/').at(-1)!),
      this.fieldsOf(parameters, folder),
      trans('Submit notebook')
    );
    if (!answer) {
      return;
    }
    const whole = isChecked(answer, 'folder');
    if (whole && model.dirty) {
      await context.save();
    }
    const body = notebookBody(
      {
        path: context.path,
        content: JSON.stringify(model.toJSON()),
        parameters: given(parameters, answer),
        displayName: answer.get('name')!.trim(),
        folder: whole ? folder : null
      },
      await this.settingOf(panel)
    );
    await this.open(await this.server.rest.submit(body));
  }

  async sendFile(path: string): Promise<void> {
    const { trans } = this;
    const folder = await folderOf(this.app, this.server, path);
    const fields: Field[] = [
      { name: 'arguments', label: trans('Arguments'), value: '', note: trans('as in a shell') }
    ];
    if (folder !== null) {
      fields.push(this.folderField());
    }
    const answer = await askFor(
      trans('Run %1 as experiment', path.split('/').at(-1)!),
      fields,
      trans('Run')
    );
    if (answer) {
      const file = await this.app.serviceManager.contents.get(path, {
        type: 'file',
        format: 'text',
        content: true
      });
      const job = {
        path,
        content: String(file.content),
        arguments: wordsOf(answer.get('arguments')!),
        folder: isChecked(answer, 'folder') ? folder : null
      };
      const by = await settingOf(this.app, this.server, this.workspace, null, trans);
      await this.open(await this.server.rest.submit(scriptBody(job, by)));
    }
  }

  private get workspace(): string {
    return this.panel.model.workspace;
  }

  private settingOf(panel: NotebookPanel): ReturnType<typeof settingOf> {
    const { session, kernelPreference } = panel.sessionContext;
    const kernel = session?.kernel?.name ?? kernelPreference.name ?? null;
    return settingOf(this.app, this.server, this.workspace, kernel, this.trans);
  }

  private async open(run: WireRun): Promise<void> {
    this.panel.model.take(run);
    await this.app.commands.execute(Commands.open, { runId: run.runId });
  }

  private folderField(): Field {
    const label = this.trans('Send the files of its folder along');
    return { name: 'folder', label, value: 'yes', isCheck: true };
  }

  private fieldsOf(parameters: Parameter[], folder: string | null): Part[] {
    const { trans } = this;
    const heading =
      parameters.length > 0
        ? { heading: trans('Parameters') }
        : { remark: trans('No parameters: give a cell that sets some the tag “parameters”.') };
    return [
      { name: 'name', label: trans('Name of the run'), value: '' },
      heading,
      ...parameters.map(({ name, text, note }) => ({
        name: `parameter ${name}`,
        label: name,
        value: text,
        note
      })),
      ...(folder === null ? [] : [this.folderField()])
    ];
  }
}

/** The code of a notebook's other cells, by the count with which they were executed. */
function otherCells(notebook: INotebookModel | null, own: CodeCellModel): Record<string, string> {
  const found: Record<string, string> = {};
  for (const cell of notebook?.cells ?? []) {
    if (cell.type === 'code' && cell !== own) {
      const { executionCount, sharedModel } = cell as CodeCellModel;
      if (executionCount !== null) {
        found[executionCount] = sharedModel.getSource();
      }
    }
  }
  return found;
}

function parametersCell(notebook: INotebookModel): string {
  for (const cell of notebook.cells) {
    const tags = cell.getMetadata('tags') as unknown;
    if (cell.type === 'code' && Array.isArray(tags) && tags.includes(PARAMETERS)) {
      return cell.sharedModel.getSource();
    }
  }
  return '';
}

/** The parameters whose values are known: those of the cell, and what was typed instead. */
function given(
  parameters: Parameter[],
  answer: ReadonlyMap<string, string>
): Record<string, unknown> {
  const values = parameters.flatMap(({ name, text }): [string, unknown][] => {
    const said = answer.get(`parameter ${name}`) ?? text;
    const value = typed(said);
    // What the cell computes is left to the cell.
    return said === text && value === text ? [] : [[name, value]];
  });
  return Object.fromEntries(values);
}

/** Show the run below its cell, in place of an earlier one. */
function showRun({ outputs }: CodeCellModel, run: WireRun): void {
  const bundle: WireBundle = {
    version: 1,
    runId: run.runId,
    workspace: run.workspace,
    show: 'full',
    snapshot: null
  };
  const others = outputs.toJSON().filter(output => {
    const data = output.data as Record<string, unknown> | undefined;
    return !(data && RUN_MIME in data);
  });
  outputs.fromJSON([
    ...others,
    {
      output_type: 'display_data',
      metadata: {},
      data: {
        [RUN_MIME]: bundle as unknown as PartialJSONObject,
        'text/plain': `Run ${run.runId}`
      }
    }
  ]);
  if (run.warnings.length > 0) {
    Notification.warning(run.warnings[0].slice(0, 140));
  }
}
