/** The tree of runs in the sidebar. */

import * as React from 'react';
import { pressed, whole } from '../../models/common/selection';
import type { Reach, Selection } from '../../models/common/selection';
import {
  byInterest,
  childrenWord,
  distinction,
  duration,
  elapsed,
  face,
  FINAL,
  moment,
  number
} from '../../models/common/words';
import { runCode } from '../../models/runs/runs';
import type { Row } from '../../models/runs/runs';
import type { DragCode } from '../../tokens';
import type { WireRun } from '../../wire';
import { Button } from '../common/Control';
import { useNow, useSize, useTrans } from '../common/hooks';

const ROW = 24;
const MARGIN = 10;
const MOST_EAGER = 3;

export interface RunListProps {
  rows: Row[];
  hasMore: boolean;
  /** How many children a run has, where it has any. */
  children: ReadonlyMap<string, number>;
  selection: Selection;
  select(selection: Selection): void;
  toggle(experiment: string): void;
  open(runId: string): void;
  /** Ask whether what is selected is to be deleted. */
  remove(): void;
  leave(): void;
  filter(): void;
  drag: DragCode;
  more(): void;
}

/** The runs as a tree that the keyboard walks; only the rows in sight are in the page. */
export function RunList(props: RunListProps): JSX.Element {
  const { rows, hasMore, selection, more } = props;
  const trans = useTrans();
  const box = React.useRef<HTMLDivElement>(null);
  const [top, setTop] = React.useState(0);
  const { height } = useSize(box);
  const [focus, setFocus] = React.useState(0);
  const now = useNow(rows.some(row => row.kind === 'run' && isTicking(row.run)));
  const first = Math.max(0, Math.floor(top / ROW) - MARGIN);
  const last = Math.min(rows.length, Math.ceil((top + height) / ROW) + MARGIN);
  const focused = Math.min(focus, rows.length - 1);

  // With closed groups the list stays short, whatever is loaded: then it waits for the button.
  const eager = React.useRef(0);
  React.useEffect(() => {
    if (hasMore && height > 0 && last >= rows.length && eager.current < MOST_EAGER) {
      eager.current += 1;
      more();
    }
  }, [hasMore, last, rows.length, height]);

  const go: Go = (index, reach = 'only') => {
    const to = Math.max(0, Math.min(rows.length - 1, index));
    setFocus(to);
    const row = rows[to];
    if (row?.kind === 'run' && reach !== null) {
      props.select(pressed(selection, row.run.runId, reach, orderOf(rows)));
    }
    const node = box.current;
    if (node && to * ROW < node.scrollTop) {
      node.scrollTop = to * ROW;
    } else if (node && (to + 1) * ROW > node.scrollTop + node.clientHeight) {
      node.scrollTop = (to + 1) * ROW - node.clientHeight;
    }
  };
  const press = (event: React.KeyboardEvent): void => {
    if (act(event, props, rows[focused], focused, Math.max(1, Math.floor(height / ROW) - 1), go)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  const tree = (
    <div
      className="jp-aml-RunList"
      ref={box}
      role="tree"
      aria-label={trans('Runs')}
      aria-multiselectable="true"
      aria-activedescendant={rows[focused] ? idOf(rows[focused]) : undefined}
      tabIndex={0}
      onKeyDown={press}
      onScroll={event => {
        eager.current = 0;
        setTop(event.currentTarget.scrollTop);
      }}
    >
      <div role="none" style={{ height: rows.length * ROW, position: 'relative' }}>
        <div role="none" style={{ position: 'absolute', top: first * ROW, left: 0, right: 0 }}>
          {rows.slice(first, last).map((row, i) => {
            const index = first + i;
            const mark = index === focused ? ' jp-mod-focus' : '';
            return row.kind === 'group' ? (
              <Group
                key={idOf(row)}
                row={row}
                mark={mark}
                press={() => {
                  setFocus(index);
                  props.toggle(row.name);
                }}
              />
            ) : (
              <Item
                key={idOf(row)}
                run={row.run}
                now={now}
                children={props.children.get(row.run.runId) ?? 0}
                isSelected={selection.ids.has(row.run.runId)}
                mark={mark}
                press={reach => go(index, reach)}
                open={() => props.open(row.run.runId)}
                drag={props.drag}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
  // Beside the tree, which holds nothing but its items; it comes where the end is near.
  return (
    <>
      {tree}
      {hasMore && last >= rows.length && (
        <Button className="jp-aml-RunList-more" onClick={more}>
          {trans('Older runs')}
        </Button>
      )}
    </>
  );
}

/** Goes to a row and selects it; with null it is only gone to. */
type Go = (index: number, reach?: Reach | null) => void;

function orderOf(rows: Row[]): string[] {
  return rows.flatMap(row => (row.kind === 'run' ? [row.run.runId] : []));
}

/** How far a press reaches, by the keys that are held. */
function reachOf({ shiftKey, ctrlKey, metaKey }: React.MouseEvent | React.KeyboardEvent): Reach {
  return shiftKey ? 'range' : ctrlKey || metaKey ? 'toggle' : 'only';
}

/** What a key does; false leaves it to the page. */
function act(
  event: React.KeyboardEvent,
  props: RunListProps,
  row: Row | undefined,
  at: number,
  page: number,
  go: Go
): boolean {
  const step = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -Infinity,
    End: Infinity
  }[event.key];
  if (step !== undefined) {
    const reach = reachOf(event);
    go(at + step, reach === 'toggle' ? null : reach);
    return true;
  }
  if (event.key === ' ' && row?.kind === 'run') {
    go(at, event.shiftKey ? 'range' : 'toggle');
    return true;
  }
  if (event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey)) {
    props.select(whole(orderOf(props.rows)));
    return true;
  }
  if (event.key === '/') {
    props.filter();
    return true;
  }
  if (event.key === 'Escape') {
    props.leave();
    return true;
  }
  if (row?.kind === 'group') {
    const isToggle =
      event.key === 'Enter' ||
      (event.key === 'ArrowLeft' && row.isOpen) ||
      (event.key === 'ArrowRight' && !row.isOpen);
    if (isToggle) {
      props.toggle(row.name);
    }
    return isToggle;
  }
  if (row && event.key === 'Enter') {
    props.open(row.run.runId);
    return true;
  }
  if (row && event.key === 'Delete') {
    if (!props.selection.ids.has(row.run.runId)) {
      go(at);
    }
    props.remove();
    return true;
  }
  return false;
}

function idOf(row: Row): string {
  return row.kind === 'group' ? `jp-aml-group-${row.name}` : `jp-aml-run-${row.run.runId}`;
}

interface GroupProps {
  row: Row & { kind: 'group' };
  mark: string;
  press(): void;
}

function Group({ row, mark, press }: GroupProps): JSX.Element {
  return (
    <div
      id={idOf(row)}
      className={`jp-aml-RunGroup${mark}`}
      role="treeitem"
      aria-level={1}
      aria-expanded={row.isOpen}
      onClick={press}
    >
      <span className="jp-aml-RunGroup-arrow" aria-hidden="true">
        {row.isOpen ? '▾' : '▸'}
      </span>
      <span className="jp-aml-RunItem-name">{row.name}</span>
      <span className="jp-aml-Badge">{row.count}</span>
    </div>
  );
}

interface ItemProps {
  run: WireRun;
  now: number;
  children: number;
  isSelected: boolean;
  mark: string;
  press(reach: Reach): void;
  open(): void;
  drag: DragCode;
}

function Item({ run, now, children, isSelected, mark, press, open, drag }: ItemProps): JSX.Element {
  const trans = useTrans();
  const { glyph, tone, word } = face(run.status);
  const seconds = elapsed(run, now);
  const metric = chosenMetric(run);
  const lasted = seconds === null ? '' : duration(seconds);
  const tip = [
    distinction(run),
    [trans(word), `${run.experiment} #${run.number}`, lasted].filter(part => part).join(' · '),
    run.error?.message ?? run.reason ?? '',
    ...Object.entries(run.metrics)
      .slice(0, 8)
      .map(([name, value]) => `${name} ${number(value)}`),
    moment(run.createdAt)
  ];
  return (
    <div
      id={idOf({ kind: 'run', run })}
      className={`jp-aml-RunItem${mark}${isSelected ? ' jp-mod-selected' : ''}`}
      role="treeitem"
      aria-level={2}
      aria-selected={isSelected}
      data-run-id={run.runId}
      data-state={run.status}
      data-final={FINAL.has(run.status)}
      title={tip.filter(line => line).join('\n')}
      onClick={event => press(reachOf(event))}
      onContextMenu={() => press('keep')}
      draggable
      onDragStart={event => {
        event.preventDefault();
        drag(event, runCode(run));
      }}
      onDoubleClick={open}
    >
      <span
        className={`jp-aml-State-glyph jp-mod-${tone}`}
        data-status={run.status}
        aria-hidden="true"
      >
        {glyph}
      </span>
      <span className="jp-aml-Hidden">{trans(word)}</span>
      <span className="jp-aml-RunItem-number">#{run.number}</span>
      <span className="jp-aml-RunItem-name">{distinction(run)}</span>
      {children > 0 && (
        <span className="jp-aml-Badge" title={childrenWord(children, trans)}>
          <span aria-hidden="true">↳ </span>
          {children}
        </span>
      )}
      <span className="jp-aml-RunItem-metric">{metric ? number(metric[1], 4) : ''}</span>
      <span className="jp-aml-RunItem-time">{lasted}</span>
    </div>
  );
}

/** The metric that the list shows: an outcome where there is one, never a parameter logged again. */
function chosenMetric(run: WireRun): [string, unknown] | undefined {
  const numbers = Object.entries(run.metrics).filter(([, value]) => typeof value === 'number');
  const own = numbers.filter(([name]) => !(name in run.parameters));
  return (own.length ? own : numbers).sort(([one], [other]) => byInterest(one, other))[0];
}

function isTicking(run: WireRun): boolean {
  return run.startedAt !== null && !FINAL.has(run.status);
}
