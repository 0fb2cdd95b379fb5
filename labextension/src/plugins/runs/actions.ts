/** What a card in JupyterLab can do with its run: each action is a command that is there. */

import type { CommandRegistry } from '@lumino/commands';
import { Commands, ComputeCommands, RepeatCommands } from '../../tokens';
import type { Actions } from '../../views/run/actions';

export function actionsOf(registry: CommandRegistry, runId: string): Actions {
  const act = (command: string): (() => void) | undefined =>
    registry.hasCommand(command) ? () => void registry.execute(command, { runId }) : undefined;
  return {
    goToLine: act(Commands.goToLine),
    clone: act(RepeatCommands.clone),
    retry: act(RepeatCommands.retry),
    compare: act(RepeatCommands.compareBefore),
    openTarget: registry.hasCommand(ComputeCommands.open)
      ? (name, workspace) => void registry.execute(ComputeCommands.open, { name, workspace })
      : undefined
  };
}
