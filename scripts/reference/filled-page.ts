const MARKED = /<!-- table: ([a-z-]+) -->\n[\s\S]*?<!-- end of table -->/g;

/** Puts generated tables between the marks of a page that is otherwise written by hand. Errors: throws when the page and the tables do not name the same. */
export function filledPage(page: string, tables: ReadonlyMap<string, readonly string[]>): string {
  const used = new Set<string>();
  const filled = page.replace(MARKED, (_found, name: string) => {
    const table = tables.get(name);
    if (table === undefined) throw new Error(`the page asks for a table ${name}, which nothing makes; known: ${[...tables.keys()].join(', ')}`);
    used.add(name);
    return [`<!-- table: ${name} -->`, ...table, '<!-- end of table -->'].join('\n');
  });
  const unused = [...tables.keys()].filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`the page has no place for: ${unused.join(', ')}; add <!-- table: NAME --> and <!-- end of table -->`);
  return filled;
}
