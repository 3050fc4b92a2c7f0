import { useSignal, type ReadonlySignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { pageLimits } from "../limits.ts";

/** The end of something that grows and scrolls. */
export type EndOfScroll = {
  readonly scroller: RefObject<HTMLElement | null>;
  readonly content: RefObject<HTMLDivElement | null>;
  /** The person looks at something further up. */
  readonly away: ReadonlySignal<boolean>;
  /** Something came at the end since. */
  readonly news: ReadonlySignal<boolean>;
  /** Goes to the end and stays there. */
  follow(): void;
  /** The next growth is above what is looked at: it must not move. */
  keepPlace(): void;
};

export function useEndOfScroll(): EndOfScroll {
  const scroller = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const away = useSignal(false);
  const news = useSignal(false);
  const fromBottomPx = useRef<number | undefined>(undefined);

  const toEnd = () => scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior: "instant" });

  useLayoutEffect(() => {
    const [outer, inner] = [scroller.current, content.current];
    if (!outer || !inner) return undefined;
    let heightPx = inner.offsetHeight;
    let topPx = outer.scrollTop;
    // Away goes only who moved up: what came in the meantime puts the end further down too.
    const looked = () => {
      const nearEnd = outer.scrollHeight - outer.scrollTop - outer.clientHeight <= pageLimits.nearEndPx;
      if (nearEnd) away.value = false;
      else if (outer.scrollTop < topPx) away.value = true;
      if (nearEnd) news.value = false;
      topPx = outer.scrollTop;
    };
    const grew = () => {
      const grownPx = inner.offsetHeight - heightPx;
      heightPx = inner.offsetHeight;
      if (fromBottomPx.current !== undefined && grownPx > 0) {
        outer.scrollTop = outer.scrollHeight - fromBottomPx.current;
        fromBottomPx.current = undefined;
        return;
      }
      if (!away.value) toEnd();
      else if (grownPx > 0) news.value = true;
    };
    const sizes = new ResizeObserver(grew);
    sizes.observe(inner);
    sizes.observe(outer); // the keyboard opens, the composer grows
    outer.addEventListener("scroll", looked, { passive: true });
    return () => {
      sizes.disconnect();
      outer.removeEventListener("scroll", looked);
    };
  }, []);

  return {
    scroller,
    content,
    away,
    news,
    follow() {
      away.value = false;
      news.value = false;
      toEnd();
    },
    keepPlace() {
      const outer = scroller.current;
      if (outer) fromBottomPx.current = outer.scrollHeight - outer.scrollTop;
    },
  };
}
