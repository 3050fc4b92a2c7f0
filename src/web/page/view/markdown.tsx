import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { furnishBlock } from "../markdown/furnish-block.ts";
import { markdownBlocks } from "../markdown/markdown-blocks.ts";
import { safeFragment } from "../markdown/safe-fragment.ts";

/** Shows Markdown. While it grows, only the last block is drawn anew, so what was written before can be read, selected and copied. */
export function Markdown({ text, growing }: { text: string; growing: boolean }) {
  const blocks = useMemo(() => blocksOf(text, growing), [text, growing]);
  if (!blocks) return <p class="plain">{text}</p>;
  return (
    <>
      {blocks.map((html, index) => (
        <Block key={index} html={html} finished={!growing || index < blocks.length - 1} />
      ))}
    </>
  );
}

function Block({ html, finished }: { html: string; finished: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const block = safeFragment(html);
    furnishBlock(block, finished);
    place.current?.replaceChildren(block);
  }, [html, finished]);
  return <div class="block" dir="auto" ref={place} />;
}

/** Undefined for what no parser should be asked to read: it is shown as it is. */
function blocksOf(text: string, growing: boolean): readonly string[] | undefined {
  try {
    return markdownBlocks(text, growing);
  } catch {
    return undefined;
  }
}
