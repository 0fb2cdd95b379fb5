/** A button that opens a menu; the menu stands in the page's body, as outputs cut what leaves them. */

import * as React from 'react';
import { createPortal } from 'react-dom';
import { Button } from './Control';

/** One line of a menu. */
export interface MenuItem {
  id: string;
  label: string;
  choose(): void;
}

interface MenuProps {
  label: string;
  items: MenuItem[];
}

/** The button, and the menu while it is open. */
export function Menu({ label, items }: MenuProps): JSX.Element {
  const button = React.useRef<HTMLSpanElement>(null);
  const [isOpen, setOpen] = React.useState(false);
  const close = (): void => {
    setOpen(false);
    button.current?.querySelector('button')?.focus();
  };
  return (
    <span ref={button}>
      <Button
        className="jp-mod-small"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        ⋯
      </Button>
      {isOpen &&
        createPortal(
          <List label={label} items={items} below={button.current!} close={close} />,
          document.body
        )}
    </span>
  );
}

interface ListProps extends MenuProps {
  below: HTMLElement;
  close(): void;
}

function List({ label, items, below, close }: ListProps): JSX.Element {
  const list = React.useRef<HTMLDivElement>(null);
  const lines = (): HTMLElement[] => [...list.current!.querySelectorAll('button')];
  React.useLayoutEffect(() => {
    place(list.current!, below.getBoundingClientRect());
    lines()[0]?.focus();
  }, []);
  React.useEffect(() => {
    const outside = (event: Event): void => {
      const { target } = event;
      if (target instanceof Node && !list.current?.contains(target) && !below.contains(target)) {
        close();
      }
    };
    const events = ['pointerdown', 'wheel', 'resize'];
    events.forEach(name => window.addEventListener(name, outside, true));
    return () => events.forEach(name => window.removeEventListener(name, outside, true));
  }, []);
  const press = (event: React.KeyboardEvent): void => {
    const all = lines();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = {
      ArrowDown: (at + 1) % all.length,
      ArrowUp: (at - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1
    }[event.key];
    if (event.key === 'Escape' || event.key === 'Tab') {
      close();
    } else if (to !== undefined) {
      all[to].focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="jp-aml-Menu" role="menu" aria-label={label} ref={list} onKeyDown={press}>
      {items.map(({ id, label: words, choose }) => (
        <button
          key={id}
          type="button"
          role="menuitem"
          tabIndex={-1}
          onClick={() => {
            close();
            choose();
          }}
        >
          {words}
        </button>
      ))}
    </div>
  );
}

/** Below the button with their right edges in line, or above it where there is no room below. */
function place(menu: HTMLElement, at: DOMRect): void {
  const { width, height } = menu.getBoundingClientRect();
  const top = at.bottom + height > window.innerHeight ? at.top - height : at.bottom;
  menu.style.top = `${Math.max(0, top)}px`;
  menu.style.left = `${Math.max(0, at.right - width)}px`;
}
