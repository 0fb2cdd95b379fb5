/** The targets of the workspace as a tree: below each one is what is on it. */

import * as React from 'react';
import { duration, elapsed, face, kernelFace, moment, numbered } from '../../models/common/words';
import {
  busyWords,
  nodesWords,
  numberWords,
  targetFace,
  troubleOf
} from '../../models/compute/faces';
import { canStop, isOwn, isScaled, targetCode } from '../../models/compute/targets';
import { targetNodes } from '../../models/compute/tree';
import type { TargetNode } from '../../models/compute/tree';
import { Commands, ComputeCommands, EnvironmentCommands } from '../../tokens';
import type { Trans } from '../../tokens';
import type { WireCompute, WireComputeKind } from '../../wire';
import { Button, Trouble } from '../common/Control';
import { useNow, useSignal, useTrans } from '../common/hooks';
import { Tree } from '../common/Tree';
import type { TreeRow } from '../common/Tree';
import type { ComputePaneProps } from './ComputePane';
import { NodeMarks } from './NodeMarks';

interface TargetRow extends TreeRow {
  node: TargetNode;
}

export function TargetsTree(props: ComputePaneProps & { filter: string }): JSX.Element {
  const { targets, run } = props;
  const trans = useTrans();
  const isAlone = targets.hasLoaded && !targets.rows.some(isOwn);
  return (
    <section className="jp-aml-Targets" aria-label={trans('Targets')}>
      <h3 className="jp-aml-Subheading">{trans('Targets')}</h3>
      {targets.problem !== null && (
        <Trouble
          text={targets.problem}
          label={trans('Try again')}
          mend={() => void targets.retry()}
        />
      )}
      {targets.hasLoaded ? (
        <Rows {...props} />
      ) : (
        targets.problem === null && <p className="jp-aml-Empty">{trans('Loading the targets')}</p>
      )}
      {isAlone && props.filter === '' && targets.kinds.length > 0 && (
        <div className="jp-aml-Empty jp-aml-Targets-first">
          <p>
            {trans(
              'Runs go to this machine. A cluster of nodes, or another machine, is a target of its own:'
            )}
          </p>
          <Button onClick={() => run(ComputeCommands.create)}>{trans('New compute target')}</Button>
        </div>
      )}
    </section>
  );
}

function Rows(props: ComputePaneProps & { filter: string }): JSX.Element {
  const { targets, kernels, active, memory, remember, filter, chosen, choose, run } = props;
  const trans = useTrans();
  useSignal(active.changed, 250);
  const nodes = targetNodes(
    {
      targets: targets.rows,
      runs: active.runs,
      kernels: kernels.running,
      specs: kernels.specs,
      open: new Set(memory.open),
      filter
    },
    trans
  );
  const now = useNow(nodes.some(node => node.kind === 'run'));
  const rows = nodes.map(node => rowOf(node, targets.kinds, now, trans));
  if (rows.length === 0) {
    return <p className="jp-aml-Empty">{trans('No target is like that.')}</p>;
  }
  const open = ({ node }: TargetRow): void => {
    if (node.kind === 'run') {
      run(Commands.open, { runId: node.run.runId });
    } else if (node.kind === 'kernel') {
      run(EnvironmentCommands.openKernel, { kernelId: node.kernel.kernelId });
    } else {
      run(ComputeCommands.open, { name: node.target.name });
    }
  };
  const walk = ({ node }: TargetRow): void => {
    choose(node.id, node.target.name);
    if (node.kind === 'kernel') {
      props.select(node.kernel.kernelId);
    }
  };
  return (
    <Tree
      label={trans('Compute targets')}
      rows={rows}
      chosen={chosen}
      act={row => {
        walk(row);
        // Links are followed by one press, as everywhere.
        if (row.node.kind === 'run') {
          open(row);
        }
      }}
      toggle={({ node }, isOpen) => {
        const others = memory.open.filter(name => name !== node.target.name);
        remember({ open: isOpen ? [...others, node.target.name] : others });
      }}
      open={open}
      walk={walk}
      leave={props.leave}
      remove={({ node }) => {
        if (node.kind === 'target' && isOwn(node.target)) {
          run(ComputeCommands.remove, { name: node.target.name });
        }
      }}
      drag={(event, { node }) => props.drag(event, targetCode(node.target, targets.workspace))}
    />
  );
}

function rowOf(
  node: TargetNode,
  kinds: readonly WireComputeKind[],
  now: number,
  trans: Trans
): TargetRow {
  const { id, depth, isOpen, target } = node;
  const row = { id, depth, isOpen, node, isFolder: false, number: '', tip: '' };
  switch (node.kind) {
    case 'target':
      return { ...row, ...rowOfTarget(target, kinds, trans) };
    case 'why': {
      const { text, isBad } = troubleOf(target);
      return {
        ...row,
        name: text ?? '',
        tip: text ?? '',
        className: `jp-aml-Target-why${isBad ? ' jp-mod-bad' : ''}`
      };
    }
    case 'nodes':
      return {
        ...row,
        name: trans('Nodes'),
        detail: nodesWords(target.nodes, trans),
        number: <NodeMarks nodes={target.nodes} most={8} />,
        tip: nodesWords(target.nodes, trans)
      };
    case 'waiting':
      return {
        ...row,
        mark: <Mark glyph="◌" tone="quiet" word="" />,
        name: target.waiting === 1 ? trans('1 run waits') : trans('%1 runs wait', target.waiting),
        tip: trans('The page of the target tells what each of them waits for.')
      };
    case 'nothing':
      return { ...row, name: trans('Nothing runs on it.'), className: 'jp-aml-Store-note' };
    case 'run': {
      const { run } = node;
      const seconds = elapsed(run, now);
      return {
        ...row,
        mark: (
          <Mark {...face(run.status)} status={run.status} word={trans(face(run.status).word)} />
        ),
        name: run.experiment,
        detail: numbered(run),
        number: seconds === null ? '' : duration(seconds),
        tip: [`${run.experiment} ${numbered(run)}`, moment(run.startedAt)].join('\n'),
        className: 'jp-aml-Target-run'
      };
    }
    case 'kernel': {
      const { kernel } = node;
      const { glyph, tone, word } = kernelFace(kernel.state);
      return {
        ...row,
        mark: <Mark glyph={glyph} tone={tone} word={trans('Kernel, %1', trans(word))} />,
        name: kernel.notebook?.split('/').at(-1) ?? kernel.displayName,
        detail: trans('kernel'),
        number: kernel.idle === null ? '' : duration(kernel.idle),
        tip: [kernel.notebook ?? '', kernel.displayName].filter(line => line).join('\n'),
        className: 'jp-aml-KernelItem'
      };
    }
    case 'other': {
      const { displayName, hasServer, notebook, reason, state } = node.other;
      const { glyph, tone, word } = kernelFace(state);
      const left = hasServer ? '' : trans('It has no Jupyter server.');
      return {
        ...row,
        mark: <Mark glyph={glyph} tone={tone} word={trans('Kernel, %1', trans(word))} />,
        name: notebook.split('/').at(-1) || displayName,
        detail: reason ?? (left || trans('kernel')),
        tip: [notebook, displayName, reason ?? '', left].filter(line => line).join('\n')
      };
    }
  }
}

function rowOfTarget(
  target: WireCompute,
  kinds: readonly WireComputeKind[],
  trans: Trans
): Pick<TargetRow, 'name' | 'mark' | 'detail' | 'number' | 'tip' | 'className' | 'isFolder'> {
  const found = targetFace(target);
  const word = trans(found.word);
  const words = [word, target.waiting > 0 ? trans('%1 waiting', target.waiting) : ''];
  return {
    name: target.name,
    mark: <Mark {...found} word="" />,
    detail: words.filter(each => each).join(' · '),
    number: numberWords(target, trans),
    tip: [
      `${target.name} · ${target.type} · ${word}`,
      target.description,
      busyWords(target, trans),
      troubleOf(target).text ?? ''
    ]
      .filter(line => line)
      .join('\n'),
    className: [
      'jp-aml-TargetItem',
      isOwn(target) ? 'jp-mod-own' : '',
      isScaled(target, kinds) ? 'jp-mod-nodes' : '',
      canStop(target) ? (target.isStopped ? 'jp-mod-stopped' : 'jp-mod-started') : ''
    ]
      .filter(name => name)
      .join(' '),
    isFolder: true
  };
}

interface MarkProps {
  glyph: string;
  tone: string;
  /** The state, where it is not said beside it. */
  word: string;
  status?: string;
}

/** A state as a shape; what it means is said, too. */
function Mark({ glyph, tone, word, status }: MarkProps): JSX.Element {
  return (
    <>
      <span className={`jp-aml-State-glyph jp-mod-${tone}`} data-status={status} aria-hidden="true">
        {glyph}
      </span>
      {word && <span className="jp-aml-Hidden">{word}</span>}
    </>
  );
}
