/** The fields that all dialogs of submitting have; what was chosen last for a file is chosen again. */

import type { IStateDB } from '@jupyterlab/statedb';
import { offered } from '../../models/common/options';
import { chosen, environmentOptions } from '../../models/submit/choices';
import type { Choices, ChoicesOfFiles } from '../../models/submit/choices';
import { experimentOf } from '../../models/submit/submitting';
import type { Rest, Trans } from '../../tokens';
import { check, isChecked } from '../common/form';
import type { Answer, Field } from '../common/form';
import { Memory } from '../common/memory';
import { LOCAL } from './setting';

interface Remembered {
  files: ChoicesOfFiles;
}

/** What is offered for a file, and how the answer is read. */
export interface Offer {
  fields: Field[];
  argumentsField(): Field;
  /** None where the server has no folder of the file. */
  folderField(folder: string | null): Field[];
  read(answer: Answer): { displayName: string; choices: Choices };
  /** Choose this again the next time. */
  keep(choices: Choices): void;
}

export class Offers {
  constructor(
    private readonly rest: Rest,
    states: IStateDB | null,
    private readonly trans: Trans
  ) {
    this.memory = new Memory<Remembered>(states, 'jupyter-aml:submit', { files: {} });
    this.recalled = this.memory.recall();
  }

  /** Ask the server what there is; `ofKernel` says what runs are executed with by default. */
  async of(path: string, workspace: string, ofKernel: string): Promise<Offer> {
    const { memory, rest, trans } = this;
    const [experiments, environments, targets] = await Promise.all([
      rest.experiments(workspace),
      rest.environments(workspace),
      rest.targets(workspace),
      this.recalled
    ]);
    const before = memory.value.files[path] ?? defaults(path);
    const inOptions = environmentOptions(environments, ofKernel, trans);
    const onOptions = targets.map(({ name }) => ({ value: name, label: name }));
    const fields = [
      {
        name: 'experiment',
        label: trans('Experiment'),
        value: before.experiment,
        otherwise: experimentOf(path),
        suggestions: experiments.map(({ name }) => name)
      },
      { name: 'name', label: trans('Name of the run'), value: '' },
      {
        name: 'environment',
        label: trans('Environment'),
        value: offered(inOptions, before.environment),
        options: inOptions
      },
      {
        name: 'compute',
        label: trans('Compute target'),
        value: offered(onOptions, before.compute),
        options: onOptions
      }
    ];
    return {
      fields,
      argumentsField: () => ({
        name: 'arguments',
        label: trans('Arguments'),
        value: before.arguments,
        note: trans('as in a shell')
      }),
      folderField: folder => (folder === null ? [] : [folderField(before.withFolder, trans)]),
      read: answer => ({ displayName: textOf(answer, 'name'), choices: choicesOf(answer, path) }),
      keep: choices => memory.keep({ files: chosen(memory.value.files, path, choices) })
    };
  }

  private readonly memory: Memory<Remembered>;
  private readonly recalled: Promise<boolean>;
}

/** What a line takes that names nothing. */
function defaults(path: string): Choices {
  return {
    experiment: experimentOf(path),
    environment: '',
    compute: LOCAL,
    arguments: '',
    withFolder: true
  };
}

function choicesOf(answer: Answer, path: string): Choices {
  return {
    experiment: textOf(answer, 'experiment') || experimentOf(path),
    environment: textOf(answer, 'environment'),
    compute: textOf(answer, 'compute'),
    arguments: textOf(answer, 'arguments'),
    withFolder: isChecked(answer, 'folder')
  };
}

function textOf(answer: Answer, name: string): string {
  return answer.get(name)?.trim() ?? '';
}

function folderField(isOn: boolean, trans: Trans): Field {
  const label = trans('Send the files of its folder along');
  return { name: 'folder', label, value: check(isOn), isCheck: true };
}
