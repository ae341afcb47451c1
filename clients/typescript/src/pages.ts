/** A page of a listing, and where the next one begins. */
export interface Page<Item> {
  items: Item[];
  nextCursor?: string | null;
}

/** The items of all pages, each page asked for when it is needed. */
export async function* pages<Item>(ask: (cursor?: string) => Promise<Page<Item>>): AsyncGenerator<Item, void> {
  let page = await ask();
  yield* page.items;
  while (page.nextCursor) {
    page = await ask(page.nextCursor);
    yield* page.items;
  }
}
