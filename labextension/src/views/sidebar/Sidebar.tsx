import * as React from 'react';
import { NOTHING } from '../../models/common/selection';
import type { Selection } from '../../models/common/selection';
import { plain } from '../../models/common/words';
import type { KernelsModel } from '../../models/compute/kernels';
import type { EnvironmentsModel } from '../../models/environments/environments';
import { rowsOf } from '../../models/runs/runs';
import type { RunsModel } from '../../models/runs/runs';
import type { Trans } from '../../tokens';
import { Button, Trouble } from '../common/Control';
import { TransContext, useSignal, useTrans } from '../common/hooks';
import { Section } from '../common/Section';
import { KernelsSection } from '../compute/KernelsSection';
import { EnvironmentsSection } from '../environments/EnvironmentsSection';
import type { RunCommand } from '../environments/EnvironmentsSection';
import { RunList } from '../runs/RunList';

const TYPING = 300;

/** What is remembered of the panel when the page is left. */
export interface SidebarMemory {
  workspace: string;
  filter: string;
  isGrouped: boolean;
  closed: string[];
  /** The sections that are folded up. */
  folded: string[];
}

/** What is selected in the lists of the panel; each list has its own. */
export interface Chosen {
  environment: string | null;
  kernel: string | null;
}

export interface SidebarProps {
  model: RunsModel;
  environments: EnvironmentsModel;
  kernels: KernelsModel;
  /** Whether the panel is in sight. */
  isSeen: boolean;
  chosen: Chosen;
  choose(chosen: Partial<Chosen>): void;
  run: RunCommand;
  memory: SidebarMemory;
  remember(memory: SidebarMemory): void;
  workspaces(): Promise<string[]>;
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
  trans?: Trans;
}

/** What a workspace holds: its runs, newest first, its environments, and the kernels. */
export function Sidebar(props: SidebarProps): JSX.Element {
  return (
    <TransContext.Provider value={props.trans ?? plain}>
      <Panel {...props} />
    </TransContext.Provider>
  );
}

function Panel(props: SidebarProps): JSX.Element {
  const { model, environments, memory, remember, chosen, choose, run, leave } = props;
  const trans = useTrans();
  useSignal(model.changed, 100);
  const fold = (id: string): { isOpen: boolean; toggle(): void } => {
    const left = memory.folded.filter(one => one !== id);
    const isOpen = left.length === memory.folded.length;
    return {
      isOpen,
      toggle: () => remember({ ...memory, folded: isOpen ? [...left, id] : left })
    };
  };
  const refresh = (): void => {
    void model.retry();
    void environments.refresh();
  };
  return (
    <div className="jp-aml-Sidebar-panel">
      <div className="jp-aml-Bar" role="toolbar" aria-label={trans('Runs')}>
        <Workspaces {...props} />
        <span className="jp-aml-Bar-gap" />
        <Button
          className="jp-mod-small"
          aria-pressed={memory.isGrouped}
          title={trans('Group by experiment')}
          aria-label={trans('Group by experiment')}
          onClick={() => remember({ ...memory, isGrouped: !memory.isGrouped })}
        >
          ☰
        </Button>
        <Button
          className="jp-mod-small"
          title={trans('Refresh')}
          aria-label={trans('Refresh')}
          onClick={refresh}
        >
          ⟳
        </Button>
      </div>
      <RunsSection {...props} {...fold('runs')} />
      <EnvironmentsSection
        {...fold('environments')}
        model={environments}
        selected={chosen.environment}
        select={environment => choose({ environment })}
        run={run}
        leave={leave}
      />
      <KernelsSection
        {...fold('kernels')}
        model={props.kernels}
        isSeen={props.isSeen}
        selected={chosen.kernel}
        select={kernel => choose({ kernel })}
        run={run}
        leave={leave}
      />
    </div>
  );
}

function RunsSection(props: SidebarProps & { isOpen: boolean; toggle(): void }): JSX.Element {
  const { model, memory, remember } = props;
  const trans = useTrans();
  const [filter, setFilter] = React.useState(memory.filter);
  const box = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => {
    if (filter === model.filter) {
      return;
    }
    const timer = window.setTimeout(() => {
      remember({ ...memory, filter });
      void model.show(model.workspace, filter);
    }, TYPING);
    return () => window.clearTimeout(timer);
  }, [filter]);

  const closed = React.useMemo(() => new Set(memory.closed), [memory.closed]);
  const rows = React.useMemo(
    () => rowsOf(model.rows, memory.isGrouped, closed),
    [model.rows, memory.isGrouped, closed]
  );
  const toggle = (name: string): void => {
    const left = memory.closed.filter(one => one !== name);
    remember({ ...memory, closed: closed.has(name) ? left : [...left, name] });
  };
  const toList = (): void =>
    box.current?.closest('section')?.querySelector<HTMLElement>('[role=tree]')?.focus();
  const running = model.rows.filter(run => run.status === 'Running').length;
  return (
    <Section
      id="runs"
      title={trans('Runs')}
      isOpen={props.isOpen}
      toggle={props.toggle}
      status={
        <>
          {running > 0 && <span title={trans('running')}>{running} ● </span>}
          <span title={trans('in all')}>{model.hasLoaded ? model.total : ''}</span>
        </>
      }
    >
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
      </div>
      <Notice {...props} clear={() => setFilter('')} hasFilter={filter !== ''} />
      {props.selection.ids.size > 1 && <Several {...props} />}
      {rows.length > 0 && (
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
          filter={() => box.current?.focus()}
          more={() => void model.more()}
        />
      )}
    </Section>
  );
}

/** What can be done to several runs at once. */
function Several({ selection, select, compare, remove }: SidebarProps): JSX.Element {
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

function Workspaces({
  model,
  environments,
  memory,
  remember,
  workspaces
}: SidebarProps): JSX.Element {
  const trans = useTrans();
  const [names, setNames] = React.useState<string[]>([]);
  const ask = (): void => void workspaces().then(setNames, () => setNames([]));
  React.useEffect(ask, [model.hasLoaded]);
  const choices = [...new Set([model.workspace, ...names])];
  return (
    <label className="jp-aml-Workspace">
      {trans('Workspace')}
      <select
        value={model.workspace}
        onFocus={ask}
        onChange={event => {
          remember({ ...memory, workspace: event.target.value });
          void model.show(event.target.value, model.filter);
          void environments.show(event.target.value);
        }}
      >
        {choices.map(name => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

interface NoticeProps extends SidebarProps {
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
