/** What the page of one target shows. */

import * as React from 'react';
import { plain } from '../../models/common/words';
import { busyWords, numberWords, targetFace, troubleOf } from '../../models/compute/faces';
import type { TargetPageModel } from '../../models/compute/target';
import { canStop, isOwn, submitLine, targetCode } from '../../models/compute/targets';
import { ComputeCommands } from '../../tokens';
import type { RunCommand, Trans } from '../../tokens';
import type { WireCompute } from '../../wire';
import { Code } from '../common/Code';
import { Button, Copy, Trouble } from '../common/Control';
import { TransContext, useSignal, useTrans } from '../common/hooks';
import { Tabs } from '../common/Tabs';
import type { Tab } from '../common/Tabs';
import { FactsOfTarget } from './FactsOfTarget';
import { NodesPane } from './NodesPane';
import { QueuePane } from './QueuePane';

export interface TargetViewProps {
  model: TargetPageModel;
  run: RunCommand;
  trans?: Trans;
}

/** What the parts of the page are given. */
export interface TargetPartProps extends TargetViewProps {
  one: WireCompute;
}

/** One target: what it does now, what waits for it, how busy it was, and how large it is. */
export function TargetView(props: TargetViewProps): JSX.Element {
  const { model, trans = plain } = props;
  useSignal(model.changed, 250);
  const one = model.target;
  return (
    <TransContext.Provider value={trans}>
      <article
        className="jp-aml-Card jp-mod-page jp-aml-Target"
        data-state={one ? targetFace(one).state : undefined}
        aria-label={trans('Compute target %1', model.name)}
      >
        {one ? (
          <>
            <Head {...props} one={one} />
            <Body {...props} one={one} />
          </>
        ) : model.problem ? (
          <Trouble
            text={model.problem}
            label={trans('Try again')}
            mend={() => void model.retry()}
          />
        ) : (
          <p className="jp-aml-Empty">{trans('Loading the target')}</p>
        )}
      </article>
    </TransContext.Provider>
  );
}

function Head(props: TargetPartProps): JSX.Element {
  const { model, one } = props;
  const trans = useTrans();
  const { glyph, tone, word, state } = targetFace(one);
  const { text, isBad } = troubleOf(one);
  const problem = model.isGone ? trans('This target was deleted.') : model.problem;
  const isTrouble = problem !== null || isBad;
  return (
    <header className="jp-aml-Head">
      <div className="jp-aml-Head-line">
        <span className={`jp-aml-State jp-mod-${tone}`} data-status={state}>
          <span className="jp-aml-State-glyph" aria-hidden="true">
            {glyph}
          </span>
          {trans(word)}
        </span>
        <span className="jp-aml-Head-name">
          <b>{one.name}</b>
          <span className="jp-aml-Head-experiment">{model.kind?.label ?? one.type}</span>
        </span>
        <span className="jp-aml-Clock jp-aml-Target-number" title={busyWords(one, trans)}>
          {numberWords(one, trans)}
        </span>
      </div>
      <div
        className={`jp-aml-Story${isTrouble ? ' jp-mod-bad' : ''}`}
        role={isTrouble ? 'alert' : undefined}
      >
        <div className="jp-aml-Story-first" title={problem ?? text ?? undefined}>
          {problem ?? text ?? busyWords(one, trans)}
        </div>
        {one.description && (
          <div className="jp-aml-Story-second" title={one.description}>
            {one.description}
          </div>
        )}
      </div>
      <Actions {...props} />
    </header>
  );
}

function Actions({ model, one, run }: TargetPartProps): JSX.Element {
  const trans = useTrans();
  const { name, workspace } = model;
  const act = (command: string) => () => run(command, { name, workspace });
  return (
    <div className="jp-aml-Actions" role="toolbar" aria-label={trans('Compute target %1', name)}>
      <Button onClick={act(ComputeCommands.copyCode)}>{trans('Copy code')}</Button>
      <Button onClick={act(ComputeCommands.copySubmit)}>{trans('Copy submit line')}</Button>
      {canStop(one) && !model.isGone && (
        <Button onClick={act(one.isStopped ? ComputeCommands.start : ComputeCommands.stop)}>
          {one.isStopped ? trans('Start') : trans('Stop')}
        </Button>
      )}
      <span className="jp-aml-Bar-gap" />
      {isOwn(one) && (
        <Button disabled={model.isGone} onClick={act(ComputeCommands.remove)}>
          {one.isAttached ? trans('Detach…') : trans('Delete…')}
        </Button>
      )}
    </div>
  );
}

function Body(props: TargetPartProps): JSX.Element {
  const { model, one } = props;
  const trans = useTrans();
  const nodes: Tab = {
    id: 'nodes',
    label: trans('Nodes'),
    badge: one.nodes.length,
    pane: () => <NodesPane {...props} />
  };
  const hasNodes = model.kind?.hasNodes || one.nodes.length > 0;
  const tabs: Tab[] = [
    { id: 'overview', label: trans('Overview'), pane: () => <FactsOfTarget {...props} /> },
    ...(hasNodes ? [nodes] : []),
    {
      id: 'runs',
      label: trans('Runs'),
      badge: model.running.length + model.queue.length,
      pane: () => <QueuePane {...props} />
    },
    { id: 'definition', label: trans('Definition'), pane: () => <Definition {...props} /> }
  ];
  return <Tabs label={trans('Parts of the target')} tabs={tabs} />;
}

/** What was asked for, as JSON, and the code that gets the target. */
function Definition({ model, one }: TargetPartProps): JSX.Element {
  const trans = useTrans();
  const json = JSON.stringify(definitionOf(one), null, 2);
  const code = [targetCode(one, model.workspace), '', `# ${submitLine(one)}`].join('\n');
  return (
    <div className="jp-aml-Scroll jp-aml-Details">
      <section aria-label={trans('Code')}>
        <h4>
          {trans('Code')} <Copy text={code} label={trans('Copy the code')} />
        </h4>
        <Code text={code} label={trans('Code that gets the target')} />
      </section>
      <section aria-label={trans('Definition')}>
        <h4>
          {trans('Definition')} <Copy text={json} label={trans('Copy the definition')} />
        </h4>
        <Code text={json} label={trans('Definition as JSON')} />
      </section>
    </div>
  );
}

/** What defines the target, without what goes on. */
function definitionOf(one: WireCompute): Partial<WireCompute> {
  const now = ['busy', 'waiting', 'nodes', 'state', 'why', 'refusal', 'slots'];
  const pairs = Object.entries(one).filter(([key]) => !now.includes(key));
  return Object.fromEntries(pairs);
}
