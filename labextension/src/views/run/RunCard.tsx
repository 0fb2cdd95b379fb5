/** The card of a run, the same in cells, on pages and in the kernel's widget. */

import * as React from 'react';
import {
  byInterest,
  canCancel,
  cause,
  codeOf,
  distinction,
  duration,
  elapsed,
  executed,
  face,
  FINAL,
  moment,
  place,
  plain
} from '../../models/common/words';
import { imageFilesOf } from '../../models/run/files';
import type { RunModel } from '../../models/run/run';
import type { Trans } from '../../tokens';
import type { WireRun } from '../../wire';
import { Sparkline } from '../charts/Sparkline';
import { Absent } from '../common/Absent';
import { Button, Trouble } from '../common/Control';
import { Menu } from '../common/Menu';
import type { MenuItem } from '../common/Menu';
import { TransContext, useNow, useSignal, useTrans } from '../common/hooks';
import { later } from '../common/later';
import { Tabs } from '../common/Tabs';
import { itemsOf, remedies } from './actions';
import type { Actions } from './actions';
import { Measures } from './Measures';
import type { Parts } from './parts';

const LogPane = later(async () => (await import('../files/LogPane')).LogPane);
const MetricsPane = later(async () => (await import('./MetricsPane')).MetricsPane);
const FileList = later(async () => (await import('./panes')).FileList);
const DetailsPane = later(async () => (await import('./panes')).DetailsPane);
const ImagesPane = later(async () => (await import('./ImagesPane')).ImagesPane);

export interface RunCardProps {
  model: RunModel;
  /** `page` fills the height it is given; the others keep theirs while the run is live. */
  form: 'full' | 'mini' | 'page';
  trans?: Trans;
  /** Cancels the run; without it there is no such button. */
  cancel?: () => Promise<void>;
  /** Opens the run's page; without it there is no such button. */
  open?: () => void;
  /** What else the page around the card can do with the run. */
  actions?: () => Actions;
  /** What only the server can tell; without it that is left out. */
  parts?: Parts;
}

/** One run: how it goes, how long, and where the result is. */
export function RunCard(props: RunCardProps): JSX.Element {
  const { model, form, trans = plain, cancel, open, parts } = props;
  const actions = props.actions?.() ?? {};
  useSignal(model.changed, 100);
  const [wanted, setWanted] = React.useState<{ id: string } | null>(null);
  const openLog = form === 'mini' ? undefined : (): void => setWanted({ id: 'log' });
  const run = model.run;
  return (
    <TransContext.Provider value={trans}>
      <article
        className={`jp-aml-Card jp-aml-Run jp-mod-${run || !model.problem ? form : 'mini'}`}
        data-status={run?.status}
        aria-label={run ? distinction(run) : model.runId}
      >
        {run ? (
          <>
            <Head {...{ model, run, form, cancel, open, actions, openLog }} />
            {form !== 'mini' && <Body {...{ model, run, form, parts, wanted }} />}
          </>
        ) : (
          <Unknown model={model} />
        )}
      </article>
    </TransContext.Provider>
  );
}

interface HeadProps extends Omit<RunCardProps, 'trans' | 'parts' | 'actions'> {
  run: WireRun;
  actions: Actions;
  openLog?: () => void;
}

function Head(props: HeadProps): JSX.Element {
  const { model, run, form, cancel, open, actions } = props;
  const trans = useTrans();
  const [problem, setProblem] = React.useState<string | null>(null);
  const mayCancel = cancel && canCancel(run.status) && !model.isDeleted;
  const ask = async (): Promise<void> => {
    try {
      setProblem(null);
      await cancel?.();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <header className="jp-aml-Head">
      <div className="jp-aml-Head-line">
        <State status={run.status} />
        <span className="jp-aml-Head-name">
          <span className="jp-aml-Head-experiment" title={run.experiment}>
            {run.experiment}
          </span>
          <span className="jp-aml-Head-number" title={`${run.experiment} #${run.number}`}>
            #{run.number}
          </span>
          <b title={`${distinction(run)}\n${run.runId}`}>{distinction(run)}</b>
        </span>
        {form === 'mini' && <Spark model={model} />}
        <Absent link={model.link_} asOf={model.asOf} retry={() => model.retry()} />
        <Clock run={run} until={model.asOf} />
        <span className="jp-aml-Head-target" title={trans('Compute target')}>
          {actions.openTarget ? (
            <button
              type="button"
              className="jp-aml-Link"
              onClick={() => actions.openTarget!(run.target, run.workspace)}
            >
              {run.target}
            </button>
          ) : (
            run.target
          )}
        </span>
        {mayCancel && (
          <Button disabled={model.hasServer && !model.isLive} onClick={() => void ask()}>
            {trans('Cancel run')}
          </Button>
        )}
        {open && (
          <Button
            className="jp-mod-small"
            aria-label={trans('Open the run')}
            title={trans('Open the run')}
            onClick={open}
          >
            ↗
          </Button>
        )}
        {form !== 'page' && (
          <Menu
            label={trans('More about the run')}
            items={itemsOf({ ...props, report: setProblem }, trans)}
          />
        )}
      </div>
      {form !== 'mini' && (
        <Story run={run} problem={problem ?? model.problem} isDeleted={model.isDeleted}>
          {run.error && <Remedies items={remedies({ ...props, report: setProblem }, trans)} />}
        </Story>
      )}
    </header>
  );
}

/** Buttons for what helps with a failure. */
function Remedies({ items }: { items: MenuItem[] }): JSX.Element {
  return (
    <div className="jp-aml-Story-actions">
      {items.map(({ id, label, choose }) => (
        <Button key={id} onClick={choose}>
          {label}
        </Button>
      ))}
    </div>
  );
}

function State({ status }: { status: WireRun['status'] }): JSX.Element {
  const trans = useTrans();
  const { glyph, tone, word } = face(status);
  return (
    <span className={`jp-aml-State jp-mod-${tone}`} data-status={status} role="status">
      <span className="jp-aml-State-glyph" aria-hidden="true">
        {glyph}
      </span>
      {trans(word)}
    </span>
  );
}

/** How long the run has run; without a server, how long when it was heard last. */
function Clock({ run, until }: { run: WireRun; until: string | null }): JSX.Element {
  const trans = useTrans();
  const isFinal = FINAL.has(run.status);
  const now = useNow(!isFinal && run.startedAt !== null && until === null);
  const seconds = elapsed(run, until === null ? now : Date.parse(until));
  const tip = [
    trans('Created %1', moment(run.createdAt)),
    run.startedAt ? trans('started %1', moment(run.startedAt)) : '',
    run.endedAt ? trans('ended %1', moment(run.endedAt)) : ''
  ];
  return (
    <time className="jp-aml-Clock" title={tip.filter(part => part).join('\n')}>
      {seconds === null ? '' : duration(seconds)}
    </time>
  );
}

interface StoryProps {
  run: WireRun;
  problem: string | null;
  isDeleted: boolean;
  children?: React.ReactNode;
}

/** What the run waits for or failed of, and what it was given. */
function Story({ run, problem, isDeleted, children }: StoryProps): JSX.Element {
  const trans = useTrans();
  const { error } = run;
  const given = Object.entries(run.parameters).map(([name, value]) => `${name}=${String(value)}`);
  const first = isDeleted
    ? trans('This run was deleted.')
    : error
      ? cause(error)
      : (run.reason ?? executed(run));
  const second = error
    ? [place(run, trans), error.hint].filter(part => part).join(' · ')
    : given.join(' · ');
  const isBad = error !== null || problem !== null;
  return (
    <div className={isBad ? 'jp-aml-Story jp-mod-bad' : 'jp-aml-Story'} role="status">
      <div className="jp-aml-Story-first" title={problem ?? first}>
        {problem ?? first}
      </div>
      {second && (
        <div className="jp-aml-Story-second" title={second}>
          {second}
          {error && <code className="jp-aml-Story-code">{codeOf(error)}</code>}
        </div>
      )}
      {children}
    </div>
  );
}

function Spark({ model }: { model: RunModel }): JSX.Element | null {
  useSignal(model.measured, 250);
  const curves = [...model.series.values()].filter(series => series.x.length > 1);
  const [first] = curves.sort((one, other) => byInterest(one.name, other.name));
  return first ? <Sparkline series={first} /> : null;
}

interface BodyProps {
  model: RunModel;
  run: WireRun;
  form: RunCardProps['form'];
  parts?: Parts;
  wanted: { id: string } | null;
}

function Body({ model, run, form, parts, wanted }: BodyProps): JSX.Element {
  const trans = useTrans();
  useSignal(model.measured, 250);
  const images = imageFilesOf(model.values).size;
  const Files = parts?.files ?? FileList;
  const tabs = [
    { id: 'log', label: trans('Log'), pane: () => <LogPane model={model} /> },
    { id: 'metrics', label: trans('Metrics'), pane: () => <MetricsPane model={model} /> },
    {
      id: 'files',
      label: trans('Files'),
      badge: model.fileCount,
      pane: () => <Files model={model} />
    },
    {
      id: 'images',
      label: trans('Images'),
      badge: images,
      pane: () => <ImagesPane model={model} />
    },
    ...(parts?.tabs(model, parts) ?? []),
    {
      id: 'details',
      label: trans('Details'),
      badge: run.warnings.length,
      pane: () => <DetailsPane model={model} parts={parts} />
    }
  ];
  return (
    <>
      <Measures model={model} run={run} />
      <Tabs
        label={trans('Parts of the run')}
        tabs={tabs}
        wanted={wanted}
        isKept={form === 'full'}
      />
    </>
  );
}

/** A run of which nothing is known: say why. */
function Unknown({ model }: { model: RunModel }): JSX.Element {
  const trans = useTrans();
  const { state, message } = model.link_;
  const isWaiting =
    !model.problem && (state === 'idle' || state === 'connecting' || state === 'online');
  if (isWaiting) {
    return <p className="jp-aml-Empty">{trans('Asking for run %1', model.runId)}</p>;
  }
  return (
    <Trouble
      text={model.problem ?? message}
      label={trans('Try again')}
      mend={() => model.retry()}
    />
  );
}
