/** The pane of a run's children. */

import * as React from 'react';
import {
  childrenWord,
  distinction,
  duration,
  elapsed,
  face,
  number
} from '../../models/common/words';
import { ChildrenModel } from '../../models/run/children';
import type { RunModel } from '../../models/run/run';
import type { WireRun } from '../../wire';
import { Trouble } from '../common/Control';
import { Gap, Head } from '../common/Grid';
import { useNow, useSignal, useSize, useTrans } from '../common/hooks';
import type { Parts } from './parts';

const ROW = 28;
const MARGIN = 10;
const MOST_METRICS = 8;

interface ChildrenProps {
  model: RunModel;
  parts: Parts;
}

/** The children of a run: sorted by the server, and only those in the page that are seen. */
export function ChildrenPane({ model, parts }: ChildrenProps): JSX.Element {
  const trans = useTrans();
  const { server, run } = model;
  const children = React.useMemo(
    () => (server && run ? new ChildrenModel(server, run.workspace, run.runId) : null),
    [server, run?.workspace, model.runId]
  );
  React.useEffect(() => {
    children?.start();
    return () => children?.stop();
  }, [children]);
  return children ? (
    <Listed family={children} parts={parts} />
  ) : (
    <p className="jp-aml-Empty">{trans('Child runs are shown with the server.')}</p>
  );
}

interface ListedProps {
  family: ChildrenModel;
  parts: Parts;
}

/** The list, or why there is none. */
function Listed({ family, parts }: ListedProps): JSX.Element {
  const trans = useTrans();
  useSignal(family.changed, 250);
  const trouble = family.problem !== null && (
    <Trouble text={family.problem} label={trans('Try again')} mend={() => void family.retry()} />
  );
  if (trouble && !family.hasLoaded) {
    return trouble;
  }
  if (!family.hasLoaded) {
    return <p className="jp-aml-Empty">{trans('Loading')}</p>;
  }
  if (family.total === 0) {
    return (
      <p className="jp-aml-Empty">
        {trans('No child run. run.child_run() in a script makes one.')}
      </p>
    );
  }
  return (
    <>
      {trouble}
      <ListedRows family={family} parts={parts} />
    </>
  );
}

function ListedRows({ family: children, parts }: ListedProps): JSX.Element {
  const trans = useTrans();
  const box = React.useRef<HTMLDivElement>(null);
  const [top, setTop] = React.useState(0);
  const { height } = useSize(box);
  const version = useSignal(children.changed, 250);
  const first = Math.max(0, Math.floor(top / ROW) - MARGIN);
  const last = Math.min(children.total, first + Math.ceil(height / ROW) + 2 * MARGIN);
  React.useEffect(() => {
    void children.want(first, last);
  }, [children, first, last]);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
  const isActive = shown.some(index => children.row(index)?.endedAt === null);
  const now = useNow(isActive);
  const metrics = React.useMemo(
    () => [...children.metrics].sort().slice(0, MOST_METRICS),
    [children, version]
  );
  const sortBy = (name: string): void => {
    const to = children.sort === name ? `-${name}` : name;
    if (box.current) {
      box.current.scrollTop = 0;
    }
    void children.order(to);
  };
  const head = (label: string, name: string, isNumeric = false): JSX.Element => (
    <Head
      key={name}
      name={label}
      isNumeric={isNumeric}
      order={
        children.sort.replace(/^-/, '') === name
          ? { column: 0, isDescending: children.sort.startsWith('-') }
          : null
      }
      sort={() => sortBy(name)}
    />
  );
  return (
    <div
      className="jp-aml-Grid jp-mod-filling jp-aml-Children"
      ref={box}
      onScroll={event => setTop(event.currentTarget.scrollTop)}
      tabIndex={0}
      role="region"
      aria-label={childrenWord(children.total, trans)}
    >
      <table className="jp-aml-Table" aria-rowcount={children.total + 1}>
        <thead>
          <tr>
            {head('#', 'number', true)}
            {head(trans('State'), 'status')}
            {head(trans('Run'), 'name')}
            {head(trans('Started'), 'startedAt')}
            <th scope="col" className="jp-mod-number">
              {trans('Duration')}
            </th>
            {metrics.map(name => head(name, `metric.${name}`, true))}
          </tr>
        </thead>
        <tbody>
          <Gap rows={first} height={ROW} />
          {shown.map(index => (
            <Row
              key={index}
              index={index}
              run={children.row(index) ?? children.earlier(index)}
              metrics={metrics}
              now={now}
              parts={parts}
            />
          ))}
          <Gap rows={children.total - last} height={ROW} />
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  index: number;
  run: WireRun | null;
  metrics: string[];
  now: number;
  parts: Parts;
}

function Row({ index, run, metrics, now, parts }: RowProps): JSX.Element {
  const trans = useTrans();
  if (!run) {
    return (
      <tr aria-rowindex={index + 2}>
        <td colSpan={5 + metrics.length}>…</td>
      </tr>
    );
  }
  const { glyph, tone, word } = face(run.status);
  const seconds = elapsed(run, now);
  return (
    <tr aria-rowindex={index + 2} data-run={run.runId}>
      <td className="jp-mod-number">{run.number}</td>
      <td>
        <span className={`jp-aml-State-glyph jp-mod-${tone}`} aria-hidden="true">
          {glyph}
        </span>
        {trans(word)}
      </td>
      <td title={run.runId}>
        <button type="button" className="jp-aml-Link" onClick={() => parts.visit(run.runId)}>
          {distinction(run)}
        </button>
      </td>
      <td title={run.startedAt ?? ''}>
        {run.startedAt ? new Date(run.startedAt).toLocaleTimeString() : ''}
      </td>
      <td className="jp-mod-number">{seconds === null ? '' : duration(seconds)}</td>
      {metrics.map(name => (
        <td key={name} className="jp-mod-number">
          {name in run.metrics ? number(run.metrics[name]) : ''}
        </td>
      ))}
    </tr>
  );
}
