/** The whole of a comparison: its runs, and tabs for the ways to look at them. */

import * as React from 'react';
import { strokesOf } from '../../models/charts/colours';
import { face, numbered } from '../../models/common/words';
import { axesOf, traitsOf } from '../../models/compare/columns';
import type { Compared } from '../../models/compare/compared';
import type { ComparisonModel } from '../../models/compare/comparison';
import type { Trans } from '../../tokens';
import { Absent } from '../common/Absent';
import { Button, Trouble } from '../common/Control';
import { TransContext, useSignal, useTrans } from '../common/hooks';
import { Tabs } from '../common/Tabs';
import type { Tab } from '../common/Tabs';
import { CompareCurves } from './CompareCurves';
import { CompareTable } from './CompareTable';
import { DifferencePane } from './DifferencePane';
import { Parallel } from './Parallel';
import { Scatter } from './Scatter';
import { Swatch } from './Swatch';

export interface ComparisonProps {
  model: ComparisonModel;
  /** `page` fills the height that it is given. */
  form: 'full' | 'page';
  trans: Trans;
  /** Opens the page of a run; without it names are no links. */
  open?: (runId: string) => void;
}

/** Some runs side by side. */
export function Comparison(props: ComparisonProps): JSX.Element {
  return (
    <TransContext.Provider value={props.trans}>
      <Sheet {...props} />
    </TransContext.Provider>
  );
}

function Sheet({ model, form, open }: ComparisonProps): JSX.Element {
  const trans = useTrans();
  const version = useSignal(model.changed, 250);
  const [hidden, setHidden] = React.useState<ReadonlySet<string>>(new Set());
  const compared = React.useMemo((): Compared => {
    const { runs } = model;
    const shown = runs.filter(run => !hidden.has(run.runId));
    return { runs, shown, strokes: strokesOf(runs), traits: traitsOf(model, trans) };
  }, [model, version, hidden, trans]);
  const { runs } = compared;
  const toggle = (runId: string): void => {
    const left = new Set(hidden);
    if (!left.delete(runId)) {
      left.add(runId);
    }
    setHidden(left);
  };
  const again = (): void => model.retry();
  // What nobody answers while the server is away is no trouble of the runs that are here.
  const isKept = model.hearing.isAway && runs.length > 0;
  const [problem] = isKept ? [] : model.problems.values();
  return (
    <article
      className={`jp-aml-Card jp-aml-Compare jp-mod-${form}`}
      aria-label={trans('Comparison of %1 runs', model.runIds.length)}
      aria-busy={model.isLoading}
    >
      {problem !== undefined && (
        <Trouble
          text={
            model.problems.size > 1
              ? trans('%1 (and %2 more)', problem, model.problems.size - 1)
              : problem
          }
          label={trans('Try again')}
          mend={again}
        />
      )}
      {runs.length === 0 ? (
        problem === undefined && <p className="jp-aml-Empty">{trans('Loading the runs')}</p>
      ) : (
        <>
          <Legend compared={compared} hidden={hidden} toggle={toggle} open={open}>
            <Absent link={model.hearing.link} asOf={model.asOf} retry={again} />
          </Legend>
          <Tabs label={trans('Parts of the comparison')} tabs={tabsOf(model, compared, trans)} />
        </>
      )}
    </article>
  );
}

function tabsOf(model: ComparisonModel, compared: Compared, trans: Trans): Tab[] {
  const { live } = model;
  const axes = axesOf(compared.traits);
  const differing = compared.traits.filter(one => one.differs).length;
  const tabs: Tab[] = [
    {
      id: 'table',
      label: trans('Table'),
      badge: differing,
      pane: () => <CompareTable compared={compared} />
    },
    {
      id: 'curves',
      label: trans('Curves'),
      pane: () => <CompareCurves compared={compared} metrics={model.metrics} />
    },
    {
      id: 'parallel',
      label: trans('Parallel coordinates'),
      pane: () => <Parallel compared={compared} axes={axes} />
    },
    {
      id: 'scatter',
      label: trans('Scatter'),
      pane: () => <Scatter compared={compared} axes={axes} />
    }
  ];
  if (live && compared.runs.length > 1) {
    tabs.push({
      id: 'difference',
      label: trans('Code and packages'),
      pane: () => <DifferencePane runs={compared.runs} rest={live.rest} />
    });
  }
  return tabs;
}

interface LegendProps {
  compared: Compared;
  hidden: ReadonlySet<string>;
  toggle(runId: string): void;
  open?: (runId: string) => void;
  /** What is said behind them. */
  children?: React.ReactNode;
}

/** The runs with their colours; a press hides one in the pictures. */
function Legend({ compared, hidden, toggle, open, children }: LegendProps): JSX.Element {
  const trans = useTrans();
  return (
    <ul className="jp-aml-Legend" aria-label={trans('Runs')}>
      {compared.runs.map(run => (
        <li key={run.runId}>
          <Button
            className="jp-mod-small"
            aria-pressed={!hidden.has(run.runId)}
            title={trans('Show or hide %1 in the pictures', numbered(run))}
            onClick={() => toggle(run.runId)}
          >
            <Swatch stroke={compared.strokes.get(run.runId)} isHidden={hidden.has(run.runId)} />
            <span className={`jp-aml-State-glyph jp-mod-${face(run.status).tone}`}>
              {face(run.status).glyph}
            </span>
            <span className="jp-aml-Hidden">{trans(face(run.status).word)}</span>
            {numbered(run)}
          </Button>
          {open && (
            <Button
              className="jp-mod-small"
              title={trans('Open %1', numbered(run))}
              aria-label={trans('Open %1', numbered(run))}
              onClick={() => open(run.runId)}
            >
              ↗
            </Button>
          )}
        </li>
      ))}
      <li className="jp-aml-Legend-note">{children}</li>
    </ul>
  );
}
