/** The runs of the workspace, newest first: what the sidebar shows of them. */

import * as React from 'react';
import { NOTHING } from '../../models/common/selection';
import type { Selection } from '../../models/common/selection';
import { rowsOf } from '../../models/runs/runs';
import type { RunsModel } from '../../models/runs/runs';
import type { DragCode, Trans } from '../../tokens';
import { Button, Trouble } from '../common/Control';
import { TransContext, useSignal, useTrans } from '../common/hooks';
import { RunList } from './RunList';

const TYPING = 300;

/** What is remembered of the list when the page is left. */
export interface RunsMemory {
  filter: string;
  isGrouped: boolean;
  /** The experiments that are folded up. */
  closed: string[];
}

export interface RunsPaneProps {
  model: RunsModel;
  memory: RunsMemory;
  remember(change: Partial<RunsMemory>): void;
  selection: Selection;
  select(selection: Selection): void;
  open(runId: string): void;
  /** Asks whether the selected runs are to be deleted. */
  remove(): void;
  /** Puts the selected runs side by side. */
  compare(): void;
  /** Gives the focus back to where the user came from. */
  leave(): void;
  /** Opens a new notebook, where a first run can be sent off. */
  begin(): void;
  drag: DragCode;
  trans: Trans;
}

export function RunsPane(props: RunsPaneProps): JSX.Element {
  return (
    <TransContext.Provider value={props.trans}>
      <Runs {...props} />
    </TransContext.Provider>
  );
}

function Runs(props: RunsPaneProps): JSX.Element {
  const { model } = props;
  useSignal(model.changed, 100);
  const [filter, setFilter] = useFilter(props);
  const box = React.useRef<HTMLInputElement>(null);
  return (
    <>
      <Head {...props} filter={filter} setFilter={setFilter} box={box} />
      <Notice {...props} clear={() => setFilter('')} hasFilter={filter !== ''} />
      {props.selection.ids.size > 1 && <Several {...props} />}
      <List {...props} toFilter={() => box.current?.focus()} />
    </>
  );
}

/** The words in the box; the list follows when the user has paused. */
function useFilter({ model, memory, remember }: RunsPaneProps): [string, (text: string) => void] {
  const [filter, setFilter] = React.useState(memory.filter);
  React.useEffect(() => {
    if (filter === memory.filter) {
      return;
    }
    const timer = window.setTimeout(() => {
      remember({ filter });
      void model.show(model.workspace, filter);
    }, TYPING);
    return () => window.clearTimeout(timer);
  }, [filter, memory.filter]);
  return [filter, setFilter];
}

interface HeadProps extends RunsPaneProps {
  filter: string;
  setFilter(text: string): void;
  box: React.RefObject<HTMLInputElement>;
}

function Head({ model, memory, remember, filter, setFilter, box }: HeadProps): JSX.Element {
  const trans = useTrans();
  const toList = (): void =>
    box.current?.closest('[role=tabpanel]')?.querySelector<HTMLElement>('[role=tree]')?.focus();
  return (
    <div className="jp-aml-Bar">
      <input
        ref={box}
        type="search"
        className="jp-aml-Filter"
        placeholder={trans('Filter: status:running rmse<50')}
        aria-label={trans('Filter the runs')}
        title={trans(
          'status:running, status:active, experiment:NAME, environment:NAME, tag.KEY:VALUE, param.KEY:VALUE, METRIC<50, parent:RUN for children, or words'
        )}
        value={filter}
        onChange={event => setFilter(event.target.value)}
        onKeyDown={event => (event.key === 'ArrowDown' || event.key === 'Escape') && toList()}
      />
      <span className="jp-aml-Total" role="status" title={trans('in all')}>
        {model.hasLoaded ? model.total : ''}
      </span>
      <Button
        className="jp-mod-small"
        aria-pressed={memory.isGrouped}
        title={trans('Group by experiment')}
        aria-label={trans('Group by experiment')}
        onClick={() => remember({ isGrouped: !memory.isGrouped })}
      >
        ☰
      </Button>
    </div>
  );
}

function List(props: RunsPaneProps & { toFilter(): void }): JSX.Element | null {
  const { model, memory, remember } = props;
  const closed = React.useMemo(() => new Set(memory.closed), [memory.closed]);
  const rows = React.useMemo(
    () => rowsOf(model.rows, memory.isGrouped, closed, model.experiments),
    [model.rows, memory.isGrouped, closed, model.experiments]
  );
  const toggle = (name: string): void => {
    const left = memory.closed.filter(one => one !== name);
    remember({ closed: closed.has(name) ? left : [...left, name] });
  };
  if (rows.length === 0) {
    return null;
  }
  return (
    <RunList
      rows={rows}
      hasMore={model.hasMore && !model.isLoading && !model.problem}
      children={model.children}
      selection={props.selection}
      select={props.select}
      toggle={toggle}
      open={props.open}
      remove={props.remove}
      leave={props.leave}
      drag={props.drag}
      filter={props.toFilter}
      more={() => void model.more()}
    />
  );
}

/** What can be done to several runs at once. */
function Several({ selection, select, compare, remove }: RunsPaneProps): JSX.Element {
  const trans = useTrans();
  return (
    <div className="jp-aml-Bar jp-aml-Several" role="toolbar" aria-label={trans('Selected runs')}>
      <span role="status">{trans('%1 selected', selection.ids.size)}</span>
      <Button className="jp-mod-accept" onClick={compare}>
        {trans('Compare')}
      </Button>
      <Button onClick={remove}>{trans('Delete')}</Button>
      <Button
        className="jp-mod-small"
        title={trans('Select nothing')}
        aria-label={trans('Select nothing')}
        onClick={() => select(NOTHING)}
      >
        ✕
      </Button>
    </div>
  );
}

interface NoticeProps extends RunsPaneProps {
  hasFilter: boolean;
  clear(): void;
}

/** What is wrong, or what to do where there is nothing. */
function Notice({ model, begin, hasFilter, clear }: NoticeProps): JSX.Element | null {
  const trans = useTrans();
  const { state, message } = model.link_;
  if (state === 'missing' || state === 'outdated') {
    return <Trouble text={message} label={trans('Try again')} mend={() => void model.retry()} />;
  }
  if (model.problem) {
    const mend = hasFilter ? clear : () => void model.retry();
    return (
      <Trouble
        text={model.problem}
        label={hasFilter ? trans('Clear the filter') : trans('Try again')}
        mend={mend}
      />
    );
  }
  if (!model.hasLoaded) {
    return <p className="jp-aml-Empty">{trans('Loading the runs')}</p>;
  }
  if (model.rows.length > 0) {
    return state === 'offline' ? <p className="jp-aml-Note">{message}</p> : null;
  }
  if (hasFilter) {
    return (
      <div className="jp-aml-Empty">
        <p>{trans('No run is like that.')}</p>
        <Button onClick={clear}>{trans('Clear the filter')}</Button>
      </div>
    );
  }
  return (
    <div className="jp-aml-Empty">
      <p>{trans('No run yet in workspace %1. In a notebook, send a cell off:', model.workspace)}</p>
      <pre>{'%load_ext jupyter_aml'}</pre>
      <pre>{'%%aml submit my-experiment'}</pre>
      <Button onClick={begin}>{trans('New notebook')}</Button>
    </div>
  );
}
