import type { List, ListItem, PhrasingContent, Table, TableRow, Text } from "mdast";

/** A table as a list of its rows, each cell named by its column: for a table that is too wide for the screen. */
export function tableAsList({ children: [head, ...rows] }: Table): List {
  const names = head?.children.map(({ children }) => children) ?? [];
  return list(rows.map((row) => rowAsItem(row, names)));
}

type Cell = readonly PhrasingContent[];

function rowAsItem({ children }: TableRow, names: readonly Cell[]): ListItem {
  const [first = [], ...others] = children.map((cell): Cell => cell.children);
  const told = others.flatMap((cell, index) =>
    cell.length === 0 ? [] : [[...named(names[index + 1] ?? []), ...cell]],
  );
  const title: PhrasingContent[] = [{ type: "strong", children: [...first] }];
  const [only] = told;
  if (only && others.length === 1) return item([...title, text(": "), ...(children[1]?.children ?? [])]);
  return told.length === 0 ? item(title) : item(title, list(told.map((cell) => item(cell))));
}

function named(name: Cell): readonly PhrasingContent[] {
  return name.length === 0 ? [] : [...name, text(": ")];
}

function list(children: ListItem[]): List {
  return { type: "list", ordered: false, spread: false, children };
}

function item(children: readonly PhrasingContent[], ...more: readonly List[]): ListItem {
  return { type: "listItem", spread: false, children: [{ type: "paragraph", children: [...children] }, ...more] };
}

function text(value: string): Text {
  return { type: "text", value };
}
