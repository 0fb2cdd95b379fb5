/** Tabs, and the panes that they choose. */

import * as React from 'react';

/** One tab; its pane is made only when it is chosen. */
export interface Tab {
  id: string;
  label: string;
  badge?: number;
  pane(): JSX.Element;
}

let made = 0;

interface TabsProps {
  label: string;
  tabs: Tab[];
  /** A tab that is to be shown; each new object shows it again. */
  wanted?: { id: string } | null;
  /** Whether the panes, once high, stay so: what is below them does not jump. */
  isKept?: boolean;
}

/** A row of tabs with the keys that such rows have: arrows, Home, End. */
export function Tabs({ label, tabs, wanted = null, isKept = false }: TabsProps): JSX.Element {
  const [id] = React.useState(() => `jp-aml-tabs-${++made}`);
  const [chosen, setChosen] = React.useState(tabs[0].id);
  const row = React.useRef<HTMLDivElement>(null);
  const pane = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (wanted) {
      setChosen(wanted.id);
      document.getElementById(`${id}-${wanted.id}`)?.focus();
    }
  }, [wanted]);
  useKept(pane, isKept);
  const at = Math.max(
    0,
    tabs.findIndex(tab => tab.id === chosen)
  );

  const go = (event: React.KeyboardEvent): void => {
    const last = tabs.length - 1;
    const to = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setChosen(tabs[to].id);
      row.current?.querySelectorAll<HTMLElement>('[role=tab]')[to].focus();
    }
  };
  return (
    <div className="jp-aml-Tabs">
      <div role="tablist" aria-label={label} ref={row} onKeyDown={go}>
        {tabs.map((tab, index) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            aria-selected={index === at}
            aria-controls={`${id}-pane`}
            tabIndex={index === at ? 0 : -1}
            onClick={() => setChosen(tab.id)}
          >
            {tab.label}
            {tab.badge ? <span className="jp-aml-Badge">{tab.badge}</span> : null}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${id}-pane`}
        aria-labelledby={`${id}-${tabs[at].id}`}
        className="jp-aml-Pane"
        ref={pane}
      >
        {tabs[at].pane()}
      </div>
    </div>
  );
}

/** Let an element not become lower than it was, until it has another width. */
function useKept(element: React.RefObject<HTMLElement>, isKept: boolean): void {
  React.useEffect(() => {
    const node = element.current;
    if (!node || !isKept) {
      return;
    }
    let width = 0;
    const observer = new ResizeObserver(() => {
      const isOther = node.clientWidth !== width;
      width = node.clientWidth;
      node.style.minHeight = isOther ? '' : `${node.offsetHeight}px`;
    });
    observer.observe(node);
    return () => observer.disconnect();
  }, [element, isKept]);
}
